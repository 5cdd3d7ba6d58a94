"""What is read next: the newest first, what an outage left behind it, every lane in its turn.

A lane is read in two parts, each in the order of capture:

- **live**: rows captured while the gateway runs and the way to the cloud keeps up with them.
- **backlog**: what was there at the start, and what the live part fell behind with. A lane whose
  next live row is older than the live window is cut: all but the last fifth of the window joins
  the end of the backlog, and the live part goes on with what is left.

Both parts together are every row of the lane once.

Row ids stand for the order of capture in a lane: each opening of the file is a generation, each
lane has its range of ids in it, and a row's place in that range is its sequence. Rows of older
files and salvaged ones, whose lanes lie mixed, are generation 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from edge.buffer.rows import Stream

_SECOND: Final = 1_000_000
_LEFT_LIVE: Final = 5
_MARK_EVERY_US: Final = 200_000


class Part(Enum):
    """Which rows of a lane."""

    LIVE = "live"
    BACKLOG = "backlog"


class Span(NamedTuple):
    """Row ids above `after` up to and with `through`."""

    after: int
    through: int


class Queue(NamedTuple):
    """One part of one lane."""

    stream: Stream
    part: Part


_LANE_BITS: Final = 40
_GENERATION_BITS: Final = _LANE_BITS + 2
_SEQUENCES: Final = (1 << _LANE_BITS) - 1
FIRST_GENERATION: Final = 1 << _GENERATION_BITS
"""The lowest id that any start gives."""


def base_of(stream: Stream, *, highest: int) -> int:
    """The id below a lane's first in the generation after `highest`, the highest id in the file."""
    return ((highest >> _GENERATION_BITS) + 1 << _GENERATION_BITS) | stream.value << _LANE_BITS


def run_of(base: int) -> Span:
    """All ids a lane can have in one generation."""
    return Span(base, base + _SEQUENCES)


def run_with(row_id: int) -> Span | None:
    """All ids of the lane and generation that hold this one; None where ids tell no sequence."""
    return None if row_id >> _GENERATION_BITS == 0 else run_of(row_id & ~_SEQUENCES)


def sequence_in(span: Span, sequence: int) -> int:
    """The id that a sequence has, or more where the ids of a span do not tell."""
    if span.after >> _GENERATION_BITS == 0:
        return span.through
    return span.after & ~_SEQUENCES | min(sequence, _SEQUENCES)


@dataclass(slots=True)
class Lane:
    """Where one lane is read on. The live part is what comes after `live_after`."""

    live_after: int
    live_us: int
    _backlog: deque[Span] = field(default_factory=deque)
    _marks: deque[tuple[int, int]] = field(default_factory=deque)

    def add_backlog(self, spans: Iterable[Span]) -> None:
        """What was there at the start."""
        for span in sorted(spans):
            if self._backlog and span.after <= self._backlog[-1].through:
                through = max(span.through, self._backlog[-1].through)
                self._backlog[-1] = self._backlog[-1]._replace(through=through)
            else:
                self._backlog.append(span)

    @property
    def behind(self) -> int:
        """How many rows the backlog holds at most: ids that left are counted too."""
        return sum(span.through - span.after for span in self._backlog)

    def begins_before(self, row_id: int) -> bool:
        """Whether the backlog goes on with rows before this one."""
        return bool(self._backlog) and self._backlog[0].after < row_id - 1

    def unread(self, span: Span) -> None:
        """These rows were read and nothing came of it: they are backlog again, in their place."""
        spans = [span, *self._backlog]
        self._backlog.clear()
        self.add_backlog(spans)

    def grew(self, *, after: int, captured_us: int) -> None:
        """Rows were appended with ids above `after`, captured at this time."""
        if not self._marks or captured_us - self._marks[-1][0] >= _MARK_EVERY_US:
            self._marks.append((captured_us, after))
        while self._marks[0][0] < captured_us - self.live_us:
            self._marks.popleft()

    def span(self, part: Part, *, last: int) -> Span | None:
        """Where to read this part on, `last` being the highest id given out; None when read up."""
        if part is Part.LIVE:
            return Span(self.live_after, last) if self.live_after < last else None
        return self._backlog[0] if self._backlog else None

    def read(self, part: Part, through: int) -> None:
        """Everything of this part up to `through` was read, or there was nothing of it."""
        if part is Part.LIVE:
            self.live_after = max(self.live_after, through)
            return
        while self._backlog and self._backlog[0].through <= through:
            self._backlog.popleft()
        if self._backlog and self._backlog[0].after < through:
            self._backlog[0] = self._backlog[0]._replace(after=through)

    def cut_when_behind(self, first_us: int, *, now_us: int, last: int) -> bool:
        """The next live row was captured at `first_us`: too long ago, and the lane is cut."""
        if first_us >= now_us - self.live_us:
            return False
        fresh_us = now_us - self.live_us // _LEFT_LIVE
        fresh = (after for captured_us, after in self._marks if captured_us >= fresh_us)
        after = max(next(fresh, last), self.live_after)
        if self._backlog and self._backlog[-1].through == self.live_after:
            self._backlog[-1] = self._backlog[-1]._replace(through=after)
        else:
            self._backlog.append(Span(self.live_after, after))
        self.live_after = after
        return True


URGENT: Final = (Queue(Stream.EVENTS, Part.LIVE), Queue(Stream.NUMERICS, Part.LIVE))
"""Before all else, but for one claim in eight when something else waits."""
SHARES: Final = {
    Queue(Stream.NUMERICS, Part.LIVE): 32,
    Queue(Stream.EVENTS, Part.BACKLOG): 8,
    Queue(Stream.NUMERICS, Part.BACKLOG): 4,
    Queue(Stream.WAVEFORMS, Part.LIVE): 4,
    Queue(Stream.WAVEFORMS, Part.BACKLOG): 1,
}
"""How what is left is shared, in octets: whoever waits has its share, whoever used least is next.

Live numbers have one too, so that a flood of events does not stop them.
"""
MOST_URGENT_IN_A_ROW: Final = 7


@dataclass(slots=True)
class Turns:
    """Whose turn it is. A queue that was empty does not save up its share."""

    _in_a_row: int = 0
    _used: dict[Queue, float] = field(default_factory=lambda: dict.fromkeys(SHARES, 0.0))
    _level: float = 0.0

    def order(self, streams: Iterable[Stream] = Stream) -> Iterator[Queue]:
        """The queues of these lanes as they should be tried for the next claim."""
        wanted = frozenset(streams)
        by_use = sorted(SHARES, key=lambda queue: max(self._used[queue], self._level))
        ordered = [*URGENT, *by_use]
        if self._in_a_row >= MOST_URGENT_IN_A_ROW:
            ordered = [*by_use, *URGENT]
        return (queue for queue in ordered if queue.stream in wanted)

    def took(self, queue: Queue, octets: int) -> None:
        """A claim of this size was taken from a queue."""
        is_another = queue not in URGENT or self._in_a_row >= MOST_URGENT_IN_A_ROW
        self._in_a_row = 0 if is_another else self._in_a_row + 1
        if queue in SHARES:
            begins = max(self._used[queue], self._level)
            self._used[queue] = begins + max(octets, 1) / SHARES[queue]
            if is_another:
                self._level = begins
