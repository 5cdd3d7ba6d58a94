"""Pages of one segment: counted against what it holds, and known again by their octets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.ieee20601.attribute_values import SegmentElement, SegmentEntryMap, ValueMapEntry
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.segment_facts import SegmentFacts
from protocols.ieee20601.segment_transfer import SegmentTransfer, mark_of
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode

PULSE = SegmentElement(6, MdcCode(2, 18458), 10, (ValueMapEntry(2636, 2),))
TICKS = SegmentEntryMap(0x4000, (PULSE,))
FACTS = SegmentFacts(instance=16, identity=b"i" * 16, entry_map=TICKS, usage=4)
STORE = 0x0100


def page(first: int, count: int, status: int = 0, *, octets: bytes | None = None) -> SegmentData:
    entries = bytes(6 * count) if octets is None else octets
    return SegmentData(16, first, count, status, entries)


def take(transfer: SegmentTransfer, *pages: SegmentData) -> list[str]:
    """Receive and confirm in turn; the sentences."""
    notes: list[str] = []
    for item in pages:
        notes.extend(transfer.receive(item, confirmed=True, readable=True))
        transfer.confirm(item, waited=True)
    return notes


def test_a_segment_that_comes_whole_is_kept_whole() -> None:
    transfer = SegmentTransfer(FACTS)
    assert take(transfer, page(0, 3, 0x8000), page(3, 1, 0x4000)) == []
    assert (transfer.pages, transfer.entries) == (2, 4)
    assert transfer.is_kept_whole


@pytest.mark.parametrize(
    ("pages", "sentence"),
    [
        pytest.param((page(0, 2, 0x8000), page(3, 1, 0x4000)), "entry 2 expected", id="gap"),
        pytest.param((page(0, 2, 0xC000),), "ended after 2 of 4", id="too few"),
        pytest.param((page(0, 2, 0x8000), page(2, 0, 0x0800)), "gave up", id="agent abort"),
        pytest.param((page(0, 4, 0xC000, octets=bytes(18)),), "does not hold", id="miscounted"),
    ],
)
def test_what_is_missing_is_told(pages: tuple[SegmentData, ...], sentence: str) -> None:
    transfer = SegmentTransfer(FACTS)
    (note,) = take(transfer, *pages)
    assert sentence in note
    assert transfer.has_ended
    assert not transfer.complete
    assert not transfer.is_kept_whole


def test_more_entries_than_announced_are_no_loss() -> None:
    transfer = SegmentTransfer(FACTS)
    (note,) = take(transfer, page(0, 5, 0xC000))
    assert "5 of 4" in note
    assert transfer.complete


def test_entries_that_come_again_are_told_and_change_nothing() -> None:
    transfer = SegmentTransfer(FACTS)
    notes = take(transfer, page(0, 2, 0x8000), page(0, 2, 0x8000), page(2, 2, 0x4000))
    assert notes == ["segment 16: entries before 2 came again"]
    assert transfer.is_kept_whole


@pytest.mark.parametrize("status", [0x4000, 0xC000])
def test_a_first_entry_without_its_mark_is_odd_only(status: int) -> None:
    transfer = SegmentTransfer(FACTS)
    notes = take(transfer, page(0, 4, status))
    assert ["marked wrongly" in note for note in notes] == [True] * (status == 0x4000)
    assert transfer.complete


def test_without_a_usage_count_nobody_knows_whether_it_is_whole() -> None:
    transfer = SegmentTransfer(replace(FACTS, usage=None))
    assert take(transfer, page(0, 4, 0xC000)) == []
    assert transfer.complete
    assert not transfer.is_kept_whole


@pytest.mark.parametrize(
    ("confirmed", "readable"), [(False, True), (True, False)], ids=["no confirm", "a bad value"]
)
def test_what_is_not_known_durable_is_not_kept_whole(confirmed: bool, readable: bool) -> None:
    transfer = SegmentTransfer(FACTS)
    transfer.receive(page(0, 4, 0xC000), confirmed=confirmed, readable=readable)
    transfer.confirm(page(0, 4, 0xC000), waited=confirmed)
    assert transfer.complete
    assert not transfer.is_kept_whole


def test_a_page_that_waits_keeps_the_segment_from_being_whole() -> None:
    transfer = SegmentTransfer(FACTS)
    for item in (page(0, 2, 0x8000), page(2, 2, 0x4000)):
        transfer.receive(item, confirmed=True, readable=True)
    assert not transfer.has_ended
    assert transfer.confirm(page(2, 2, 0x4000), waited=True)
    assert not transfer.is_kept_whole
    transfer.confirm(page(0, 2, 0x8000), waited=True)
    assert transfer.is_kept_whole


@pytest.mark.parametrize("entry_map", [None, SegmentEntryMap(0x0800, ()), SegmentEntryMap(0, ())])
def test_entries_of_unknown_length_are_miscounted(entry_map: SegmentEntryMap | None) -> None:
    transfer = SegmentTransfer(replace(FACTS, entry_map=entry_map))
    assert "does not hold" in take(transfer, page(0, 4, 0xC000))[0]


def test_a_mark_is_of_the_octets_their_place_and_their_segment() -> None:
    mark = mark_of(STORE, FACTS, page(0, 2, 0x8000))
    # Whether more pages follow does not matter; what the page holds does.
    assert mark_of(STORE, FACTS, page(0, 2, 0xC000)) == mark
    others = {
        mark_of(STORE, FACTS, page(2, 2)),
        mark_of(STORE, FACTS, page(0, 2, octets=b"\x01" * 12)),
        mark_of(STORE + 1, FACTS, page(0, 2)),
        mark_of(STORE, replace(FACTS, identity=b"j" * 16), page(0, 2)),
    }
    assert len(others) == 4
    assert mark not in others


def test_entries_without_any_time_are_never_known_again() -> None:
    timeless = replace(FACTS, entry_map=SegmentEntryMap(0, (PULSE,)))
    assert mark_of(STORE, timeless, page(0, 2)) == b""
    noon = AbsoluteTime(bytes.fromhex("2026112312000000"))
    assert mark_of(STORE, replace(timeless, start=noon), page(0, 2)) != b""
