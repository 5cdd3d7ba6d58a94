"""Entries of a segment: cut by the map with any header, and put together again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    BaseOffsetTime,
    SegmentElement,
    SegmentEntryMap,
    ValueMapEntry,
)
from protocols.ieee20601.segment_entries import (
    EntryClock,
    StoredEntry,
    entry_octets,
    join_entry,
    split_entries,
)
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode
from tests.vectors import own_apdus

ENTRY_MAP: SegmentEntryMap = at.PM_SEG_MAP.decode(own_apdus.SEGMENT_MAP)
PULSE = SegmentElement(6, MdcCode(2, 18458), 10, (ValueMapEntry(2636, 2), ValueMapEntry(2375, 2)))
NOON = AbsoluteTime(bytes.fromhex("2026112312000000"))
EVERY_HEADER = st.integers(0, 15).map(lambda bits: bits << 12)


def test_a_header_with_every_time_is_cut_in_the_order_of_its_bits() -> None:
    entry_map = SegmentEntryMap(0xF000, (*ENTRY_MAP.elements, PULSE))
    octets = bytes.fromhex(
        "2026112312000000 00000001 0000000000000002 0000000300040005 0000000a 00480000"
    )
    (entry,) = split_entries(entry_map, octets)
    assert entry.absolute_time == AbsoluteTime(octets[:8])
    assert (entry.relative_time, entry.high_resolution_time) == (1, 2)
    assert entry.base_offset_time == BaseOffsetTime(3, 4, 5)
    assert entry.elements == (
        (ENTRY_MAP.elements[0], b"\0\0\0\x0a"),
        (PULSE, b"\0\x48\0\0"),
    )
    assert join_entry(entry_map, entry) == octets


@pytest.mark.parametrize(
    ("start", "ticks"),
    [
        (None, 8000),
        (AbsoluteTime(bytes(8)), 8000),
        (NOON, None),
        (NOON, 0),
        (NOON, 79),
    ],
)
def test_without_a_start_and_a_period_nobody_knows_when_an_entry_was_made(
    start: AbsoluteTime | None, ticks: int | None
) -> None:
    assert EntryClock.of(start, ticks) is None


def test_entries_of_a_periodic_store_are_a_period_apart() -> None:
    clock = EntryClock.of(NOON, 12_000)
    assert clock is not None
    assert [clock.at(number) for number in (0, 1, 2)] == [
        AbsoluteTime(bytes.fromhex(octets))
        for octets in ("2026112312000000", "2026112312000150", "2026112312000300")
    ]
    assert EntryClock(clock.start, timedelta(days=365)).at(9000) is None


def test_a_time_the_header_does_not_name_is_none() -> None:
    entry_map = SegmentEntryMap(0x4000, (PULSE,))
    (entry,) = split_entries(entry_map, bytes.fromhex("00000007 00480000"))
    assert entry == StoredEntry(relative_time=7, elements=((PULSE, b"\0\x48\0\0"),))


@settings(max_examples=60)
@given(header=EVERY_HEADER, data=st.data())
def test_what_is_cut_is_put_together_again(header: int, data: st.DataObject) -> None:
    entry_map = SegmentEntryMap(header, (PULSE, *ENTRY_MAP.elements))
    size = entry_octets(entry_map)
    octets = data.draw(st.binary(min_size=3 * size, max_size=3 * size))
    entries = split_entries(entry_map, octets)
    assert len(entries) == 3
    assert b"".join(join_entry(entry_map, entry) for entry in entries) == octets


@pytest.mark.parametrize(
    ("entry_map", "octets"),
    [
        pytest.param(ENTRY_MAP, bytes(7), id="half an entry"),
        pytest.param(SegmentEntryMap(0, ()), bytes(1), id="entries of nothing"),
        pytest.param(SegmentEntryMap(0x0800, ENTRY_MAP.elements), bytes(4), id="unknown header"),
    ],
)
def test_octets_that_do_not_divide_are_refused(entry_map: SegmentEntryMap, octets: bytes) -> None:
    with pytest.raises(DecodeError):
        split_entries(entry_map, octets)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(StoredEntry(elements=((PULSE, bytes(4)),)), id="no time"),
        pytest.param(StoredEntry(relative_time=1), id="no element"),
        pytest.param(
            StoredEntry(relative_time=1, elements=((PULSE, bytes(3)),)), id="wrong length"
        ),
    ],
)
def test_an_entry_that_does_not_fit_the_map_has_no_octets(entry: StoredEntry) -> None:
    with pytest.raises(EncodeError):
        join_entry(SegmentEntryMap(0x4000, (PULSE,)), entry)
