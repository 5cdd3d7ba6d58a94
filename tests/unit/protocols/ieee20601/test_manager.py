"""What a driver may ask of a manager, what its rows carry out, and what it does when time is up."""

from __future__ import annotations

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.data_requests import EVERYTHING, Lasting
from protocols.ieee20601.events import (
    AssociationEnded,
    AttributesRead,
    AttributesSet,
    ClockSet,
    ConfigurationDistrusted,
    DataRequestEnded,
    DeviceSilent,
    ObservationsReported,
    ReportsMissed,
    RequestRefused,
    SegmentFetched,
    StoredDataFinished,
)
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.requests import set_attribute
from protocols.ieee20601.segment_selection import SegmentIds
from protocols.ieee20601.states import State
from tests.unit.protocols.ieee20601.apdu_octets import RLRE, RLRQ, aarq, abrt, prst, report
from tests.unit.protocols.ieee20601.exchange import FIXED, START, Bench, spo2
from tests.unit.protocols.ieee20601.store_octets import (
    OTHER_STORE,
    STORE,
    get_info,
    infos,
    page,
    page_answer,
    segment,
    start,
    trigger,
    triggered,
)
from tests.unit.protocols.ieee20601.test_manager_clock import ASKS, NOON, mds, met
from tests.unit.protocols.ieee20601.test_manager_data_requests import served
from tests.unit.protocols.ieee20601.test_manager_device_firmware import associated, firmware_answer


@pytest.fixture
def bench() -> Bench:
    operating = Bench(first_invoke_id=7)
    operating.operate()
    operating.take_events()
    return operating


