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
from edge.buffer.held import rows_after
from edge.buffer.lanes import Span
from edge.buffer.reading import in_time, unpacked
from edge.buffer.rows import Stream, to_microseconds
from protocols.model.codes import MdcCode
from protocols.model.observation import SampleArrayObservation
from protocols.uplink.messages import UplinkRow

_LATEST: Final = timedelta(hours=1)
_IDS_A_LOOK: Final = 4096


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
    captured = (to_microseconds(window.from_at), to_microseconds(window.to_at + _LATEST))
    rows: list[UplinkRow] = []
    epoch = 0
    lane = Stream.WAVEFORMS.value
    found = rows_after(database, begin, end, lane, captured=captured)
    for looked, (bundle, held) in enumerate(found):
        if looked == limit or (rows and bundle.boot_epoch != epoch):
            end = held.row_id - 1
            break
        row = unpacked(held, bundle.octets)
        if row is not None:
            row = in_time(row, clocks.line_of(bundle.boot_epoch, bundle.clock))
            if window.holds(row):
                rows.append(row)
                epoch = bundle.boot_epoch
    return WindowPart(rows=tuple(rows), boot_epoch=epoch, vehicle_id="", after=end)
