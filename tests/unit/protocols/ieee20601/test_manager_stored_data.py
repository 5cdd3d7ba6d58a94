"""How a manager fetches PM-stores: every segment, every page confirmed by the driver."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import RemoteProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.events import (
    StoredDataFinished,
)
from protocols.ieee20601.persistent_store import SegmentInfo
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.states import State
from protocols.ieee20601.timeouts import ManagerTimeouts
from tests.unit.protocols.ieee20601.apdu_octets import aarq, abrt, prst, report, sized
from tests.unit.protocols.ieee20601.exchange import NOON, SEGMENT, Bench, mds_answer, spo2
from tests.unit.protocols.ieee20601.store_octets import (
    OTHER_STORE,
    STORE,
    get_ids,
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


def test_all_segments_of_all_stores_are_fetched_page_by_page() -> None:
    bench = start()
    written = bench.receive(infos(1, segment(16, 3), segment(17, 0), segment(18, 1)))
    assert written == trigger(2, 16)
    assert bench.receive(triggered(2, 16, 0)) == b""
    assert bench.receive(page(0x8001, 16, 0, [91, 92], 0x8000)) == b""
    assert bench.confirm(0x8001) == page_answer(0x8001, 16, 0, 2)
    assert bench.receive(page(0x8002, 16, 2, [93], 0x4000)) == b""
    # The last page's confirm goes out before the next segment is asked for; 17 is empty.
    assert bench.confirm(0x8002) == page_answer(0x8002, 16, 2, 1) + trigger(3, 18)
    bench.receive(triggered(3, 18, 0) + page(0x8003, 18, 0, [94], 0xC000))
    assert bench.confirm(0x8003) == page_answer(0x8003, 18, 0, 1) + get_info(4, OTHER_STORE)
    bench.receive(infos(4, store=OTHER_STORE))
    events = bench.take_events()
    assert values_of(events) == [Decimal(n) for n in (91, 92, 93, 94)]
    assert events[-1] == StoredDataFinished(complete=True)
    assert bench.manager.next_deadline() is None


def test_a_store_is_never_cleared() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 1)) + triggered(2, 16, 0))
    bench.receive(page(7, 16, 0, [91], 0xC000))
    written = bench.confirm(7) + bench.receive(infos(3, store=OTHER_STORE))
    assert bytes.fromhex("0C0C") not in written


def test_live_reports_go_on_during_a_transfer() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 1)) + triggered(2, 16, 0))
    bench.report(5, spo2(98))
    bench.receive(page(6, 16, 0, [91], 0xC000))
    assert values_of(bench.take_events()) == [Decimal(98), Decimal(91)]
    bench.confirm(5)
    assert bench.confirm(6).startswith(page_answer(6, 16, 0, 1))


def test_stored_data_is_left_alone_where_the_policy_says_so() -> None:
    bench = Bench(
        policy=ManagerPolicy(collect_stored=False), configurations=lambda _id, _config: patient()
    )
    bench.receive(aarq(config_id=0x4001))
    assert bench.receive(mds_answer(0)) == b""
    assert bench.manager.next_deadline() is None


def test_a_segment_that_says_try_later_is_asked_again_after_a_pause() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 1)))
    assert bench.receive(triggered(2, 16, 2)) == b""
    assert bench.wait(4.9) == b""
    assert bench.wait(0.1) == trigger(3, 16)
    # Each pause is twice as long as the one before, up to a minute.
    bench.receive(triggered(3, 16, 2))
    assert bench.wait(9.9) == b""
    assert bench.wait(0.1) == trigger(4, 16)
    assert bench.receive(triggered(4, 16, 0)) == b""


def test_a_segment_that_always_says_try_later_is_left_and_the_fetch_is_incomplete() -> None:
    bench = start(ManagerPolicy(segment_retries=1))
    bench.receive(infos(1, segment(16, 1), segment(17, 1)))
    bench.receive(triggered(2, 16, 2))
    bench.wait(5.0)
    assert bench.receive(triggered(3, 16, 2)) == trigger(4, 17)
    bench.receive(triggered(4, 17, 3))
    bench.receive(infos(5, store=OTHER_STORE))
    assert bench.take_events()[-1] == StoredDataFinished(complete=False)


@pytest.mark.parametrize(
    ("result", "complete"), [(1, False), (3, True), (512, False)], ids=["no such", "empty", "other"]
)
def test_a_segment_that_is_not_sent_is_passed_over(result: int, complete: bool) -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 1)))
    assert bench.receive(triggered(2, 16, result)) == get_info(3, OTHER_STORE)
    bench.receive(infos(3, store=OTHER_STORE))
    assert bench.take_events()[-1] == StoredDataFinished(complete=complete)


def test_a_segment_that_does_not_say_how_much_it_holds_is_asked_for() -> None:
    bench = start()
    assert bench.receive(infos(1, segment(16, None))) == trigger(2, 16)


@pytest.mark.parametrize(
    "answer",
    [
        prst(1, 0x0300, bytes.fromhex("0009 0000")),
        prst(1, 0x0400, bytes.fromhex("0065")),
        prst(1, 0x0207, STORE.to_bytes(2, "big") + b"\x0c\x0d" + sized(b"\x00\x01\x00")),
    ],
    ids=["ROER", "RORJ", "undecodable"],
)
def test_a_store_that_refuses_twice_is_passed_over(answer: bytes) -> None:
    bench = start()
    assert bench.receive(answer) == get_ids(2)
    assert bench.receive(prst(2, 0x0300, bytes.fromhex("0009 0000"))) == get_info(3, OTHER_STORE)
    bench.receive(infos(3, store=OTHER_STORE))
    assert bench.take_events()[-1] == StoredDataFinished(complete=False)
    assert bench.is_in(State.OPERATING)


def test_a_store_that_cannot_tell_of_all_at_once_is_asked_segment_by_segment() -> None:
    bench = start()
    # RORJ resource-limitation: the whole list is too long for one APDU.
    assert bench.receive(prst(1, 0x0400, bytes.fromhex("0067"))) == get_ids(2)
    listed = prst(
        2, 0x0207, bytes.fromhex("0100 0C1E") + sized(bytes.fromhex("0002 0004 00100011"))
    )
    one = bytes.fromhex("0100 0C0D 000A 0002 0006 0001 0002 0010")
    assert bench.receive(listed) == prst(3, 0x0107, one)
    assert bench.receive(infos(3, segment(16, 1))) == trigger(4, 16)
    bench.receive(triggered(4, 16, 0) + page(5, 16, 0, [91], 0xC000))
    other = bytes.fromhex("0100 0C0D 000A 0002 0006 0001 0002 0011")
    assert bench.confirm(5) == page_answer(5, 16, 0, 1) + prst(5, 0x0107, other)
    # A segment that refuses to be described is missing.
    assert bench.receive(prst(5, 0x0300, bytes.fromhex("0011 0000"))) == get_info(6, OTHER_STORE)
    bench.receive(infos(6, store=OTHER_STORE))
    assert bench.take_events()[-1] == StoredDataFinished(complete=False)


def test_a_refused_transfer_is_passed_over() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 1)))
    assert bench.receive(prst(2, 0x0300, bytes.fromhex("0002 0000"))) == get_info(3, OTHER_STORE)


def test_a_store_that_never_answers_aborts() -> None:
    bench = start()
    assert bench.wait(3.0) == abrt(2)
    assert isinstance(bench.take_end().cause, RemoteProtocolError)


def test_a_transfer_that_never_starts_aborts_after_the_segment_s_own_timeout() -> None:
    bench = start()
    twenty_seconds = at.TRANSFER_TIMEOUT.of(160_000)
    bench.receive(infos(1, segment(16, 1, twenty_seconds)) + triggered(2, 16, 0))
    assert bench.manager.next_deadline() == 20.0
    assert bench.wait(20.0) == abrt(2)


def test_the_default_transfer_timeout_is_the_policy_s() -> None:
    bench = start(ManagerPolicy(timeouts=ManagerTimeouts(transfer=7.0)))
    bench.receive(infos(1, segment(16, 1)) + triggered(2, 16, 0))
    assert bench.manager.next_deadline() == 7.0


def test_the_transfer_timeout_rests_while_the_driver_stores_a_page() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 3)) + triggered(2, 16, 0) + page(5, 16, 0, [91], 0x8000))
    assert bench.manager.next_deadline() is None
    bench.now = 50.0
    bench.confirm(5)
    assert bench.manager.next_deadline() == 53.0


def test_a_transfer_that_stops_is_given_up_and_its_late_pages_refused() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 3), segment(17, 1)) + triggered(2, 16, 0))
    bench.receive(page(5, 16, 0, [91], 0x8000))
    bench.confirm(5)
    assert bench.wait(3.0) == trigger(3, 17)
    assert bench.is_in(State.OPERATING)
    assert values_of(bench.take_events()) == [Decimal(91)]
    # Status 0x0008: manager-abort.
    assert bench.receive(page(6, 16, 1, [92], 0x0000)) == page_answer(6, 16, 1, 1, 0x0008)
    assert values_of(bench.take_events()) == []
    bench.receive(triggered(3, 17, 0) + page(7, 17, 0, [93], 0xC000))
    bench.confirm(7)
    bench.receive(infos(4, store=OTHER_STORE))
    events = bench.take_events()
    assert values_of(events) == [Decimal(93)]
    assert events[-1] == StoredDataFinished(complete=False)


def test_a_transfer_the_agent_gives_up_is_incomplete() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 3)) + triggered(2, 16, 0))
    bench.receive(page(5, 16, 0, [91], 0x0800))
    assert bench.confirm(5) == page_answer(5, 16, 0, 1) + get_info(3, OTHER_STORE)
    bench.receive(infos(3, store=OTHER_STORE))
    assert bench.take_events()[-1] == StoredDataFinished(complete=False)


@pytest.mark.parametrize(
    ("first", "values"), [(0, [91]), (1, [91, 92])], ids=["ends early", "a page is missing"]
)
def test_missing_entries_are_told(first: int, values: list[int]) -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 3)) + triggered(2, 16, 0))
    bench.receive(page(5, 16, first, values, 0xC000))
    assert any("segment 16" in text for text in bench.take_warnings())
    bench.confirm(5)
    bench.receive(infos(3, store=OTHER_STORE))
    assert bench.take_events()[-1] == StoredDataFinished(complete=False)


def test_a_page_that_does_not_divide_into_entries_is_rejected() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 3)) + triggered(2, 16, 0))
    info = bytes.fromhex("0010 00000000 00000001 C000") + sized(bytes(7))
    written = bench.receive(report(5, SEGMENT, info, handle=STORE))
    assert written == prst(5, 0x0400, b"\x00\x02")
    assert bench.is_in(State.OPERATING)


def test_an_interrupted_fetch_starts_again_with_the_next_association() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 3)) + triggered(2, 16, 0))
    bench.receive(page(5, 16, 0, [91], 0x8000))
    bench.manager.transport_closed(now=bench.now)
    bench.manager.transport_connected(now=bench.now)
    bench.drain()
    bench.take_events()
    bench.receive(aarq(config_id=0x4001))
    # Our invoke ids go on; the agent's begin anew.
    assert bench.receive(mds_answer(3)) == get_info(4)
    bench.receive(infos(4, segment(16, 3)) + triggered(5, 16, 0))
    bench.receive(page(5, 16, 0, [91], 0x8000))
    assert values_of(bench.take_events()) == [Decimal(91)]


def test_pages_that_want_no_confirm_are_taken_and_the_fetch_goes_on() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 2)) + triggered(2, 16, 0))
    entry = NOON + (91).to_bytes(2, "big")
    head = bytes.fromhex("0010 00000000 00000001")
    bench.receive(
        report(5, SEGMENT, head + b"\x80\x00" + sized(entry), handle=STORE, confirmed=False)
    )
    assert bench.manager.next_deadline() == 3.0
    head = bytes.fromhex("0010 00000001 00000001")
    written = bench.receive(
        report(6, SEGMENT, head + b"\x40\x00" + sized(entry), handle=STORE, confirmed=False)
    )
    assert written == get_info(3, OTHER_STORE)
    assert values_of(bench.take_events()) == [Decimal(91), Decimal(91)]


def test_what_cannot_be_read_of_a_segment_is_told_and_the_rest_is_used() -> None:
    bench = start()
    broken = AttributeValue(at.TRANSFER_TIMEOUT.attribute_id, b"\0")
    assert bench.receive(infos(1, segment(16, 1, broken))) == trigger(2, 16)
    assert bench.take_warnings()[0].startswith("segment 16: MDC_ATTR_TRANSFER_TIMEOUT")


def test_a_page_of_a_segment_without_a_map_is_rejected() -> None:
    bench = start()
    bench.receive(infos(1, SegmentInfo(16, (at.SEG_USAGE_CNT.of(1),))) + triggered(2, 16, 0))
    assert bench.receive(page(5, 16, 0, [91], 0xC000)) == prst(5, 0x0400, b"\x00\x02")


def test_the_last_page_of_a_segment_sent_twice_is_stored_twice_and_asked_once() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 1)) + triggered(2, 16, 0))
    bench.receive(page(5, 16, 0, [91], 0xC000))
    assert bench.confirm(5) == page_answer(5, 16, 0, 1) + get_info(3, OTHER_STORE)
    # Under another invoke id it is another report; the observations' ids are the same.
    bench.receive(page(6, 16, 0, [91], 0xC000))
    assert bench.confirm(6) == page_answer(6, 16, 0, 1)
    first, second = bench.take_observations()
    assert first.observation_id == second.observation_id


def test_a_segment_that_comes_although_it_said_later_is_not_asked_for_again() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 1)))
    bench.receive(triggered(2, 16, 2))
    bench.receive(page(0x8001, 16, 0, [91], 0xC000))
    assert bench.confirm(0x8001) == page_answer(0x8001, 16, 0, 1) + get_info(3, OTHER_STORE)
    bench.receive(infos(3, store=OTHER_STORE))
    assert bench.wait(10.0) == b""
    assert bench.take_events()[-1] == StoredDataFinished(complete=True)
