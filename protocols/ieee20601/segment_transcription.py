"""A page of a PM-segment + configuration -> observations, entry by entry.

    result = transcribe_segment(data, entry_map, configuration, reception)

The result is that of `transcription.transcribe`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SegmentElement, SegmentEntryMap
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.objects import ConfiguredObject, with_octets
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.reading_records import Reception
from protocols.ieee20601.segment_entries import (
    EntryClock,
    StoredEntry,
    element_octets,
    split_entries,
)
from protocols.ieee20601.tolerances import PAGE_COUNT
from protocols.ieee20601.transcription_draft import (
    LayoutError,
    Transcription,
    TranscriptionDraft,
    slices_of,
)
from protocols.model.codes import MdcCode


def transcribe_segment(
    data: SegmentData,
    entry_map: SegmentEntryMap,
    configuration: Configuration,
    reception: Reception,
    *,
    adjustment: timedelta | None = None,
    person: int | None = None,
    clock: EntryClock | None = None,
) -> Transcription:
    """The observations of one page of a PM-segment, entry by entry.

    An entry's time stands before its elements; a time of another timeline is UNKNOWN. Special
    values survive. `adjustment`: the segment's Date-and-Time-Adjustment; it moves the UTC time,
    not the device's own stamp, which identifies the entry; `person`: the segment's Person-Id;
    `clock`: tells the time of entries that carry none. Raises LayoutError when the page does not
    divide into entries.
    """
    draft = TranscriptionDraft(configuration, reception, None, reception.clock, stored=True)
    draft.adjustment, draft.person = adjustment or timedelta(0), person
    entry_map = _with_octets(entry_map)
    subjects = _subjects_of(entry_map.elements, configuration)
    try:
        entries = split_entries(entry_map, data.entries)
    except DecodeError as exc:
        raise LayoutError(str(exc), clause=exc.clause) from exc
    if len(entries) != data.count:
        reception.tolerances.forgive(
            PAGE_COUNT, draft.notes, count=data.count, entries=len(entries)
        )
    for number, entry in enumerate(entries):
        draft.position = data.first + number
        if clock is not None and not entry_map.header:
            entry = replace(entry, absolute_time=clock.at(draft.position))
        for element, octets in entry.elements:
            values = (*slices_of(element.value_map, octets), *_entry_stamps(entry))
            subject = subjects.get((element.handle, element.type))
            if subject is not None:
                draft.observe(subject, values)
            else:
                draft.add(element.handle, values)
    return draft.finish()


def _with_octets(entry_map: SegmentEntryMap) -> SegmentEntryMap:
    """The map without what has no octets: it says nothing, in every entry."""
    elements = tuple(
        replace(item, value_map=with_octets(item.value_map))
        for item in entry_map.elements
        if element_octets(item)
    )
    return replace(entry_map, elements=elements)


def _subjects_of(
    elements: tuple[SegmentElement, ...], configuration: Configuration
) -> dict[tuple[int, MdcCode], ConfiguredObject]:
    """The elements that no configured object describes: the segment's map says what they are.

    Two of one type are twins, as two objects of a configuration are.
    """
    kinds = Counter(kind for _, kind in {(item.handle, item.type) for item in elements})
    return {
        (item.handle, item.type): ConfiguredObject(
            handle=item.handle,
            object_class=item.object_class,
            type=item.type,
            has_twin=kinds[item.type] > 1,
        )
        for item in elements
        if configuration.find(item.handle) is None
    }


def _entry_stamps(entry: StoredEntry) -> Iterator[AttributeValue]:
    if entry.absolute_time is not None:
        yield at.TIME_STAMP_ABS.of(entry.absolute_time)
    if entry.relative_time is not None:
        yield at.TIME_STAMP_REL.of(entry.relative_time)
    if entry.high_resolution_time is not None:
        yield at.TIME_STAMP_REL_HI_RES.of(entry.high_resolution_time)
    if entry.base_offset_time is not None:
        yield at.TIME_STAMP_BO.of(entry.base_offset_time)
