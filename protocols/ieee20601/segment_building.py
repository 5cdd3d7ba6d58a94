"""Values -> entries of a PM-segment, by a configuration's own objects (the agent's side).

    entry_map = segment_map(configuration, (1, 10))               calendar time, then both values
    entry = build_entry(configuration, entry_map, {1: ..., 10: ...}, local=at)

Values become octets as in a fixed scan report (`value_building`). EncodeError where value,
object and map do not fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from protocols.errors import EncodeError
from protocols.ieee20601.attribute_values import (
    BaseOffsetTime,
    SegmentElement,
    SegmentEntryMap,
)
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.device_clock import STAMPS
from protocols.ieee20601.segment_entries import EntryHeader, StoredEntry
from protocols.ieee20601.value_building import Entry, Value, fixed_values
from protocols.mder.times import UNKNOWN_ABSOLUTE_TIME, AbsoluteTime


def segment_map(
    configuration: Configuration,
    handles: Iterable[int],
    header: EntryHeader = EntryHeader.ABSOLUTE_TIME,
) -> SegmentEntryMap:
    """Entries with these objects' values, laid out as in their fixed reports, times in front."""
    return SegmentEntryMap(
        int(header), tuple(_element(configuration, handle) for handle in handles)
    )


def build_entry(
    configuration: Configuration,
    entry_map: SegmentEntryMap,
    values: Mapping[int, Value],
    *,
    local: datetime | None = None,
    ticks: int | None = None,
    microseconds: int | None = None,
    base_offset: BaseOffsetTime | None = None,
) -> StoredEntry:
    """One entry with a value for every element.

    `local`: the naive time of the device's clock; None is written as unknown where the header
    has a calendar time. Other times are given exactly where the header has them.
    """
    has_calendar = bool(entry_map.header & EntryHeader.ABSOLUTE_TIME)
    stamp = UNKNOWN_ABSOLUTE_TIME if local is None else AbsoluteTime.of(local)
    return StoredEntry(
        absolute_time=stamp if has_calendar else None,
        relative_time=ticks,
        high_resolution_time=microseconds,
        base_offset_time=base_offset,
        elements=tuple(
            (element, _octets(configuration, element, values)) for element in entry_map.elements
        ),
    )


def _element(configuration: Configuration, handle: int) -> SegmentElement:
    subject = configuration.find(handle)
    if subject is None or subject.type is None:
        raise EncodeError(f"the configuration has no object {handle} with a type")
    pieces = tuple(piece for piece in subject.value_map if piece.attribute_id not in STAMPS)
    if not pieces:
        raise EncodeError(f"object {handle} has no value map to lay out an entry by")
    return SegmentElement(subject.object_class, subject.type, handle, pieces)


def _octets(
    configuration: Configuration, element: SegmentElement, values: Mapping[int, Value]
) -> bytes:
    subject = configuration.find(element.handle)
    if subject is None or element.handle not in values:
        raise EncodeError(f"no value for object {element.handle}")
    entry = Entry(handle=element.handle, value=values[element.handle], stamp=None)
    return fixed_values(subject, entry, element.value_map)
