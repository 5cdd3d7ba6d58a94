"""Take the next rows of one part of one lane out of the file, the damaged ones apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, islice

from edge.buffer.bundles import Bundle, Row
from edge.buffer.clocks import ClockLines, Line, State
from edge.buffer.database import Database
from edge.buffer.held import First, first_in, pieces_after
from edge.buffer.lanes import Lane, Part, Span, run_with
from edge.buffer.rows import Stream, unpack_row
from edge.buffer.times import corrected
from protocols.errors import DecodeError
from protocols.uplink.gathering import Gatherer
from protocols.uplink.messages import UplinkRow


@dataclass(slots=True)
class Found:
    """Rows of one boot epoch, and the ids of damaged ones among them.

    `is_straight`: all of them were stamped by a clock that was right.
    """

    boot_epoch: int
    gatherer: Gatherer = field(default_factory=Gatherer)
    row_ids: list[int] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    octets: int = 0
    looked_at: int = 0
    is_straight: bool = True
    _straight: list[tuple[int, int, bytes, str]] = field(default_factory=list)

    def take(self, bundle: Bundle, rows: list[Row], line: Line) -> None:
        """Some rows of a bundle that was stamped on a line."""
        self.looked_at += len(rows)
        place, is_right = bundle.octets or "", line.is_right
        for row_id, sequence, body, is_whole in rows:
            if not is_whole:
                self.damaged.append(row_id)
            elif is_right:
                self._straight.append((row_id, sequence, body, place))
            else:
                self.is_straight = False
                self.finish()
                self._add(Row(row_id, sequence, body, is_whole), bundle, line)

    def finish(self) -> None:
        """All that was taken is among the rows, or damaged."""
        if not self._straight:
            return
        row_ids, sequences, bodies, places = zip(*self._straight, strict=True)
        self._straight.clear()
        none = set(self.gatherer.keep(bodies, sequences, places))
        self.row_ids += [one for place, one in enumerate(row_ids) if place not in none]
        self.damaged += [one for place, one in enumerate(row_ids) if place in none]

    def _add(self, row: Row, bundle: Bundle, line: Line) -> None:
        opened = unpacked(row, bundle.octets)
        if opened is None:
            self.damaged.append(row.row_id)
        else:
            self.gatherer.add(in_time(opened, line))
            self.row_ids.append(row.row_id)


@dataclass(slots=True)
class Reader:
    """Reads lanes on. `limit` rows and `octets` bound one look; one row always fits.

    `now_us`: the machine's count of seconds, in microseconds. `waits`: rows stamped by a clock
    that was certainly wrong, and whose times nobody can correct yet, are left where they are.
    `has_cut`: rows joined a backlog meanwhile, which may have been looked at before.
    """

    database: Database
    limit: int
    octets: int
    now_us: int
    clocks: ClockLines
    waits: bool = False
    has_cut: bool = False

    def read(self, stream: Stream, lane: Lane, part: Part, *, last: int) -> Found | None:
        """The next rows, None when the part is read up."""
        while (span := lane.span(part, last=last)) is not None:
            pieces = pieces_after(self.database, *span, stream.value, most=self.limit)
            first = next(pieces, None)
            if first is None:
                lane.read(part, span.through)
            elif part is Part.LIVE and lane.cut_when_behind(
                self._captured_us(first[0]), now_us=self.now_us, last=last
            ):
                # What is left of the live part is read instead.
                self.has_cut = True
            else:
                found, through = self._collect(first, pieces)
                if through is None:
                    return None
                lane.read(part, through)
                return found
        return None

    def cut(self, stream: Stream, lane: Lane, *, last: int) -> None:
        """Let what the live part fell behind with join the backlog; nothing is read."""
        span = lane.span(Part.LIVE, last=last)
        if span is not None:
            for bundle, _ in islice(pieces_after(self.database, *span, stream.value, most=1), 1):
                captured_us = self._captured_us(bundle)
                lane.cut_when_behind(captured_us, now_us=self.now_us, last=last)

    def _captured_us(self, bundle: Bundle) -> int:
        """By the machine's count of seconds."""
        line = self.clocks.line_of(bundle.boot_epoch, bundle.clock)
        return bundle.captured_us - line.difference_us

    def _collect(
        self, first: tuple[Bundle, list[Row]], rest: Iterator[tuple[Bundle, list[Row]]]
    ) -> tuple[Found, int | None]:
        """The rows, and the last id looked at; None: the first one waits for the right time."""
        found, through = Found(first[0].boot_epoch), None
        for bundle, rows in chain((first,), rest):
            line = self.clocks.line_of(bundle.boot_epoch, bundle.clock)
            must_wait = self.waits and line.state is State.UNSET
            if bundle.boot_epoch != found.boot_epoch or must_wait:
                break
            fitting = self._fitting(rows, found)
            if fitting:
                through = fitting[-1].row_id
                found.take(bundle, fitting, line)
            if len(fitting) < len(rows):
                break
        found.finish()
        return found, through

    def _fitting(self, rows: list[Row], found: Found) -> list[Row]:
        """The first of these rows, as far as there is room; their octets are counted."""
        room = self.limit - found.looked_at
        octets = found.octets + sum(len(row.body) for row in rows)
        if len(rows) <= room and octets <= self.octets:
            found.octets = octets
            return rows
        for number, row in enumerate(rows):
            octets = found.octets + len(row.body)
            is_first = not found.looked_at and not number
            if number == room or (octets > self.octets and not is_first):
                return rows[:number]
            found.octets = octets
        return rows


def first_row(database: Database, stream: Stream, spans: list[Span]) -> First | None:
    """The lane's oldest row; spans that have emptied are taken off the list, but for the last."""
    while spans:
        row = first_in(database, spans[0], stream.value)
        if row is not None or len(spans) == 1:
            return row
        del spans[0]
    return None


def lowest_sequence(database: Database, stream: Stream, row_id: int) -> int:
    """The lowest sequence still held of the lane and epoch of this row; 0 where ids do not tell."""
    run = run_with(row_id)
    first = None if run is None else first_in(database, run, stream.value)
    return 0 if first is None or run is None else first.row_id - run.after


def in_time(row: UplinkRow, line: Line) -> UplinkRow:
    """The row with its times as they are known now."""
    if line.is_right:
        return row
    by = timedelta(microseconds=line.correction_us)
    return corrected(row, by, is_estimate=line.state in (State.UNSET, State.ESTIMATED))


def unpacked(row: Row, octets: str | None) -> UplinkRow | None:
    """A row as it travels, None when it is not what was stored."""
    try:
        return unpack_row(row.sequence, row.body, octets) if row.is_whole else None
    except DecodeError:
        return None
