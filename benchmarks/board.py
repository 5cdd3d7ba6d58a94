"""The hospital's board: from a reading on the device to its pixel, and what fifty boards cost.

A live cardiac arrest with real programs; Chromium has the patient's page open and notes when a
reading was painted. Half-way fifty more boards open: what comes in must not wait for them. Run by
`make bench` on Linux with Chromium.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
from incident import TICKS, processes_of
from playwright.sync_api import Page, sync_playwright

from simulators.incident.demo import BOARD_SCOPE, board_address, start_everything
from simulators.incident.incident import Incident
from simulators.incident.plan import Plan
from simulators.incident.progress import Progress
from simulators.incident.stored_readings import stored_readings
from simulators.journal import read_lines

SECONDS = float(os.environ.get("BENCH_SECONDS", "80"))
BOARDS = int(os.environ.get("BENCH_BOARDS", "50"))
CHROMIUM = shutil.which("chromium") or None
WATCH = """
window.painted = {};
const note = (id) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => { window.painted[id] ??= Date.now() / 1000; };
  channel.port2.postMessage(0);
});
new MutationObserver((changes) => {
  for (const change of changes) note(change.target.dataset.reading);
}).observe(document, { attributes: true, attributeFilter: ["data-reading"], subtree: true });
"""
"""A message posted in a frame's callback is heard after the frame was painted."""


class Boards:
    """So many open boards, each a stream of its own."""

    def __init__(self, base_url: str, token: str, encounter_id: str) -> None:
        self._url = f"{base_url}/board/events?encounter={encounter_id}"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(timeout=60, limits=httpx.Limits(max_connections=None))
        self.octets = 0

    def open(self, many: int) -> None:
        """Open them and read whatever comes."""
        for _ in range(many):
            threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        try:
            with self._client.stream("GET", self._url, headers=self._headers) as answer:
                for piece in answer.iter_raw():
                    self.octets += len(piece)
        except httpx.HTTPError:
            return  # the service ended, and we with it


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def words(delays: Sequence[float]) -> str:
    """Delays in a line."""
    if not delays:
        return "nothing came"
    ordered = sorted(delays)
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.99))
    return (
        f"p50 {1e3 * p50:5.0f} ms, p99 {1e3 * p99:5.0f} ms, most {1e3 * ordered[-1]:5.0f} ms"
        f" of {len(ordered)}"
    )


def main() -> int:
    """Play, watch, print."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        plan = Plan(data=Path(folder), seconds=SECONDS)
        incident = stack.enter_context(Incident(plan))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        progress = Progress(io.StringIO())
        progress.begin(8)
        start_everything(incident, progress)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.add_init_script(WATCH)
        page.goto(board_address(incident))
        page.locator("#patient").wait_for(timeout=60_000)
        cloud = next(pid for pid, name in processes_of(os.getpid()) if name == "cloud")
        incident.begin()
        turn, used = play(incident, page, cloud)
        painted: dict[str, float] = page.evaluate("window.painted")
        behind = page.evaluate("Number(document.getElementById('ecg').dataset.behind)")
        browser.close()
        incident.finish_devices()
        incident.settle()
        report(incident, painted, behind, turn, used)
    return 0


def play(incident: Incident, page: Page, cloud: int) -> tuple[float, list[float]]:
    """The patient; when the other boards opened, and the share of a core before and after."""
    boards = Boards(
        incident.cloud.http, incident.client.token_for(BOARD_SCOPE), incident.encounter_id
    )
    shares, turn = [], 0.0
    for half in (0, 1):
        if half:
            boards.open(BOARDS)
            turn = time.time()
        began, cpu = time.monotonic(), cpu_of(cloud)
        while incident.patient_time < SECONDS * (half + 1) / 2:
            incident.processes.check()
            page.wait_for_timeout(200)
        shares.append(100 * (cpu_of(cloud) - cpu) / (time.monotonic() - began))
    return turn, shares


def report(
    incident: Incident,
    painted: Mapping[str, float],
    behind: float,
    turn: float,
    shares: Sequence[float],
) -> None:
    """The table."""
    sent = {
        str(reading): datetime.fromisoformat(str(line["at"])).timestamp()
        for name in incident.device_ids
        for line in read_lines(incident.plan.journal(name))
        if line["event"] == "sent"
        for reading in line["ids"]
    }
    stored = {
        str(one.observation_id): one.received_at.timestamp()
        for device_id in incident.device_ids.values()
        for one in stored_readings(incident.client, device_id)
    }
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} {sys.version.split()[0]} {os.cpu_count()} cores")
    print(f"arrest of {SECONDS:.0f} s, one board; from the middle on {BOARDS} more")
    for name, times in (("device to pixel ", painted), ("device to store ", stored)):
        for half, many in ((0, 1), (1, BOARDS + 1)):
            delays = [
                at - sent[one]
                for one, at in times.items()
                if one in sent and (sent[one] >= turn) == bool(half)
            ]
            print(f"{name} {many:3} boards   {words(delays)}")
    print(f"curves run {behind:.0f} ms behind, so that no chunk is missed")
    print(f"cloud {shares[0]:.1f} % of a core with 1 board, {shares[1]:.1f} % with {BOARDS + 1}")


if __name__ == "__main__":
    raise SystemExit(main())
