"""A PM-segment as its device keeps it: entries, facts about them, and the pages they make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from protocols.errors import EncodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import BaseOffsetTime, SegmentEntryMap
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.persistent_store import SegmentData, SegmentInfo, SegmentStatus
from protocols.ieee20601.segment_entries import StoredEntry, join_entry
from protocols.ieee20601.segment_selection import (
    AbsoluteTimeRange,
    AllSegments,
    SegmentIds,
    SegmentRange,
)
from protocols.mder.sequences import padded
from protocols.mder.times import AbsoluteTime

LARGEST_PAGE: Final = 60_000
"""Octets of entries in one page at most; an agent's APDU ends at 65,535."""


@dataclass(slots=True, kw_only=True)
class StoredSegment:
    """One segment; `add` fills it.

    `attributes` are sent as they are beside those that follow from the entries: timeouts,
    Date-and-Time-Adjustment, statistics. `is_recording`: more entries may come.
    """

    instance: int
    entry_map: SegmentEntryMap
    label: str = ""
    is_recording: bool = False
    attributes: tuple[AttributeValue, ...] = ()
    _entries: list[bytes] = field(default_factory=list)
    _absolute: list[AbsoluteTime] = field(default_factory=list)
    _base_offset: list[BaseOffsetTime] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: StoredEntry) -> None:
        """Keep one more entry; EncodeError when it does not fit the map or a page."""
        octets = join_entry(self.entry_map, entry)
        if not 0 < len(octets) <= LARGEST_PAGE:
            raise EncodeError(f"an entry of {len(octets)} octets")
        self._entries.append(octets)
        if entry.absolute_time is not None:
            self._absolute = [*self._absolute[:1], entry.absolute_time]
        if entry.base_offset_time is not None:
            self._base_offset = [*self._base_offset[:1], entry.base_offset_time]

    def clear(self) -> None:
        """Forget every entry."""
        self._entries.clear()
        self._absolute.clear()
        self._base_offset.clear()

    def info(self) -> SegmentInfo:
        """What a manager is told of it."""
        times: list[AttributeValue] = []
        if self._absolute:
            times.append(at.TIME_START_SEG.of(self._absolute[0]))
            times.append(at.TIME_END_SEG.of(self._absolute[-1]))
        if self._base_offset:
            times.append(at.TIME_START_SEG_BO.of(self._base_offset[0]))
            times.append(at.TIME_END_SEG_BO.of(self._base_offset[-1]))
        return SegmentInfo(
            self.instance,
            (
                at.PM_SEG_MAP.of(self.entry_map),
                at.OP_STAT.of(int(self.is_recording)),
                at.PM_SEG_LABEL_STRING.of(padded(self.label)),
                at.SEG_USAGE_CNT.of(len(self._entries)),
                *times,
                *self.attributes,
            ),
        )

    def is_meant_by(self, selection: SegmentRange) -> bool:
        """Whether a selection names it; a time range never names one without times."""
        match selection:
            case AllSegments():
                return True
            case SegmentIds(instances=instances):
                return self.instance in instances
            case AbsoluteTimeRange(start=start, end=end):
                known = [time.octets for time in self._absolute if time.at is not None]
                return _overlap(known, start.octets, end.octets)  # BCD sorts as time does
            case _:
                known = [_sortable(time) for time in self._base_offset]
                return _overlap(known, _sortable(selection.start), _sortable(selection.end))

    def pages(self, entries_a_page: int) -> Iterator[SegmentData]:
        """What it holds now as pages, status bits first and last in place."""
        held = tuple(self._entries)
        size = max(1, min(entries_a_page, LARGEST_PAGE // max(map(len, held), default=1)))
        for first in range(0, len(held), size):
            piece = held[first : first + size]
            status = SegmentStatus(0)
            if first == 0:
                status |= SegmentStatus.FIRST_ENTRY
            if first + len(piece) == len(held):
                status |= SegmentStatus.LAST_ENTRY
            yield SegmentData(self.instance, first, len(piece), int(status), b"".join(piece))


def _overlap(known: list[bytes], start: bytes, end: bytes) -> bool:
    return bool(known) and min(known) <= end and start <= max(known)


def _sortable(time: BaseOffsetTime) -> bytes:
    return time.seconds.to_bytes(4, "big") + time.fraction.to_bytes(2, "big")
