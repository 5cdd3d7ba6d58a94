"""The gateway on one core of its own: delays, CPU, memory, with twelve leads and everything else.

A diagnostic ECG (12 leads, 500 Hz), an oximeter (pleth), a capnometer (CO2 curve), a cuff and a
monitor report in real time; the cloud takes what goes up; a screen watches the crew page. The
gateway alone is pinned to one core, everything else to the others. Run by `make bench` on Linux.
`BENCH_DEVICES` names others, `BENCH_SECONDS` how long they are watched.

Others on the machine make all of it more: they take the core's caches, the core and the disk. So
the last line tells the load, and what a synced page costs on the same disk.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from crew_screen import CrewScreen, Seen, set_pin

from simulators.incident import gateway
from simulators.incident.incident import Incident
from simulators.incident.listening import free_port
from simulators.incident.plan import SIMULATORS, Plan
from simulators.incident.processes import Child
from simulators.journal import read_lines

TICKS = os.sysconf("SC_CLK_TCK")
ALL = "twelve-lead oximeter capnometer blood-pressure monitor"
DEVICES = tuple(os.environ.get("BENCH_DEVICES", ALL).split())
WARM_SECONDS = 15.0
SYNCS = 300
SECONDS = float(os.environ.get("BENCH_SECONDS", "60"))


@dataclass
class Use:
    """What one process used between two looks."""

    pid: int
    cpu: float = 0.0
    resident_kib: list[int] = field(default_factory=list)

    def seconds(self) -> float:
        """CPU seconds so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def look(self) -> None:
        """Note resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        self.resident_kib.append(int(line.split()[1]))


def pin(pid: int, cores: set[int]) -> None:
    """All threads of a process to these cores."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), cores)


def main() -> int:
    """Play, watch, print."""
    cores = sorted(os.sched_getaffinity(0))
    own = {cores[-1]}
    others = set(cores[:-1]) or own
    os.sched_setaffinity(0, others)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        plan = Plan(data=Path(folder), seconds=WARM_SECONDS + SECONDS + 30)
        incident = stack.enter_context(Incident(plan))
        incident.start_cloud()
        port = free_port()
        edge = start_gateway(incident, port)
        pin(edge.pid, own)
        incident.open_encounter()
        screen = stack.enter_context(CrewScreen(port))
        start_devices(incident, plan)
        time.sleep(WARM_SECONDS)
        seen = screen.begin()
        use = Use(edge.pid)
        cpu, began = use.seconds(), time.monotonic()
        while (now := time.monotonic()) - began < SECONDS:
            use.look()
            time.sleep(1.0)
        share = 100 * (use.seconds() - cpu) / (now - began)
        screen.end()
        load = os.getloadavg()[0]
        status = gateway.status(plan.edge_config)
        report(plan, share, use, status["report_to_durable"], seen)
        print(f"this machine             load {load:.1f}; {disk(plan.data)}")
    return 0


def disk(folder: Path) -> str:
    """What one synced write of a page costs here: no report can be durable sooner."""
    page, seconds = os.urandom(4096), []
    with (folder / "synced").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            began = time.monotonic()
            file.write(page)
            os.fdatasync(file.fileno())
            seconds.append(time.monotonic() - began)
            time.sleep(0.02)
    seconds.sort()
    p50, p99 = (1e3 * seconds[int(len(seconds) * share)] for share in (0.5, 0.99))
    return f"a synced page p50 {p50:.1f} ms, p99 {p99:.1f} ms"


def start_gateway(incident: Incident, port: int) -> Child:
    """With its crew page on `port`; calls nobody, the devices call it."""
    plan = incident.plan
    gateway.write_settings(
        plan.edge_config,
        incident.tenant,
        data=plan.data / "edge",
        agents_port=incident.agents_port,
        mqtt_url=incident.cloud.mqtt,
        http_url=incident.cloud.http,
        lines=[],
    )
    set_pin(incident)
    incident.edge = incident.processes.launch(
        "edge",
        gateway.run_command(plan.edge_config),
        settings={"EDGE_CREW__LISTEN": f"tcp:127.0.0.1:{port}"},
    )
    return incident.start_edge()


def start_devices(incident: Incident, plan: Plan) -> None:
    """Every device as its own process, dialling the gateway."""
    for name in DEVICES:
        manager = f"tcp:127.0.0.1:{incident.agents_port}"
        command = [*SIMULATORS, "device", name, "--connect", manager, "--scenario", "stable"]
        incident.processes.launch(name, [*command, "--journal", str(plan.journal(name))])


def report(plan: Plan, share: float, use: Use, durable: dict[str, float], seen: Seen) -> None:
    """The table."""
    sent = {
        str(reading): datetime.fromisoformat(str(line["at"]))
        for name in DEVICES
        for line in read_lines(plan.journal(name))
        if line["event"] == "sent"
        for reading in line["ids"]
    }
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} {sys.version.split()[0]} {os.cpu_count()} cores")
    print(f"devices {', '.join(DEVICES)}; {SECONDS:.0f} s after {WARM_SECONDS:.0f} s")
    print(f"gateway's CPU            {share:6.2f} % of one core         (bar 5)")
    memory = max(use.resident_kib) / 1024
    print(f"gateway's memory         {memory:6.1f} MiB resident at most (bar 90)")
    print(
        f"report to durable        p50 {1e3 * durable['p50_seconds']:.1f} ms,"
        f" p99 {1e3 * durable['p99_seconds']:.1f} ms of {durable['count']}   (bar 10)"
    )
    print(f"device to crew page      {seen.words(sent)}   (bar p99 150 ms)")


if __name__ == "__main__":
    raise SystemExit(main())
