"""One incident from devices to bundle: delays, CPU and memory of each program, start time.

Run by `make bench` on Linux (it reads /proc). Figures are of one run on whatever machine this is:
take them as ratios, or run it several times.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROGRAMS = {"cloud": ("-m", "cloud"), "edge": ("-m", "edge")}


@dataclass
class Usage:
    """What one process used: CPU seconds, highest resident memory in KiB, times of the looks."""

    name: str
    cpu_seconds: float = 0.0
    peak_kib: int = 0
    seen: list[float] = field(default_factory=list)


def processes_of(parent: int) -> Iterator[tuple[int, str]]:
    """Process ids below `parent` that are one of our programs, with the program's name."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) != parent:
            continue
        for name, mark in PROGRAMS.items():
            if any(tuple(words[at : at + 2]) == mark for at in range(len(words))):
                command = next((word for word in words if word in {"serve", "run"}), "")
                if command:
                    yield int(entry.name), name


def look(pid: int, usage: Usage) -> None:
    """Add one reading of a process's use."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return
    usage.cpu_seconds = (int(fields[11]) + int(fields[12])) / TICKS
    peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    usage.peak_kib = max([usage.peak_kib, *map(int, peak)])
    usage.seen.append(time.monotonic())


def main() -> int:
    """Play a check, watch its processes, print the table; the check's own exit code."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "run"
        said = Path(folder) / "said"
        command = [sys.executable, "-m", "simulators", "demo", "--check", "--data", str(data)]
        began = time.monotonic()
        used: dict[int, Usage] = {}
        with said.open("w") as output:
            child = subprocess.Popen(command, stdout=output)  # noqa: S603 - our own program
            while child.poll() is None:
                for pid, name in processes_of(child.pid):
                    look(pid, used.setdefault(pid, Usage(name)))
                time.sleep(0.2)
        wall = time.monotonic() - began
        output_lines = said.read_text(encoding="utf-8").splitlines()
    print(f"wall {wall:.1f} s for 20 s of patient")
    for usage in used.values():
        alive = usage.seen[-1] - usage.seen[0]
        share = 100 * usage.cpu_seconds / alive if alive else 0.0
        print(
            f"{usage.name:6} cpu {usage.cpu_seconds:5.2f} s = {share:4.1f} % of a core, "
            f"peak memory {usage.peak_kib / 1024:6.1f} MiB"
        )
    for line in output_lines:
        if line.startswith(("made ->", "all ", "The ledger")):
            print(line)
    return child.returncode


if __name__ == "__main__":
    raise SystemExit(main())
