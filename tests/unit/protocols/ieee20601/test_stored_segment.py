"""A segment as its device keeps it: what it tells of itself, and its pages."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from protocols.errors import EncodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    BaseOffsetTime,
    SegmentElement,
    SegmentEntryMap,
    ValueMapEntry,
)
from protocols.ieee20601.segment_building import build_entry, segment_map
from protocols.ieee20601.segment_entries import EntryHeader, StoredEntry, split_entries
from protocols.ieee20601.segment_facts import read_segment
from protocols.ieee20601.segment_selection import (
    AbsoluteTimeRange,
    AllSegments,
    BaseOffsetTimeRange,
    SegmentIds,
    SegmentRange,
)
from protocols.ieee20601.stored_segment import LARGEST_PAGE, StoredSegment
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode
from tests.unit.protocols.ieee20601.kept_oximetry import CONFIGURATION, ENTRY_MAP, segment
from tests.unit.protocols.ieee20601.pair import START, local_clock

BASE_OFFSETS = segment_map(CONFIGURATION, (1,), EntryHeader.BASE_OFFSET_TIME)


def by_base_offset(*seconds: int) -> StoredSegment:
    kept = StoredSegment(instance=1, entry_map=BASE_OFFSETS)
    for second in seconds:
        base = BaseOffsetTime(second, 0, 120)
        kept.add(build_entry(CONFIGURATION, BASE_OFFSETS, {1: Decimal(98)}, base_offset=base))
    return kept


def hours(start: float, end: float) -> AbsoluteTimeRange:
    """A range of the device's calendar, in hours from START."""
    times = [local_clock(START + timedelta(hours=item)) for item in (start, end)]
    return AbsoluteTimeRange(*map(AbsoluteTime.of, times))


def seconds(start: int, end: int) -> BaseOffsetTimeRange:
    return BaseOffsetTimeRange(BaseOffsetTime(start, 0, 0), BaseOffsetTime(end, 0, 0))


def test_a_segment_tells_its_map_count_label_and_times() -> None:
    timeout = at.TRANSFER_TIMEOUT.of(160_000)
    facts = read_segment(segment(1, 5, timeout).info(), [])
    assert (facts.instance, facts.usage, facts.label) == (1, 5, "night")
    assert facts.entry_map == ENTRY_MAP
    assert facts.is_recording is False
    assert facts.transfer_seconds == 20.0
    assert facts.start == AbsoluteTime.of(local_clock(START - timedelta(hours=2)))
    assert facts.end == AbsoluteTime.of(local_clock(START - timedelta(hours=2, minutes=-4)))


def test_a_segment_of_base_offset_times_tells_these() -> None:
    facts = read_segment(by_base_offset(10, 20, 30).info(), [])
    assert facts.start is None
    assert (facts.start_bo, facts.end_bo) == (
        BaseOffsetTime(10, 0, 120),
        BaseOffsetTime(30, 0, 120),
    )


def test_an_empty_segment_tells_no_times() -> None:
    kept = segment(1, 3)
    kept.clear()
    facts = read_segment(kept.info(), [])
    assert (len(kept), facts.usage, facts.start, facts.end) == (0, 0, None, None)
    assert list(kept.pages(3)) == []


@pytest.mark.parametrize(
    ("kept", "selection", "meant"),
    [
        (segment(1, 3), AllSegments(), True),
        (segment(1, 3), SegmentIds((2, 1)), True),
        (segment(1, 3), SegmentIds((2,)), False),
        (segment(1, 3), hours(-3, -1), True),
        (segment(1, 3), hours(-2, -2), True),
        (segment(1, 3), hours(-1, 0), False),
        (segment(1, 3), hours(-9, -3), False),
        (segment(1, 0), hours(-9, 9), False),
        (by_base_offset(10, 20), seconds(15, 16), True),
        (by_base_offset(10, 20), seconds(21, 30), False),
        (by_base_offset(10, 20), hours(-9, 9), False),
        (segment(1, 3), seconds(0, 30), False),
    ],
)
def test_a_selection_means_a_segment_or_not(
    kept: StoredSegment, selection: SegmentRange, meant: bool
) -> None:
    assert kept.is_meant_by(selection) is meant


def test_an_unknown_time_is_in_no_range() -> None:
    kept = StoredSegment(instance=1, entry_map=ENTRY_MAP)
    kept.add(build_entry(CONFIGURATION, ENTRY_MAP, {1: Decimal(98), 10: Decimal(60)}))
    assert not kept.is_meant_by(hours(-9, 9))


def test_pages_hold_all_entries_and_are_marked_first_and_last() -> None:
    pages = list(segment(1, 7).pages(3))
    assert [(page.first, page.count, page.status) for page in pages] == [
        (0, 3, 0x8000),
        (3, 3, 0),
        (6, 1, 0x4000),
    ]
    entries = [entry for page in pages for entry in split_entries(ENTRY_MAP, page.entries)]
    assert [entry.elements[0][1] for entry in entries] == [bytes((0, 50 + n)) for n in range(7)]
    (whole,) = segment(1, 7).pages(100)
    assert whole.status == 0xC000


def test_a_page_ends_where_an_apdu_does() -> None:
    wide = SegmentElement(9, MdcCode(2, 258), 3, (ValueMapEntry(2632, LARGEST_PAGE // 2),))
    kept = StoredSegment(instance=1, entry_map=SegmentEntryMap(0, (wide,)))
    for _ in range(3):
        kept.add(StoredEntry(elements=((wide, bytes(LARGEST_PAGE // 2)),)))
    assert [page.count for page in kept.pages(100)] == [2, 1]


@pytest.mark.parametrize("length", [0, LARGEST_PAGE + 1])
def test_an_entry_of_nothing_or_longer_than_a_page_is_refused(length: int) -> None:
    wide = SegmentElement(9, MdcCode(2, 258), 3, (ValueMapEntry(2632, length),))
    kept = StoredSegment(instance=1, entry_map=SegmentEntryMap(0, (wide,)))
    with pytest.raises(EncodeError):
        kept.add(StoredEntry(elements=((wide, bytes(length)),)))
