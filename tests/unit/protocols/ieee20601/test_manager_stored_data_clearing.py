"""When a manager clears a segment: stored whole, at rest, and named by the policy."""

from __future__ import annotations

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.events import (
    SegmentCleared,
    StoredDataFinished,
)
from protocols.ieee20601.policies import ManagerPolicy
from protocols.model.codes import SystemId
from tests.unit.protocols.ieee20601.apdu_octets import aarq, abrt, prst
from tests.unit.protocols.ieee20601.exchange import Bench, mds_answer
from tests.unit.protocols.ieee20601.store_octets import (
    CLEARING,
    OTHER_STORE,
    RESTING,
    STORE,
    clear,
    cleared,
    fetch_one,
    get_info,
    infos,
    page,
    page_answer,
    patient,
    segment,
    start,
    triggered,
)


def test_a_segment_that_is_stored_whole_is_cleared_where_the_policy_names_its_device() -> None:
    bench = start(CLEARING)
    written = fetch_one(bench, RESTING, at.CLEAR_TIMEOUT.of(80_000))
    # The confirm first: what is cleared was told to be durable.
    assert written == page_answer(7, 16, 0, 1) + clear(3, 16)
    assert bench.manager.next_deadline() == 10.0
    assert bench.receive(cleared(3)) == get_info(4, OTHER_STORE)
    assert SegmentCleared(STORE, 16) in bench.take_events()


def test_a_refused_clear_is_told_and_the_fetch_is_still_complete() -> None:
    bench = start(CLEARING)
    fetch_one(bench, RESTING)
    assert bench.receive(prst(3, 0x0300, bytes.fromhex("0018 0000"))) == get_info(4, OTHER_STORE)
    assert "the agent refused ClearSegment" in bench.take_warnings()
    bench.receive(infos(4, store=OTHER_STORE))
    assert bench.take_events()[-1] == StoredDataFinished(complete=True)


def test_a_clear_without_an_answer_aborts_after_the_store_s_timeout() -> None:
    store = patient(0x0100, at.CLEAR_TIMEOUT.of(16_000))
    bench = Bench(policy=CLEARING, configurations=lambda _id, _config: store)
    bench.receive(aarq(config_id=0x4001))
    bench.receive(mds_answer(0))
    fetch_one(bench, RESTING)
    assert bench.manager.next_deadline() == 2.0
    assert bench.wait(2.0) == abrt(2)


@pytest.mark.parametrize(
    ("attributes", "usage", "capability", "why"),
    [
        pytest.param((RESTING,), 2, 0x0100, "not every entry", id="an entry is missing"),
        pytest.param((), 1, 0x0100, "may still be added", id="nobody knows whether it rests"),
        pytest.param((at.OP_STAT.of(1),), 1, 0x0100, "may still be added", id="still recording"),
        pytest.param((RESTING,), 1, 0, "cannot clear single", id="the store cannot"),
    ],
)
def test_what_might_lose_an_entry_is_not_cleared(
    attributes: tuple[AttributeValue, ...], usage: int, capability: int, why: str
) -> None:
    bench = start(CLEARING, capability=capability)
    written = fetch_one(bench, *attributes, usage=usage)
    assert written.endswith(get_info(3, OTHER_STORE))
    assert any(why in text for text in bench.take_warnings())


def test_a_segment_with_a_page_that_waits_for_its_confirm_is_not_cleared() -> None:
    bench = start(CLEARING)
    bench.receive(infos(1, segment(16, 2, RESTING)) + triggered(2, 16, 0))
    bench.receive(page(5, 16, 0, [91], 0x8000) + page(6, 16, 1, [92], 0x4000))
    assert bench.confirm(6) == page_answer(6, 16, 1, 1) + get_info(3, OTHER_STORE)


def test_another_device_is_not_cleared() -> None:
    bench = start(ManagerPolicy(clear_after_storage=frozenset({SystemId(bytes(8))})))
    assert fetch_one(bench, RESTING).endswith(get_info(3, OTHER_STORE))
    assert bench.take_warnings() == []
