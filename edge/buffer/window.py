"""Stored waveforms of a stretch of time, read ahead of their turn and left where they are.

They are sent under their own keys. When their turn comes they are sent once more, which the cloud
knows for a repeat; so nothing here has to be undone when a power cut comes between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from edge.buffer.clocks import ClockLines
from edge.buffer.database import Database
from edge.buffer.lanes import Span
from edge.buffer.reading import in_time, unpacked
from edge.buffer.rows import Stream, check_of, to_microseconds
from protocols.model.codes import MdcCode
from protocols.model.observation import SampleArrayObservation
from protocols.uplink.messages import UplinkRow

_LATEST: Final = timedelta(hours=1)
_IDS_A_LOOK: Final = 4096
_ROWS: Final = (
    "SELECT id, boot_epoch, sequence, observation_id, captured_us, clock, octets, crc, body"
    " FROM held WHERE id > ? AND id <= ? AND stream = ?"
    " AND captured_us >= ? AND captured_us < ? ORDER BY id LIMIT ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformWindow:
    """[`from_at`, `to_at`), aware; `leads` empty: every one.

    What came more than an hour after it was measured is left to its turn.
    """

    from_at: datetime
    to_at: datetime
    leads: frozenset[MdcCode] = frozenset()

    def holds(self, row: UplinkRow) -> bool:
        """Whether a row is a waveform of the window."""
        content = row.content
        if not isinstance(content, SampleArrayObservation):
            return False
        if self.leads and content.type not in self.leads:
            return False
        begins = content.observed_at.at
        ends = begins + timedelta(microseconds=content.period_us * content.count)
        return begins < self.to_at and ends > self.from_at


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPart:
    """Rows of one boot epoch; `after` is where to go on. The last part has none and `is_last`."""

    rows: tuple[UplinkRow, ...]
    boot_epoch: int
    vehicle_id: str
    after: int
    is_last: bool = False


def read_window(
    database: Database,
    clocks: ClockLines,
    spans: list[Span],
    *,
    window: WaveformWindow,
    after: int,
    last: int,
    limit: int,
) -> WindowPart:
    """One look: at most `limit` rows and some thousand ids, above the id `after`."""
    span = next((one for one in spans if min(one.through, last) > after), None)
    if span is None:
        return WindowPart(rows=(), boot_epoch=0, vehicle_id="", after=after, is_last=True)
    begin = max(after, span.after)
    end = min(span.through, last, begin + _IDS_A_LOOK)
    from_us = to_microseconds(window.from_at)
    to_us = to_microseconds(window.to_at + _LATEST)
    values = (begin, end, Stream.WAVEFORMS.value, from_us, to_us, limit)
    rows: list[UplinkRow] = []
    epoch, read_to = 0, end
    found = database.execute(_ROWS, values).fetchall()
    for row_id, boot_epoch, sequence, identity, _, number, where, crc, body in found:
        if rows and boot_epoch != epoch:
            read_to = row_id - 1
            break
        is_whole = check_of(Stream.WAVEFORMS, boot_epoch, sequence, identity, body, where) == crc
        row = unpacked(sequence, identity, body, where) if is_whole else None
        if row is not None:
            row = in_time(row, clocks.line_of(boot_epoch, number))
            if window.holds(row):
                rows.append(row)
                epoch = boot_epoch
    else:
        if len(found) == limit:
            read_to = found[-1][0]
    return WindowPart(rows=tuple(rows), boot_epoch=epoch, vehicle_id="", after=read_to)
