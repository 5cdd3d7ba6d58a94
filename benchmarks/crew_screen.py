"""A screen on the crew page, without a browser: reads the stream and notes when what came."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

import httpx

from simulators.incident.incident import Incident
from simulators.incident.plan import EDGE

PIN = "471199"


def set_pin(incident: Incident) -> None:
    """As the operator would."""
    subprocess.run(  # noqa: S603 - our own program
        [*EDGE, "crew-pin", "--config", str(incident.plan.edge_config)],
        input=f"{PIN}\n",
        text=True,
        check=True,
        capture_output=True,
    )


@dataclass
class Seen:
    """Arrival times of readings at the screen, by observation id, as UTC timestamps."""

    arrivals: dict[str, float] = field(default_factory=dict)

    def words(self, sent: Mapping[str, datetime]) -> str:
        """Delays from the device's sending to the screen."""
        delays = sorted(
            arrived - sent[name].timestamp()
            for name, arrived in self.arrivals.items()
            if name in sent
        )
        if not delays:
            return "nothing arrived"
        p50, p99 = (delays[min(len(delays) - 1, int(len(delays) * q))] for q in (0.5, 0.99))
        return (
            f"p50 {1e3 * p50:.1f} ms, p99 {1e3 * p99:.1f} ms,"
            f" most {1e3 * delays[-1]:.1f} ms of {len(delays)}"
        )


class CrewScreen:
    """Watches from a thread of its own."""

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"X-Vitalwire": "crew"}, timeout=10
        )
        self._seen = Seen()
        self._watching = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        answer = self._client.post("/unlock", json={"pin": PIN, "member": "bench"})
        answer.raise_for_status()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def begin(self) -> Seen:
        """Note arrivals from now on."""
        self._watching.set()
        return self._seen

    def end(self) -> None:
        """Note no more."""
        self._watching.clear()

    def _watch(self) -> None:
        try:
            with self._client.stream("GET", "/live", timeout=None) as answer:
                for line in answer.iter_lines():
                    arrived = time.time()
                    if self._watching.is_set() and line.startswith("data: "):
                        self._note(json.loads(line[6:]), arrived)
        except (httpx.HTTPError, RuntimeError):
            return  # the gateway ended, and we with it

    def _note(self, told: object, arrived: float) -> None:
        """Every observation id anywhere in what was told."""
        if isinstance(told, dict):
            if isinstance(name := told.get("i"), str):
                self._seen.arrivals.setdefault(name, arrived)
            for value in told.values():
                self._note(value, arrived)
        elif isinstance(told, list):
            for value in told:
                self._note(value, arrived)
