"""The plan of a fetch: what is asked next, and what is judged, without any octets."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SegmentElement, SegmentEntryMap, ValueMapEntry
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.classification import StoppedTransferError, UnknownObjectError
from protocols.ieee20601.persistent_store import SegmentData, SegmentInfo
from protocols.ieee20601.segment_selection import SegmentIds
from protocols.ieee20601.store_requests import (
    ClearSegment,
    GetSegmentIds,
    GetSegments,
    TransferSegment,
)
from protocols.ieee20601.stored_data import Answer, StoredDataPlan
from protocols.model.codes import MdcCode

STORE, OTHER = 0x0100, 0x0101
PULSE = SegmentElement(6, MdcCode(2, 18458), 10, (ValueMapEntry(2636, 2),))
MAP = at.PM_SEG_MAP.of(SegmentEntryMap(0x4000, (PULSE,)))
RESTING = at.OP_STAT.of(0)
WHOLE = SegmentData(16, 0, 2, 0xC000, bytes(12))


def info(instance: int, usage: int | None, *more: AttributeValue) -> SegmentInfo:
    counted = () if usage is None else (at.SEG_USAGE_CNT.of(usage),)
    return SegmentInfo(instance, (MAP, *counted, *more))


def clearing(*, may_clear: bool = True) -> StoredDataPlan:
    """A plan that has just asked for segment 16 of its one store."""
    plan = StoredDataPlan([STORE], retries=1, may_clear=lambda _store: may_clear)
    plan.next_request()
    plan.segments_reported(STORE, [info(16, 2, RESTING, at.CLEAR_TIMEOUT.of(8_000))], [])
    plan.next_request()
    return plan


def take(plan: StoredDataPlan, page: SegmentData, *, readable: bool = True) -> bool:
    plan.page_received(STORE, page, confirmed=True, readable=readable)
    return plan.page_done(STORE, page, waited=True) is not None


def test_segments_with_entries_are_asked_for_before_the_next_store() -> None:
    plan = StoredDataPlan([STORE, OTHER])
    assert plan.next_request() == GetSegments(STORE)
    plan.segments_reported(STORE, [info(16, 1), info(17, 0), info(18, None)], [])
    asked = [plan.next_request() for _ in range(4)]
    assert asked == [
        TransferSegment(STORE, 16),
        TransferSegment(STORE, 18),
        GetSegments(OTHER),
        None,
    ]
    assert plan.is_over


def test_a_store_that_refuses_is_asked_for_numbers_and_then_one_by_one() -> None:
    plan = StoredDataPlan([STORE])
    asked = plan.next_request()
    assert asked is not None
    plan.request_failed(asked)
    assert plan.next_request() == GetSegmentIds(STORE)
    plan.ids_reported(STORE, [16, 17])
    assert plan.next_request() == GetSegments(STORE, SegmentIds((16,)))
    assert plan.complete
    plan.request_failed(GetSegments(STORE, SegmentIds((16,))))
    assert not plan.complete
    assert plan.next_request() == GetSegments(STORE, SegmentIds((17,)))


def test_try_later_is_bounded_and_its_pauses_grow() -> None:
    plan = StoredDataPlan([STORE], retries=3)
    plan.next_request()
    plan.segments_reported(STORE, [info(16, 1)], [])
    plan.next_request()
    pauses = []
    while plan.transfer_answered(2) is Answer.LATER:
        pauses.append(plan.pause_seconds(5.0, 12.0))
        assert plan.ask_again() == TransferSegment(STORE, 16)
    assert pauses == [5.0, 10.0, 12.0]
    assert not plan.complete
    assert plan.ask_again() is None


@pytest.mark.parametrize(
    ("result", "answer", "complete"),
    [(0, Answer.PAGES_COME, True), (3, Answer.NEXT, True), (1, Answer.NEXT, False)],
)
def test_an_answer_to_a_transfer_request(result: int, answer: Answer, complete: bool) -> None:
    plan = clearing()
    assert plan.transfer_answered(result) is answer
    assert plan.complete is complete


def test_an_answer_nobody_waits_for_is_stale() -> None:
    plan = clearing()
    plan.stop_all()
    assert plan.transfer_answered(0) is Answer.STALE
    assert plan.next_request() is None
    assert not plan.complete


def test_a_failed_transfer_is_left_and_a_failed_clear_forgiven() -> None:
    plan = clearing()
    plan.request_failed(ClearSegment(STORE, 16))
    assert plan.complete
    assert plan.is_current(STORE, 16)
    plan.request_failed(TransferSegment(STORE, 16))
    assert not plan.is_current(STORE, 16)
    assert not plan.complete


def test_a_whole_segment_is_cleared_where_that_is_allowed() -> None:
    plan = clearing()
    assert plan.has_moved is False
    assert take(plan, WHOLE)
    assert plan.clear_if_kept(STORE, 16) == ""
    assert plan.next_request() == ClearSegment(STORE, 16)
    assert plan.clear_seconds(STORE, 16) == 1.0
    forbidden = clearing(may_clear=False)
    take(forbidden, WHOLE)
    assert forbidden.clear_if_kept(STORE, 16) == ""
    assert forbidden.next_request() is None


def test_a_segment_with_a_bad_value_or_at_work_is_not_cleared() -> None:
    plan = clearing()
    take(plan, WHOLE, readable=False)
    assert "not every entry" in plan.clear_if_kept(STORE, 16)
    plan = StoredDataPlan([STORE], may_clear=lambda _store: True)
    plan.next_request()
    plan.segments_reported(STORE, [info(16, 2)], [])
    plan.next_request()
    take(plan, WHOLE)
    assert "may still be added" in plan.clear_if_kept(STORE, 16)
    assert plan.next_request() is None


def test_a_repeat_of_what_is_over_is_not_counted() -> None:
    plan = clearing()
    take(plan, WHOLE)
    assert not plan.has_moved
    assert plan.page_received(STORE, WHOLE, confirmed=True, readable=True) == ()
    assert plan.page_done(STORE, WHOLE, waited=True) is None


def test_a_page_moves_the_transfer_and_the_last_one_ends_it() -> None:
    plan = clearing()
    assert not take(plan, SegmentData(16, 0, 1, 0x8000, bytes(6)))
    assert plan.has_moved
    assert plan.transfer_seconds is None
    assert take(plan, SegmentData(16, 1, 1, 0x4000, bytes(6)))
    assert plan.transfer_seconds is None
    assert not plan.is_current(STORE, 16)


def test_the_last_page_of_a_stopped_segment_does_not_end_the_next_one() -> None:
    plan = StoredDataPlan([STORE])
    plan.next_request()
    plan.segments_reported(STORE, [info(16, 2), info(17, 2)], [])
    plan.next_request()
    plan.page_received(STORE, WHOLE, confirmed=True, readable=True)
    plan.stop()
    assert plan.next_request() == TransferSegment(STORE, 17)
    assert plan.page_done(STORE, WHOLE, waited=True) is not None
    assert plan.is_current(STORE, 17)
    assert not plan.is_current(STORE, 16)
    assert plan.stopped == {(STORE, 16)}


def test_only_announced_segments_have_facts_and_only_mapped_ones_a_map() -> None:
    plan = StoredDataPlan([STORE], stopped=[(STORE, 18)])
    plan.next_request()
    plan.segments_reported(STORE, [SegmentInfo(16, ())], [])
    with pytest.raises(UnknownObjectError):
        plan.facts_of(STORE, 17)
    with pytest.raises(StoppedTransferError):
        plan.map_of(STORE, 18)
    with pytest.raises(DecodeError, match="no entry map"):
        plan.map_of(STORE, 16)
    plan.segments_reported(STORE, [info(16, 1)], [])
    assert plan.map_of(STORE, 16).elements == (PULSE,)


def test_pages_are_known_by_their_mark_alone() -> None:
    known: set[bytes] = set()
    plan = StoredDataPlan([STORE], is_durable=known.__contains__)
    plan.next_request()
    timeless = SegmentInfo(17, (at.PM_SEG_MAP.of(SegmentEntryMap(0, (PULSE,))),))
    plan.segments_reported(STORE, [info(16, 2), timeless], [])
    assert not plan.is_durable(STORE, WHOLE)
    known.add(plan.mark_of(STORE, WHOLE))
    assert plan.is_durable(STORE, WHOLE)
    # A page nothing can tell from another is never known.
    known.add(b"")
    assert not plan.is_durable(STORE, SegmentData(17, 0, 1, 0xC000, bytes(2)))
    assert not StoredDataPlan([]).is_over


def test_a_plan_that_was_told_of_no_pages_knows_none() -> None:
    plan = clearing()
    assert not plan.is_durable(STORE, WHOLE)
    plan.stop()
    plan.stop()
    assert plan.stopped == {(STORE, 16)}
