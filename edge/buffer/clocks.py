"""Which stamps of the rows were right, and by how much the others must be moved.

Every row names a *clock line*: a stretch of one boot epoch in which the wall clock was not set.
A line keeps the difference between the wall clock and the machine's count of seconds, so when the
right difference is known, the correction of every row of the line is known too. It is written
down before the first row is claimed under it, and a restart finds it there.

| the line was stamped | and then | its rows go up |
|---|---|---|
| by a synchronised clock | | as they are |
| by a plausible one | nothing outside ever vouches for a time | as they are |
| by a plausible one | something vouches for another time | moved to it |
| by one that was certainly wrong | it is set, before power goes | moved by the step |
| by one that was certainly wrong | power goes before it is set | as if just before that, unknown |

Rows of the last two kinds wait until the clock is set, `clock_patience_seconds` at most: then they
go up as they are, as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from edge.buffer.database import Database
from edge.clock import ClockQuality, ClockReading

TOLERANCE_US: Final = 2_000_000
_SELECT: Final = (
    "SELECT boot_epoch, number, machine_boot, difference_us, state, correction_us FROM clocks"
)
_INSERT: Final = "INSERT OR REPLACE INTO clocks VALUES (?, ?, ?, ?, ?, ?)"
_UPDATE: Final = (
    "UPDATE clocks SET state = ?, correction_us = ? WHERE boot_epoch = ? AND number = ?"
)
_PROVEN: Final = "SELECT place FROM marks WHERE name = 'proven_us'"
_PROVE: Final = "INSERT OR REPLACE INTO marks VALUES ('proven_us', ?)"
_LAST: Final = "SELECT max(captured_us) FROM held WHERE boot_epoch = ? AND clock = ?"


class State(StrEnum):
    """What is known of a line's stamps."""

    UNSET = "unset"
    PLAUSIBLE = "plausible"
    PROVEN = "proven"
    ESTIMATED = "estimated"


_STATES: Final = {
    ClockQuality.UNSET: State.UNSET,
    ClockQuality.PLAUSIBLE: State.PLAUSIBLE,
    ClockQuality.SYNCHRONISED: State.PROVEN,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One stretch of one boot epoch; microseconds."""

    boot_epoch: int
    number: int
    machine_boot: str
    difference_us: int
    state: State
    correction_us: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """What rows name it by."""
        return self.boot_epoch, self.number

    @property
    def is_right(self) -> bool:
        """Whether its stamps go up as they are."""
        return self.state is not State.UNSET and not self.correction_us


@dataclass(slots=True)
class ClockLines:
    """The lines of one open store."""

    database: Database
    boot_epoch: int
    machine_boot: str
    _lines: dict[tuple[int, int], Line] = field(default_factory=dict)
    _written: set[tuple[int, int]] = field(default_factory=set)
    _current: Line | None = None
    is_proof_written: bool = False

    def load(self) -> None:
        """Read what earlier runs wrote."""
        for epoch, number, boot, difference, state, correction in self.database.execute(_SELECT):
            line = Line(epoch, number, boot, difference, State(state), correction)
            self._lines[line.key] = line
            self._written.add(line.key)

    def line_of(self, boot_epoch: int, number: int) -> Line:
        """The line of a row; rows of older files have none and are plausible."""
        found = self._lines.get((boot_epoch, number))
        return found or Line(boot_epoch, number, "", 0, State.PLAUSIBLE)

    def current(self, reading: ClockReading | None) -> int:
        """The number of the line that is stamped now: another one when the clock was set."""
        last = self._current
        if reading is None:
            return 0 if last is None else last.number
        if last is None or abs(reading.difference_us - last.difference_us) > TOLERANCE_US:
            number, state = 0 if last is None else last.number + 1, _STATES[reading.quality]
            difference = reading.difference_us
            last = Line(self.boot_epoch, number, self.machine_boot, difference, state)
            self._current = self._lines[last.key] = last
        return last.number

    def difference_us(self) -> int:
        """By how much the stamps of now are ahead of the machine's count of seconds."""
        return 0 if self._current is None else self._current.difference_us

    def write_current(self) -> bool:
        """Put the line of now into the file, in the commit of the first row that names it."""
        if self._current is None or self._current.key in self._written:
            return False
        line = self._lines[self._current.key]
        values = (line.machine_boot, line.difference_us, line.state, line.correction_us)
        self.database.execute(_INSERT, (*line.key, *values))
        return True

    def wrote_current(self) -> None:
        """The commit is on the disk."""
        if self._current is not None:
            self._written.add(self._current.key)

    def learnt(self, reading: ClockReading) -> list[Line]:
        """The lines of which more is known by this reading, as they are from now on."""
        judged = (self._judge(line, reading) for line in self._lines.values())
        return [line for line in judged if line is not None]

    def is_proof(self, reading: ClockReading) -> bool:
        """Whether the first proof of this run is to be written down."""
        return reading.quality is ClockQuality.SYNCHRONISED and not self.is_proof_written

    def change(self, lines: Iterable[Line], *, proof_us: int | None) -> None:
        """Write down what is known of some lines, inside a transaction; `proof_us` when proven."""
        for line in lines:
            self.database.execute(_UPDATE, (line.state, line.correction_us, *line.key))
        if proof_us is not None:
            self.database.execute(_PROVE, (proof_us,))

    def proven_us(self) -> int:
        """The last time that something outside vouched for: any clock before it is wrong."""
        row = self.database.execute(_PROVEN).fetchone()
        return row[0] if row else 0

    def changed(self, lines: Iterable[Line], *, is_proven: bool) -> None:
        """The commit is on the disk."""
        self.is_proof_written |= is_proven
        self._lines.update({line.key: line for line in lines})

    def _judge(self, line: Line, reading: ClockReading) -> Line | None:
        truth = reading.truth_us
        if truth is None or line.state in (State.PROVEN, State.ESTIMATED):
            return None
        if not self._shares_its_seconds(line):
            return self._estimated(line, truth) if line.state is State.UNSET else None
        correction = truth - line.difference_us
        if abs(correction) <= TOLERANCE_US:
            correction = 0
        if reading.is_proven:
            return replace(line, state=State.PROVEN, correction_us=correction)
        if line.state is State.UNSET:
            return replace(line, state=State.PLAUSIBLE, correction_us=correction)
        return None

    def _shares_its_seconds(self, line: Line) -> bool:
        """Whether it is of this run of the machine; two runs without a name are two."""
        if line.boot_epoch == self.boot_epoch:
            return True
        return bool(self.machine_boot) and line.machine_boot == self.machine_boot

    def _estimated(self, line: Line, begun_us: int) -> Line:
        """Rows of a run of the machine that ended at the latest when this one began."""
        last = self.database.execute(_LAST, line.key).fetchone()[0]
        correction = 0 if last is None else begun_us - last
        return replace(line, state=State.ESTIMATED, correction_us=correction)
