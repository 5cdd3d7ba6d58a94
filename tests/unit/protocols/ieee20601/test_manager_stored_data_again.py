"""Fetching once more: known pages, a part of the segments, later, and giving up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601.association import Supported
from protocols.ieee20601.events import (
    SegmentFetched,
    StoredDataFinished,
    StoredPageKept,
)
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.segment_selection import SegmentIds
from protocols.ieee20601.states import State
from tests.unit.protocols.ieee20601.apdu_octets import aarq, prst, sized
from tests.unit.protocols.ieee20601.exchange import AGENT, Bench, mds_answer
from tests.unit.protocols.ieee20601.store_octets import (
    CLEARING,
    OTHER_STORE,
    RESTING,
    STORE,
    fetch_one,
    get_info,
    infos,
    page,
    page_answer,
    patient,
    segment,
    start,
    trigger,
    triggered,
    values_of,
)


def test_pages_that_are_known_are_confirmed_and_not_reported_again() -> None:
    marks: set[bytes] = set()

    def connect() -> Bench:
        bench = Bench(
            configurations=lambda _id, _config: patient(),
            stored_pages=lambda system_id, mark: system_id == AGENT and mark in marks,
        )
        bench.receive(aarq(config_id=0x4001))
        bench.receive(mds_answer(0))
        return bench

    first = connect()
    first.receive(infos(1, segment(16, 3)) + triggered(2, 16, 0))
    first.receive(page(5, 16, 0, [91, 92], 0x8000))
    assert marks_of(first) == []  # not durable yet
    first.confirm(5)
    marks.update(marks_of(first))
    assert len(marks) == 1
    # Cut off; the segment has grown by one entry meanwhile.
    second = connect()
    second.receive(infos(1, segment(16, 4)) + triggered(2, 16, 0))
    second.receive(page(5, 16, 0, [91, 92], 0x8000))
    assert values_of(second.events) == []
    assert second.confirm(5) == page_answer(5, 16, 0, 2)
    second.receive(page(6, 16, 2, [93, 94], 0x4000))
    assert values_of(second.events) == [Decimal(93), Decimal(94)]
    second.confirm(6)
    assert SegmentFetched(STORE, 16, 4, complete=True) in second.events
    # The clock was set back or the segment is another: other octets are always reported.
    third = connect()
    third.receive(infos(1, segment(16, 2)) + triggered(2, 16, 0))
    third.receive(page(5, 16, 0, [95, 96], 0xC000))
    assert values_of(third.events) == [Decimal(95), Decimal(96)]


def marks_of(bench: Bench) -> list[bytes]:
    return [event.mark for event in bench.events if isinstance(event, StoredPageKept)]


def test_a_test_association_neither_knows_nor_marks_pages() -> None:
    bench = Bench(
        policy=ManagerPolicy(
            supported=Supported(test_associations=True),
            clear_after_storage=CLEARING.clear_after_storage,
        ),
        configurations=lambda _id, _config: patient(),
        stored_pages=lambda _system_id, _mark: True,
    )
    bench.receive(aarq(config_id=0x4001, functional_units=0x60000000))
    bench.receive(mds_answer(0))
    assert fetch_one(bench, RESTING).endswith(get_info(3, OTHER_STORE))
    assert values_of(bench.events) == [Decimal(91)]
    assert marks_of(bench) == []


def test_only_segments_of_the_policy_s_age_are_asked_for_where_the_store_can_select() -> None:
    policy = ManagerPolicy(stored_age=timedelta(hours=12))
    bench = Bench(policy=policy, configurations=lambda _id, _config: patient(0x0200))
    bench.receive(aarq(config_id=0x4001))
    times = bytes.fromhex("0003 0010 2026112300000000 2026112412000000")
    asked = STORE.to_bytes(2, "big") + b"\x0c\x0d" + sized(times)
    assert bench.receive(mds_answer(0)) == prst(1, 0x0107, asked)
    # The other store does not say that it can.
    assert bench.receive(infos(1)) == get_info(2, OTHER_STORE)


@pytest.mark.parametrize("clock", ["0000000000000000", "0001010100000000", "9999123123595900"])
def test_without_a_clock_of_use_every_segment_is_asked_for(clock: str) -> None:
    policy = ManagerPolicy(stored_age=timedelta(hours=12))
    bench = Bench(policy=policy, configurations=lambda _id, _config: patient(0x0200))
    bench.receive(aarq(config_id=0x4001))
    assert bench.receive(mds_answer(0, bytes.fromhex(clock))) == get_info(1)


def test_the_driver_may_fetch_again_later_in_the_association() -> None:
    bench = start()
    with pytest.raises(LocalProtocolError, match="already"):
        bench.manager.fetch_stored(now=bench.now)
    bench.receive(infos(1) + infos(2, store=OTHER_STORE))
    bench.take_events()
    bench.now = 3600.0
    bench.manager.fetch_stored(SegmentIds((18,)), stores=(STORE,), now=bench.now)
    one = bytes.fromhex("0100 0C0D 000A 0002 0006 0001 0002 0012")
    assert bench.drain() == prst(3, 0x0107, one)
    bench.receive(infos(3, segment(18, 1)) + triggered(4, 18, 0))
    bench.receive(page(9, 18, 0, [91], 0xC000))
    bench.confirm(9)
    assert values_of(bench.events) == [Decimal(91)]
    assert bench.take_events()[-1] == StoredDataFinished(complete=True)
    bench.manager.fetch_stored(now=bench.now)
    assert bench.drain() == get_info(5)


def test_a_store_the_device_does_not_have_cannot_be_fetched() -> None:
    bench = Bench()
    bench.operate()
    with pytest.raises(LocalProtocolError, match="no such PM-store"):
        bench.manager.fetch_stored(now=bench.now)
    with pytest.raises(LocalProtocolError, match="not possible in state"):
        Bench().manager.fetch_stored(now=0.0)


def test_a_fetch_that_is_stopped_answers_the_next_page_with_manager_abort() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 3), segment(17, 1)) + triggered(2, 16, 0))
    bench.receive(page(5, 16, 0, [91], 0x8000))
    bench.manager.stop_stored(now=bench.now)
    assert bench.drain() == b""
    assert bench.take_events()[-1] == StoredDataFinished(complete=False)
    # What came is durable and confirmed as ever.
    assert bench.confirm(5) == page_answer(5, 16, 0, 1)
    assert bench.receive(page(6, 16, 1, [92], 0x0000)) == page_answer(6, 16, 1, 1, 0x0008)
    assert values_of(bench.take_events()) == []
    bench.manager.stop_stored(now=bench.now)
    # A later fetch asks for the same segment, and takes its pages again.
    bench.manager.fetch_stored(now=bench.now)
    assert bench.drain() == get_info(3)
    assert bench.receive(page(7, 16, 1, [92], 0x0000)) == page_answer(7, 16, 1, 1, 0x0008)
    bench.receive(infos(3, segment(16, 1)) + triggered(4, 16, 0) + page(8, 16, 0, [91], 0xC000))
    assert bench.confirm(8).startswith(page_answer(8, 16, 0, 1))


def test_a_repeat_of_what_is_over_disturbs_no_timer_of_the_next_segment() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 1), segment(17, 1)) + triggered(2, 16, 0))
    bench.receive(page(5, 16, 0, [91], 0xC000))
    assert bench.confirm(5) == page_answer(5, 16, 0, 1) + trigger(3, 17)
    bench.receive(triggered(3, 17, 2))  # try later
    bench.receive(page(6, 16, 0, [91], 0xC000))
    assert bench.confirm(6) == page_answer(6, 16, 0, 1)
    assert bench.manager.next_deadline() == 5.0
    assert bench.wait(5.0) == trigger(4, 17)
    bench.receive(triggered(4, 17, 0))
    bench.receive(page(7, 16, 0, [91], 0xC000))
    assert bench.manager.next_deadline() == 8.0


def test_a_page_of_an_earlier_fetch_may_be_confirmed_during_the_next() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 1)) + triggered(2, 16, 0))
    bench.receive(page(5, 16, 0, [91], 0xC000))
    bench.confirm(5)
    bench.receive(page(6, 16, 0, [91], 0xC000) + infos(3, store=OTHER_STORE))
    bench.manager.fetch_stored(now=bench.now)
    bench.drain()
    bench.take_events()
    assert bench.confirm(6) == page_answer(6, 16, 0, 1)
    assert len(marks_of(bench)) == 1


@pytest.mark.parametrize("waiting", ["for infos", "for an answer", "to ask again"])
def test_a_fetch_may_be_stopped_at_any_moment(waiting: str) -> None:
    bench = start()
    if waiting != "for infos":
        bench.receive(infos(1, segment(16, 1)))
    if waiting == "to ask again":
        bench.receive(triggered(2, 16, 2))
    bench.manager.stop_stored(now=bench.now)
    assert bench.drain() == b""
    if waiting == "for infos":
        assert bench.receive(infos(1, segment(16, 1))) == b""
    if waiting == "for an answer":
        assert bench.receive(triggered(2, 16, 0)) == b""
    assert bench.wait(60.0) == b""
    assert bench.take_events() == [StoredDataFinished(complete=False)]
    assert bench.is_in(State.OPERATING)
