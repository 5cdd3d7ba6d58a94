"""How much memory and how many files a process has, looked at again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import NamedTuple

_KIB_A_MB = 1024


class Look(NamedTuple):
    """One look: seconds of the shift, MB resident, open files, seconds the process has lived."""

    at: float
    megabytes: float
    files: int
    age: float
    pid: int


@dataclass(slots=True)
class Census:
    """The looks at one program; its process may be another one each time."""

    name: str
    looks: list[Look] = field(default_factory=list)
    _pid: int = 0
    _since: float = 0.0

    def look(self, pid: int, at: float) -> None:
        """Look once; a process that has just gone is not seen."""
        if pid != self._pid:
            self._pid, self._since = pid, at
        proc = Path("/proc") / str(pid)
        try:
            status = (proc / "status").read_text()
            files = len(list((proc / "fd").iterdir()))
        except OSError:
            return
        resident = next((line for line in status.splitlines() if line.startswith("VmRSS")), "")
        if resident:
            megabytes = int(resident.split()[1]) / _KIB_A_MB
            self.looks.append(Look(at, megabytes, files, at - self._since, pid))

    @property
    def lasts(self) -> float:
        """Seconds of the shift from the first look to the last."""
        return self.looks[-1].at - self.looks[0].at if self.looks else 0.0

    def part(self, first: float, last: float) -> list[Look]:
        """The looks of a part of the run, 0 to 1."""
        count = len(self.looks)
        return self.looks[int(first * count) : max(int(last * count), int(first * count) + 1)]

    def lives(self) -> Iterator[list[Look]]:
        """The looks at one process after the other."""
        for _, looks in groupby(self.looks, key=lambda one: one.pid):
            yield list(looks)

    def lines(self) -> Iterator[str]:
        """Four quarters in words."""
        for number in range(4):
            looks = self.part(number / 4, (number + 1) / 4)
            if looks:
                most = max(one.megabytes for one in looks)
                files = [one.files for one in looks]
                yield (
                    f"{self.name:<10} quarter {number + 1}: "
                    f"{median(one.megabytes for one in looks):6.1f} MB, "
                    f"at most {most:6.1f}; files {min(files)} to {max(files)}"
                )

    def write(self, path: Path) -> None:
        """Every look as a line of commas, for whoever wants to draw it."""
        lines = [",".join(Look._fields)]
        lines += [
            f"{at:.0f},{mb:.1f},{files},{age:.0f},{pid}" for at, mb, files, age, pid in self.looks
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