def confirmation(invoke_id: int) -> bytes:
    return prst(invoke_id, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1D 0000"))


def test_a_report_is_confirmed_when_the_driver_says_so_and_again_when_it_is_repeated(
    bench: Bench,
) -> None:
    assert bench.report(3, spo2(98)) == b""
    assert bench.confirm(3) == confirmation(3)
    assert bench.report(3, spo2(98)) == confirmation(3)
    told = [event for event in bench.take_events() if isinstance(event, ObservationsReported)]
    assert [one.invoke_id for one in told] == [3]


def test_a_confirm_for_an_association_that_ended_does_nothing(bench: Bench) -> None:
    bench.report(3, spo2(98))
    (told,) = bench.take_events()
    assert isinstance(told, ObservationsReported)
    bench.receive(RLRQ)
    bench.manager.confirm(3, now=bench.now, association=told.association)
    assert bench.drain() == b""
    bench.operate()
    bench.manager.confirm(3, now=bench.now, association=told.association)
    assert bench.drain() == b""


def test_a_get_and_a_set_are_told_under_the_id_they_were_given(bench: Bench) -> None:
    read = bench.manager.get(1, [2646], now=bench.now)
    written = bench.manager.set(55, set_attribute(55, at.OP_STAT, 1).modifications, now=bench.now)
    bench.receive(prst(written, 0x0205, bytes.fromhex("0037 0001 0006 0953 0002 0001")))
    bench.receive(prst(read, 0x0203, bytes.fromhex("0001 0001 0006 0A56 0002 0062")))
    assert bench.take_events() == [
        AttributesSet(written, 55, (AttributeValue(0x0953, b"\0\1"),)),
        AttributesRead(read, 1, (AttributeValue(2646, b"\x00\x62"),)),
    ]


def test_a_refused_request_is_told_and_the_association_goes_on(bench: Bench) -> None:
    refused = bench.manager.get(now=bench.now)
    bench.receive(prst(refused, 0x0300, bytes.fromhex("0002 0000")))
    assert bench.take_events() == [RequestRefused(refused)]
    assert bench.is_in(State.OPERATING)


def test_a_request_nobody_answers_aborts(bench: Bench) -> None:
    bench.manager.get(now=bench.now)
    bench.drain()
    assert bench.wait(3.0) == abrt(2)
    assert "no answer to" in str(bench.take_end().cause)


def test_a_request_out_of_turn_raises_and_changes_nothing() -> None:
    bench = Bench()
    for ask in (
        lambda: bench.manager.get(now=0.0),
        lambda: bench.manager.set(1, (), now=0.0),
        lambda: bench.manager.set_time(now=0.0),
        lambda: bench.manager.fetch_stored(now=0.0),
        lambda: bench.manager.stop_stored(now=0.0),
    ):
        with pytest.raises(LocalProtocolError):
            ask()
    assert (bench.drain(), bench.is_in(State.UNASSOCIATED)) == (b"", True)


def test_the_driver_sets_the_clock_whatever_the_policy_says() -> None:
    bench, written = met(ManagerPolicy(), mds(ASKS, NOON))
    assert written == b""
    invoke_id = bench.manager.set_time(now=bench.now)
    assert bench.drain()[:2] == b"\xe7\x00"
    bench.receive(prst(invoke_id, 0x0207, bytes.fromhex("0000 0C17 0000")))
    (told,) = bench.take_events()
    assert isinstance(told, ClockSet)
    assert told.new.local == START.replace(tzinfo=None)


def test_a_release_is_answered_or_aborts_after_its_time(bench: Bench) -> None:
    bench.manager.release(now=bench.now)
    assert bench.drain() == RLRQ
    assert bench.receive(RLRE) == b""
    bench.operate()
    bench.manager.release(now=bench.now)
    bench.drain()
    assert bench.wait(3.0) == abrt(2)


def test_a_report_too_long_to_keep_is_rejected_and_a_broken_one_too(bench: Bench) -> None:
    assert bench.report(3, bytes(0xFF00))[8:14] == bytes.fromhex("0400 0002 0067")
    assert bench.report(4, b"\0")[8:14] == bytes.fromhex("0400 0002 0002")
    assert bench.is_in(State.OPERATING)


def test_a_report_of_an_object_nobody_named_is_an_error_and_what_is_known_of_it_is_kept(
    bench: Bench,
) -> None:
    known_and_foreign = bytes.fromhex("F000 0000 0002 001C")
    known_and_foreign += spo2(98)[8:] + b"\x00\x63" + spo2(98)[10:]
    answer = bench.report(3, known_and_foreign)
    assert answer[8:14] == bytes.fromhex("0300 0004 0001")
    (told,) = bench.take_events()
    assert isinstance(told, ObservationsReported)
    assert len(told.observations) == 1


def test_live_reports_that_nobody_has_room_for_count_as_missed() -> None:
    bench = Bench(policy=ManagerPolicy(max_held_octets=0))
    bench.receive(aarq(config_id=0x0190))
    bench.report(3, spo2(98), confirmed=False)
    assert ReportsMissed(1, first=0, last=0) in bench.take_events()


def test_a_configuration_remembered_of_another_firmware_is_distrusted_at_once() -> None:
    bench, get_id = associated("1.02")
    assert bench.receive(firmware_answer(get_id, b"2.00")) == abrt(0)
    assert any(isinstance(event, ConfigurationDistrusted) for event in bench.take_events())


def test_a_peer_that_reads_none_of_our_answers_is_aborted_for_the_overflow() -> None:
    bench = Bench(policy=ManagerPolicy(max_pending_octets=100))
    bench.operate()
    get = prst(1, 0x0103, bytes(6))
    bench.manager.receive_data(get * 20, now=bench.now, utc=START)
    assert bench.drain() == abrt(1)
    assert isinstance(bench.take_end(), AssociationEnded)


def test_a_steady_device_that_falls_silent_is_told(bench: Bench) -> None:
    for number in range(10):
        bench.wait(1.0)
        bench.report(number, spo2(98, number=number), confirmed=False)
    bench.take_events()
    bench.wait(60.0)
    assert bench.take_events() == [DeviceSilent(5.0)]


def test_a_data_request_ends_with_its_period() -> None:
    pair = served()
    req_id = pair.manager.request_data(EVERYTHING, Lasting.PERIOD, seconds=1.0, now=pair.now)
    pair.settle()
    assert DataRequestEnded(req_id) not in pair.manager_events
    pair.pass_time(1.0)
    assert pair.manager_events[-1] == DataRequestEnded(req_id)


def test_a_fetch_goes_segment_by_segment_and_asks_again_for_what_was_not_ready() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 1)) + triggered(2, 16, 2))
    assert bench.wait(5.0) == trigger(3, 16)
    bench.receive(triggered(3, 16, 0) + page(5, 16, 0, [91], 0xC000))
    assert bench.confirm(5) == page_answer(5, 16, 0, 1) + get_info(4, OTHER_STORE)
    bench.receive(infos(4, store=OTHER_STORE))
    fetched, finished = bench.take_events()[-2:]
    assert fetched == SegmentFetched(STORE, 16, 1, complete=True)
    assert finished == StoredDataFinished(complete=True)
    bench.manager.fetch_stored(SegmentIds((16,)), now=bench.now, stores=(STORE,))
    assert bench.drain() != b""


def test_a_transfer_that_stops_half_way_is_left_and_one_that_never_moves_aborts() -> None:
    moving = start()
    moving.receive(infos(1, segment(16, 3)) + triggered(2, 16, 0))
    moving.receive(page(5, 16, 0, [91], 0x8000))
    moving.confirm(5)
    due = moving.manager.next_deadline()
    assert due is not None
    assert moving.wait(due - moving.now) == get_info(3, OTHER_STORE)
    assert moving.is_in(State.OPERATING)
    stuck = start()
    stuck.receive(infos(1, segment(16, 3)) + triggered(2, 16, 0))
    assert stuck.wait(600.0).startswith(abrt(2))


def test_a_stopped_fetch_answers_the_next_page_with_the_managers_abort() -> None:
    bench = start()
    bench.receive(infos(1, segment(16, 3)) + triggered(2, 16, 0))
    bench.manager.stop_stored(now=bench.now)
    assert bench.drain() == b""
    answer = bench.receive(page(5, 16, 0, [91], 0x8000))
    assert answer[:2] == b"\xe7\x00"
    assert bench.take_events()[-1] == StoredDataFinished(complete=False)


def test_an_answer_to_nothing_aborts(bench: Bench) -> None:
    assert bench.receive(prst(99, 0x0203, bytes(6))) == abrt(0)
    assert bench.receive(report(3, FIXED, spo2(98))) == b""
