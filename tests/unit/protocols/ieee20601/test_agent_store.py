"""A store's answers: what it holds, what it is allowed, one transfer at a time."""

from __future__ import annotations

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.attributes import find
from protocols.ieee20601.persistent_store import (
    SEGMENT_INFOS,
    TRIGGER_RESPONSE,
    SegmentStatus,
    TransferResult,
    TriggerResponse,
    trigger_transfer,
)
from protocols.ieee20601.remote_operations import (
    Message,
    Roer,
    RoivConfirmedAction,
    RoivConfirmedSet,
    RoivGet,
    Rorj,
    RorsConfirmedAction,
    RorsGet,
)
from protocols.ieee20601.segment_selection import (
    SEGMENT_IDS,
    AllSegments,
    SegmentIds,
    SegmentRange,
    StoreCapability,
    request_clear,
    request_ids,
    request_infos,
)
from tests.unit.protocols.ieee20601.kept_oximetry import STORE, segment, store
from tests.unit.protocols.ieee20601.test_stored_segment import hours

NOT_ALLOWED = Roer(24, b"")


def told(answer: Message) -> list[int]:
    """The instances an answer to get-info names."""
    assert isinstance(answer, RorsConfirmedAction)
    return [info.instance for info in SEGMENT_INFOS.decode(answer.action_info)]


def result(kept: AgentStore, instance: int) -> int:
    answer = kept.answer(trigger_transfer(STORE, instance))
    assert isinstance(answer, RorsConfirmedAction)
    response: TriggerResponse = TRIGGER_RESPONSE.decode(answer.action_info)
    assert response.instance == instance
    return response.result


@pytest.mark.parametrize(
    ("selection", "instances"),
    [(AllSegments(), [1, 2]), (SegmentIds((2, 9)), [2]), (hours(-3, 0), [1])],
)
def test_infos_and_ids_are_of_the_selected_segments(
    selection: SegmentRange, instances: list[int]
) -> None:
    kept = store(segment(1, 5), segment(2, 5))
    assert told(kept.answer(request_infos(STORE, selection))) == instances
    listed = kept.answer(request_ids(STORE, selection))
    assert isinstance(listed, RorsConfirmedAction)
    assert list(SEGMENT_IDS.decode(listed.action_info)) == instances


def test_a_get_tells_of_the_store_as_it_is_now() -> None:
    kept = store(segment(1, 5), segment(2, 3))
    answer = kept.answer(RoivGet(STORE, ()))
    assert isinstance(answer, RorsGet)
    assert find(answer.attributes, at.NUM_SEG) == 2
    assert find(answer.attributes, at.METRIC_STORE_USAGE_CNT) == 8
    one = kept.answer(RoivGet(STORE, (at.NUM_SEG.attribute_id,)))
    assert one == RorsGet(STORE, (at.NUM_SEG.of(2),))


def test_a_transfer_gives_page_after_page_and_ends() -> None:
    kept = store(segment(1, 5))
    assert kept.next_page() is None
    assert result(kept, 1) == TransferResult.SUCCESSFUL
    pages = [kept.next_page(), kept.next_page()]
    assert [page.first for page in pages if page] == [0, 3]
    assert kept.is_transferring
    assert kept.next_page() is None
    assert not kept.is_transferring


def test_a_segment_that_is_not_there_or_empty_says_so() -> None:
    kept = store(segment(1, 0))
    assert result(kept, 1) == TransferResult.SEGMENT_EMPTY
    assert result(kept, 2) == TransferResult.NO_SUCH_SEGMENT


def test_a_busy_store_says_try_later() -> None:
    kept = store(segment(1, 5))
    kept.put_off(2)
    results = [result(kept, 1) for _ in range(4)]
    # The last one asks while a transfer goes on.
    assert results == [2, 2, TransferResult.SUCCESSFUL, TransferResult.TRY_LATER]
    kept.stop()
    assert result(kept, 1) == TransferResult.SUCCESSFUL


def test_a_store_that_gives_up_says_so_in_place_of_the_next_page() -> None:
    kept = store(segment(1, 5))
    kept.abort_transfer()
    result(kept, 1)
    assert kept.next_page() is not None
    kept.abort_transfer()
    page = kept.next_page()
    assert page is not None
    assert (page.first, page.count, page.status) == (3, 0, SegmentStatus.AGENT_ABORT)
    assert not kept.is_transferring


def test_cleared_segments_are_removed_where_the_store_removes() -> None:
    kept = store(segment(1, 5), segment(2, 5))
    assert kept.answer(request_clear(STORE, SegmentIds((2,)))) == RorsConfirmedAction(
        STORE, 3084, b""
    )
    assert list(kept.segments) == [1]
    assert kept.answer(request_clear(STORE, hours(-3, 0))) == RorsConfirmedAction(STORE, 3084, b"")
    assert not kept.segments


def test_cleared_segments_stay_empty_where_it_does_not() -> None:
    kept = AgentStore(STORE, [segment(1, 5)])
    kept.answer(request_clear(STORE, AllSegments()))
    assert told(kept.answer(request_infos(STORE, AllSegments()))) == [1]
    assert result(kept, 1) == TransferResult.SEGMENT_EMPTY


@pytest.mark.parametrize(
    "request_",
    [
        request_clear(STORE, SegmentIds((1,))),
        request_clear(STORE, hours(-3, 0)),
        request_infos(STORE, hours(-3, 0)),
        request_ids(STORE, hours(-3, 0)),
    ],
)
def test_what_the_store_is_not_able_to_is_not_allowed(request_: RoivConfirmedAction) -> None:
    plain = AgentStore(STORE, [segment(1, 5)], capability=StoreCapability.EPISODIC_ENTRIES)
    assert plain.answer(request_) == NOT_ALLOWED
    assert len(plain.segments[1]) == 5


def test_a_segment_on_its_way_is_not_cleared() -> None:
    kept = store(segment(1, 5), segment(2, 5))
    result(kept, 1)
    assert kept.answer(request_clear(STORE, AllSegments())) == NOT_ALLOWED
    assert isinstance(kept.answer(request_clear(STORE, SegmentIds((2,)))), RorsConfirmedAction)
    assert list(kept.segments) == [1]


def test_other_actions_and_broken_arguments_are_refused() -> None:
    kept = store(segment(1, 5))
    assert kept.answer(RoivConfirmedAction(STORE, 3095, b"")) == Roer(9, b"")
    assert kept.answer(RoivConfirmedAction(STORE, 3100, b"\0")) == Rorj(2)
    assert kept.answer(RoivConfirmedAction(STORE, 3085, b"\0\7\0\0")) == Rorj(2)
    assert kept.answer(RoivConfirmedSet(STORE, ())) == Roer(9, b"")
