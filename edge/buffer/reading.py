"""Take the next rows of one part of one lane out of the file, the damaged ones apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NamedTuple

from edge.buffer.clocks import ClockLines, Line, State
from edge.buffer.database import Database
from edge.buffer.lanes import Lane, Part, Span, run_with
from edge.buffer.rows import Stream, check_of, unpack_row
from edge.buffer.times import corrected
from protocols.errors import DecodeError
from protocols.uplink.messages import UplinkRow

_NEXT: Final = (
    "SELECT id, boot_epoch, sequence, observation_id, captured_us, clock, octets, crc, body"
    " FROM held"
    " WHERE id > ? AND id <= ? AND stream = ? ORDER BY id LIMIT ?"
)
_OLDEST: Final = (
    "SELECT id, captured_us FROM held WHERE id > ? AND id <= ? AND stream = ? ORDER BY id LIMIT 1"
)


_Row = tuple[int, int, int, bytes | None, int, int, str | None, int, bytes]


@dataclass(slots=True)
class Found:
    """Rows of one boot epoch, and the ids of damaged ones among them."""

    boot_epoch: int
    rows: list[UplinkRow] = field(default_factory=list)
    row_ids: list[int] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    octets: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads lanes on. `limit` rows and `octets` bound one look; one row always fits.

    `now_us`: the machine's count of seconds, in microseconds. `waits`: rows stamped by a clock
    that was certainly wrong, and whose times nobody can correct yet, are left where they are.
    """

    database: Database
    limit: int
    octets: int
    now_us: int
    clocks: ClockLines
    waits: bool = False

    def read(self, stream: Stream, lane: Lane, part: Part, *, last: int) -> Found | None:
        """The next rows, None when the part is read up."""
        while (span := lane.span(part, last=last)) is not None:
            values = (*span, stream.value, self.limit)
            rows = self.database.execute(_NEXT, values)
            first = rows.fetchone()
            if first is None:
                lane.read(part, span.through)
            elif part is Part.LIVE and lane.cut_when_behind(
                first[4] - self.clocks.line_of(first[1], first[5]).difference_us,
                now_us=self.now_us,
                last=last,
            ):
                # What is left of the live part is read instead.
                continue
            else:
                found, through = self._collect(stream, first, rows.fetchall())
                if through is None:
                    return None
                lane.read(part, through)
                return found
        return None

    def _collect(self, stream: Stream, first: _Row, rest: list[_Row]) -> tuple[Found, int | None]:
        """The rows, and the last id looked at; None: the first one waits for the right time."""
        found, through = Found(first[1]), None
        lane, line = stream.value, self.clocks.line_of(first[1], first[5])
        for row_id, epoch, sequence, identity, _, number, where, crc, body in (first, *rest):
            if number != line.number:
                line = self.clocks.line_of(epoch, number)
            size = found.octets + len(body)
            must_wait = self.waits and line.state is State.UNSET
            if epoch != found.boot_epoch or (found.octets and size > self.octets) or must_wait:
                break
            through, found.octets = row_id, size
            is_whole = check_of(lane, epoch, sequence, identity, body, where) == crc
            row = unpacked(sequence, identity, body, where) if is_whole else None
            if row is None:
                found.damaged.append(row_id)
            else:
                found.rows.append(in_time(row, line))
                found.row_ids.append(row_id)
        return found, through


class First(NamedTuple):
    """The oldest row of a lane."""

    row_id: int
    captured_us: int


def first_row(database: Database, stream: Stream, spans: list[Span]) -> First | None:
    """The lane's oldest row; spans that have emptied are taken off the list, but for the last."""
    while spans:
        row = database.execute(_OLDEST, (*spans[0], stream.value)).fetchone()
        if row is not None:
            return First(*row)
        if len(spans) == 1:
            return None
        del spans[0]
    return None


def lowest_sequence(database: Database, stream: Stream, row_id: int) -> int:
    """The lowest sequence still held of the lane and epoch of this row; 0 where ids do not tell."""
    run = run_with(row_id)
    if run is None:
        return 0
    row = database.execute(_OLDEST, (*run, stream.value)).fetchone()
    return 0 if row is None else int(row[0]) - run.after


def in_time(row: UplinkRow, line: Line) -> UplinkRow:
    """The row with its times as they are known now."""
    if line.state is not State.UNSET and not line.correction_us:
        return row
    by = timedelta(microseconds=line.correction_us)
    return corrected(row, by, is_estimate=line.state in (State.UNSET, State.ESTIMATED))


def unpacked(
    sequence: int, identity: bytes | None, body: bytes, octets: str | None
) -> UplinkRow | None:
    """The row of these octets, None when they are not what was stored."""
    try:
        return unpack_row(sequence, identity, body, octets)
    except DecodeError:
        return None
