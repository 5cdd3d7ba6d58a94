"""Entries of a PM-segment: a header of times, then the values of the segment's elements.

    split_entries(entry_map, page.entries) -> tuple[StoredEntry, ...]
    join_entry(entry_map, entry)           -> octets              the same octets again

The header's times stand in the order of its bits (20601 6.3.9, PmSegmentEntryMap). Base-offset
time has a header bit in a later edition of 20601 whose text we do not have: unconfirmed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntFlag
from typing import Final

from protocols.errors import DecodeError, EncodeError
from protocols.ieee20601.attribute_values import (
    BASE_OFFSET_TIME,
    BaseOffsetTime,
    SegmentElement,
    SegmentEntryMap,
    map_octets,
)
from protocols.mder.records import Codec
from protocols.mder.times import TICK_US, AbsoluteTime

_CLAUSE: Final = "20601 Annex A, PmSegmentEntryMap"
_BASE_OFFSET: Final[Codec[BaseOffsetTime]] = Codec(BASE_OFFSET_TIME, clause=_CLAUSE)


class EntryHeader(IntFlag):
    """Which times stand before every entry (SegmEntryHeader)."""

    ABSOLUTE_TIME = 0x8000
    RELATIVE_TIME = 0x4000
    HIGH_RESOLUTION_TIME = 0x2000
    BASE_OFFSET_TIME = 0x1000


_OCTETS: Final = {
    EntryHeader.ABSOLUTE_TIME: 8,
    EntryHeader.RELATIVE_TIME: 4,
    EntryHeader.HIGH_RESOLUTION_TIME: 8,
    EntryHeader.BASE_OFFSET_TIME: 8,
}
_FINEST_US: Final = 10_000
"""A hundredth of a second: the step of AbsoluteTime."""
KNOWN_HEADER: Final = 0xF000
"""The header bits with a meaning; nobody knows how many octets another one stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """One entry: its times as its header has them, and each element's octets.

    `relative_time` counts ticks of 125 us, `high_resolution_time` microseconds; None where the
    header has no such time.
    """

    absolute_time: AbsoluteTime | None = None
    relative_time: int | None = None
    high_resolution_time: int | None = None
    base_offset_time: BaseOffsetTime | None = None
    elements: tuple[tuple[SegmentElement, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class EntryClock:
    """When the entries of a periodic store were made that carry no time of their own.

    Entry 0 at `start`, naive time of the device's own calendar, then one every `step` (20601
    6.3.7: Segment-Start-Abs-Time, and Sample-Period of the PM-store; unconfirmed).
    """

    start: datetime
    step: timedelta

    @classmethod
    def of(cls, start: AbsoluteTime | None, period_ticks: int | None) -> EntryClock | None:
        """None without a start, and for periods that AbsoluteTime cannot tell apart."""
        if start is None or start.at is None or (period_ticks or 0) * TICK_US < _FINEST_US:
            return None
        return cls(start.at, timedelta(microseconds=(period_ticks or 0) * TICK_US))

    def at(self, number: int) -> AbsoluteTime | None:
        """The time of an entry by its number in the segment; None beyond the calendar."""
        try:
            return AbsoluteTime.of(self.start + number * self.step)
        except OverflowError:
            return None


def entry_octets(entry_map: SegmentEntryMap) -> int:
    """How many octets one entry has; DecodeError for a header with a time nobody knows."""
    if entry_map.header & ~KNOWN_HEADER:
        raise DecodeError(f"an entry header {entry_map.header:#06x}", clause=_CLAUSE)
    return _header_octets(entry_map.header) + sum(map(element_octets, entry_map.elements))


def element_octets(element: SegmentElement) -> int:
    """How many octets one element has in every entry."""
    return map_octets(element.value_map)


def split_entries(entry_map: SegmentEntryMap, octets: bytes) -> tuple[StoredEntry, ...]:
    """Cut a page into entries by the segment's map; DecodeError when it does not divide evenly."""
    size = entry_octets(entry_map)
    if not size or len(octets) % size:
        raise DecodeError(
            f"{len(octets)} octets are no whole number of {size}-octet entries", clause=_CLAUSE
        )
    header = _header_octets(entry_map.header)
    lengths = [(element, element_octets(element)) for element in entry_map.elements]
    entries = []
    for start in range(0, len(octets), size):
        entry = _read_header(entry_map.header, octets[start : start + header])
        at = start + header
        elements = []
        for element, length in lengths:
            elements.append((element, octets[at : at + length]))
            at += length
        entries.append(replace(entry, elements=tuple(elements)))
    return tuple(entries)


def join_entry(entry_map: SegmentEntryMap, entry: StoredEntry) -> bytes:
    """The octets of an entry as the map lays it out; EncodeError when it does not fit the map."""
    pieces = _write_header(entry_map.header, entry)
    if tuple(element for element, _ in entry.elements) != entry_map.elements:
        raise EncodeError("an entry has other elements than its segment's map")
    for element, octets in entry.elements:
        if len(octets) != element_octets(element):
            raise EncodeError(
                f"element {element.handle}: {len(octets)} octets where its map has "
                f"{element_octets(element)}"
            )
        pieces.append(octets)
    return b"".join(pieces)


def _header_octets(header: int) -> int:
    return sum(octets for bit, octets in _OCTETS.items() if header & bit)


def _read_header(header: int, octets: bytes) -> StoredEntry:
    found: dict[EntryHeader, bytes] = {}
    start = 0
    for bit, length in _OCTETS.items():
        if header & bit:
            found[bit] = octets[start : start + length]
            start += length
    absolute, relative, high, base = (found.get(bit) for bit in _OCTETS)
    return StoredEntry(
        absolute_time=None if absolute is None else AbsoluteTime(absolute),
        relative_time=None if relative is None else int.from_bytes(relative, "big"),
        high_resolution_time=None if high is None else int.from_bytes(high, "big"),
        base_offset_time=None if base is None else _BASE_OFFSET.decode(base),
    )


def _write_header(header: int, entry: StoredEntry) -> list[bytes]:
    absolute, relative = entry.absolute_time, entry.relative_time
    high, base = entry.high_resolution_time, entry.base_offset_time
    written = {
        EntryHeader.ABSOLUTE_TIME: None if absolute is None else absolute.octets,
        EntryHeader.RELATIVE_TIME: None if relative is None else relative.to_bytes(4, "big"),
        EntryHeader.HIGH_RESOLUTION_TIME: None if high is None else high.to_bytes(8, "big"),
        EntryHeader.BASE_OFFSET_TIME: None if base is None else _BASE_OFFSET.encode(base),
    }
    present = sum(int(bit) for bit, octets in written.items() if octets is not None)
    if present != header:
        raise EncodeError(f"an entry has the times {present:#06x}, its header {header:#06x}")
    return [octets for octets in written.values() if octets is not None]
