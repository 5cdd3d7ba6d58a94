"""How a manager takes reports: once each, confirmed only when asked, every fault answered."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.ieee20601.event_reports import EventType
from protocols.ieee20601.events import (
    DeviceDescribed,
    ObservationsReported,
    OctetsDiscarded,
    ReportsMissed,
)
from protocols.ieee20601.framing import StreamLimits
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.states import State
from protocols.mder.records import LENIENT
from protocols.model.codes import UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.observation import NumericObservation
from protocols.model.quantity import Quantity
from protocols.model.timestamps import TimeQuality
from tests.unit.protocols.ieee20601.apdu_octets import RLRQ, aarq, abrt, prst, report
from tests.unit.protocols.ieee20601.exchange import (
    AGENT,
    FIXED,
    NOON,
    SEGMENT,
    START,
    Bench,
    mds_answer,
    spo2,
)

PERCENT = UnitCode(544)


def confirmation(invoke_id: int) -> bytes:
    return prst(invoke_id, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1D 0000"))


def error(invoke_id: int, code: int) -> bytes:
    return prst(invoke_id, 0x0300, code.to_bytes(2, "big") + bytes(2))


def reject(invoke_id: int, problem: int) -> bytes:
    return prst(invoke_id, 0x0400, problem.to_bytes(2, "big"))


@pytest.fixture
def bench() -> Bench:
    operating = Bench()
    operating.operate()
    operating.take_events()
    return operating


def test_a_confirmed_report_is_answered_only_when_the_driver_says_so(bench: Bench) -> None:
    assert bench.report(0x8888, spo2(98)) == b""
    (event,) = bench.take_events()
    assert isinstance(event, ObservationsReported)
    assert event.invoke_id == 0x8888
    (observation,) = event.observations
    assert isinstance(observation, NumericObservation)
    assert observation.value == Quantity(Decimal(98), PERCENT)
    assert bench.confirm(0x8888) == confirmation(0x8888)


def test_an_unconfirmed_report_is_never_answered(bench: Bench) -> None:
    assert bench.report(0x1111, spo2(98), confirmed=False) == b""
    (event,) = bench.take_events()
    assert isinstance(event, ObservationsReported)
    assert event.invoke_id is None
    with pytest.raises(LocalProtocolError):
        bench.confirm(0x1111)


def test_several_reports_wait_and_are_confirmed_in_any_order(bench: Bench) -> None:
    for invoke_id in (1, 2, 3):
        bench.report(invoke_id, spo2(90 + invoke_id, number=invoke_id))
    assert bench.confirm(2) + bench.confirm(3) + bench.confirm(1) == (
        confirmation(2) + confirmation(3) + confirmation(1)
    )


def test_a_repeated_report_that_is_not_yet_confirmed_changes_nothing(bench: Bench) -> None:
    bench.report(1, spo2(98))
    bench.take_events()
    assert bench.report(1, spo2(98)) == b""
    assert bench.take_events() == []
    assert bench.confirm(1) == confirmation(1)


def test_a_repeated_report_that_was_confirmed_is_answered_again_without_an_event(
    bench: Bench,
) -> None:
    bench.report(1, spo2(98))
    bench.confirm(1)
    bench.take_events()
    assert bench.report(1, spo2(98)) == confirmation(1)
    assert bench.report(1, spo2(98)) == confirmation(1)
    assert bench.take_events() == []


def test_an_invoke_id_used_again_for_other_octets_is_a_new_report(bench: Bench) -> None:
    bench.report(1, spo2(98))
    bench.confirm(1)
    bench.take_events()
    assert bench.report(1, spo2(97)) == b""
    assert len(bench.take_observations()) == 1
    assert bench.confirm(1) == confirmation(1)


def test_an_invoke_id_used_again_while_it_waits_is_refused(bench: Bench) -> None:
    bench.report(1, spo2(98))
    assert bench.report(1, spo2(97)) == reject(1, 103)
    assert len(bench.take_observations()) == 1
    assert bench.confirm(1) == confirmation(1)


def test_a_confirm_for_nothing_raises_and_changes_nothing(bench: Bench) -> None:
    with pytest.raises(LocalProtocolError):
        bench.confirm(7)
    assert bench.is_in(State.OPERATING)
    bench.report(7, spo2(98))
    assert bench.confirm(7) == confirmation(7)
    assert bench.confirm(7) == b""


def test_a_confirm_for_an_association_that_ended_does_nothing(bench: Bench) -> None:
    bench.report(1, spo2(98))
    bench.receive(RLRQ)
    assert bench.confirm(1) == b""
    bench.operate()
    assert bench.confirm(1) == b""


def test_more_reports_than_may_wait_are_refused_not_lost_silently() -> None:
    bench = Bench(policy=ManagerPolicy(max_waiting_reports=2))
    bench.operate()
    bench.report(1, spo2(91))
    bench.report(2, spo2(92))
    assert bench.report(3, spo2(93)) == reject(3, 103)
    bench.confirm(1)
    assert bench.report(3, spo2(93)) == b""


def test_a_gap_in_the_report_numbers_is_told_before_the_report(bench: Bench) -> None:
    bench.report(1, spo2(98, number=4))
    bench.report(2, spo2(98, number=5))
    assert not any(isinstance(event, ReportsMissed) for event in bench.take_events())
    bench.report(3, spo2(98, number=9))
    missed, reported = bench.take_events()
    assert missed == ReportsMissed(3)
    assert isinstance(reported, ObservationsReported)


@pytest.mark.parametrize(
    ("numbers", "missed"),
    [
        ((0xFFFE, 0xFFFF, 0), []),
        ((0xFFFE, 1), [2]),
        ((0, 0, 0), []),
        ((7, 3, 4), []),
    ],
    ids=["wraps", "gap over the wrap", "a device that does not count", "restarted"],
)
def test_report_numbers_wrap_and_restart(
    bench: Bench, numbers: tuple[int, ...], missed: list[int]
) -> None:
    for invoke_id, number in enumerate(numbers):
        bench.report(invoke_id, spo2(98, number=number))
    counts = [event.count for event in bench.take_events() if isinstance(event, ReportsMissed)]
    assert counts == missed


def test_report_numbers_start_anew_with_the_association(bench: Bench) -> None:
    bench.report(1, spo2(98, number=500))
    bench.receive(RLRQ)
    bench.operate()
    bench.report(1, spo2(98, number=600))
    assert not any(isinstance(event, ReportsMissed) for event in bench.take_events())


def test_an_unknown_event_type_gets_one_error(bench: Bench) -> None:
    assert bench.receive(report(1, 0x0DFF, b"\x01\x02")) == error(1, 9)
    assert bench.is_in(State.OPERATING)
    assert bench.take_events() == []


@pytest.mark.parametrize(
    "info",
    [
        pytest.param(b"", id="empty"),
        pytest.param(spo2(98)[:-1], id="cut short"),
        pytest.param(spo2(98) + b"\x01", id="surplus octet"),
        pytest.param(spo2(98)[:4] + b"\x00\x04" + spo2(98)[6:], id="list count 4 with one entry"),
        pytest.param(spo2(98, extra=b"\x00\x00"), id="longer than its value map"),
    ],
)
def test_a_report_that_does_not_decode_is_rejected(bench: Bench, info: bytes) -> None:
    assert bench.report(1, info) == reject(1, 2)
    assert bench.is_in(State.OPERATING)
    assert bench.take_observations() == []


def test_a_wrong_list_count_is_forgiven_where_the_policy_is_lenient() -> None:
    bench = Bench(policy=ManagerPolicy(leniency=LENIENT))
    bench.operate()
    bench.take_events()
    info = spo2(98)
    assert bench.report(1, info[:4] + b"\x00\x04" + info[6:]) == b""
    assert len(bench.take_observations()) == 1


def test_two_zero_octets_behind_the_list_are_tolerated_with_a_warning(bench: Bench) -> None:
    assert bench.report(1, spo2(98) + b"\x00\x00") == b""
    assert any("surplus" in text for text in bench.take_warnings())


def test_an_unknown_handle_is_an_error(bench: Bench) -> None:
    assert bench.report(1, spo2(98, handle=99)) == error(1, 1)
    assert bench.take_events() == []
    assert bench.is_in(State.OPERATING)


def test_values_of_known_handles_beside_an_unknown_one_are_kept(bench: Bench) -> None:
    one, two = spo2(98)[8:], spo2(77, handle=99)[8:]
    both = b"\xf0\x00\x00\x00\x00\x02" + (len(one) + len(two)).to_bytes(2, "big") + two + one
    assert bench.report(1, both) == error(1, 1)
    (event,) = bench.take_events()
    assert isinstance(event, ObservationsReported)
    assert event.invoke_id is None
    assert len(event.observations) == 1


def test_an_unconfirmed_report_that_cannot_be_used_is_dropped_with_a_warning(
    bench: Bench,
) -> None:
    assert bench.report(1, spo2(98)[:-1], confirmed=False) == b""
    assert bench.receive(report(2, 0x0DFF, b"", confirmed=False)) == b""
    assert bench.receive(report(2, EventType.CONFIG, b"", confirmed=False)) == b""
    assert len(bench.take_warnings()) == 3
    assert bench.is_in(State.OPERATING)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        pytest.param(0x0103, bytes(6), id="Get"),
        pytest.param(0x0105, bytes(6), id="Set"),
        pytest.param(0x0107, bytes.fromhex("0000 0C17 0000"), id="Action"),
    ],
)
def test_a_request_from_the_agent_is_rejected(bench: Bench, choice: int, message: bytes) -> None:
    assert bench.receive(prst(0x77, choice, message)) == reject(0x77, 101)
    assert bench.is_in(State.OPERATING)


def test_an_unconfirmed_request_from_the_agent_is_ignored(bench: Bench) -> None:
    assert bench.receive(prst(1, 0x0104, bytes(6))) == b""
    assert bench.is_in(State.OPERATING)


@pytest.mark.parametrize(
    "octets",
    [
        prst(0x55, 0x0203, bytes(6)),
        prst(0x55, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1D 0000")),
        error(0x55, 1),
        reject(0x55, 2),
    ],
    ids=["Get response", "event response", "ROER", "RORJ"],
)
def test_an_answer_to_nothing_aborts(bench: Bench, octets: bytes) -> None:
    assert bench.receive(octets) == abrt(0)
    assert isinstance(bench.take_end().cause, RemoteProtocolError)


def test_a_second_answer_to_a_finished_get_aborts(bench: Bench) -> None:
    assert bench.receive(mds_answer(0)) == abrt(0)


def test_a_badly_structured_message_is_rejected_when_its_id_can_be_read(bench: Bench) -> None:
    # DATA announces 54 octets and holds 12.
    octets = bytes.fromhex("E700 0014 0012 0054 0101 0036") + bytes(12)
    assert bench.receive(octets) == reject(0x54, 2)
    assert bench.is_in(State.OPERATING)


def test_a_badly_structured_unconfirmed_report_gets_no_answer(bench: Bench) -> None:
    octets = bytes.fromhex("E700 0014 0012 0054 0100 0036") + bytes(12)
    assert bench.receive(octets) == b""
    assert bench.is_in(State.OPERATING)


def test_a_message_without_a_readable_id_aborts(bench: Bench) -> None:
    assert bench.receive(bytes.fromhex("E700 0004 0002 1234")) == abrt(0)


@pytest.mark.parametrize(
    ("octets", "answer", "stays"),
    [
        pytest.param(prst(0x1234, 0x0101, bytes(300)), reject(0x1234, 103), True, id="report"),
        pytest.param(prst(0x1234, 0x0100, bytes(300)), b"", True, id="unconfirmed report"),
        pytest.param(prst(0x1234, 0x0203, bytes(300)), abrt(0), False, id="stray response"),
        pytest.param(
            aarq(config_id=1, system_id=bytes(60)), abrt(1), False, id="no invoke id to answer"
        ),
    ],
)
def test_an_apdu_longer_than_allowed_is_refused(octets: bytes, answer: bytes, stays: bool) -> None:
    bench = Bench(policy=ManagerPolicy(limits=StreamLimits(max_octets=100)))
    bench.operate()
    assert bench.receive(octets) == answer
    assert bench.is_in(State.OPERATING) is stays
    if stays:
        assert bench.report(1, spo2(98)) == b""
        assert len(bench.take_observations()) == 1


def test_noise_between_reports_is_counted_and_loses_nothing(bench: Bench) -> None:
    good = report(1, FIXED, spo2(98))
    bench.receive(good + b"\xff" * 17 + report(2, FIXED, spo2(97)))
    first, *rest = bench.take_events()
    assert first == OctetsDiscarded(17)
    assert [type(event) for event in rest] == [ObservationsReported] * 2


def test_silence_in_the_middle_of_a_report_is_noise_after_two_seconds(bench: Bench) -> None:
    bench.receive(report(1, FIXED, spo2(98))[:25])
    bench.wait(2.0)
    assert bench.take_events() == [OctetsDiscarded(25)]
    bench.report(1, spo2(98))
    assert len(bench.take_observations()) == 1


def test_a_reading_stamped_by_a_device_whose_clock_is_wrong_gets_the_right_time() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    # The device believes it is 09:30 of another day.
    bench.receive(mds_answer(0, bytes.fromhex("2020010209300000")))
    bench.now = 60.0
    bench.report(1, spo2(98, stamp=bytes.fromhex("2020010209303000")))
    (observation,) = bench.take_observations()
    assert observation.observed_at.at == START + timedelta(seconds=30)
    assert observation.observed_at.quality is TimeQuality.DEVICE


def test_reports_before_the_mds_answer_wait_for_the_device_s_clock() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    bench.take_events()
    bench.now = 1.0
    assert bench.report(1, spo2(98, stamp=bytes.fromhex("2020010209300100"))) == b""
    assert bench.report(2, spo2(97, stamp=bytes(8)), confirmed=False) == b""
    assert bench.report(1, spo2(98, stamp=bytes.fromhex("2020010209300100"))) == b""
    assert bench.take_events() == []
    bench.now = 2.0
    bench.receive(mds_answer(0, bytes.fromhex("2020010209300200")))
    described, first, second = bench.take_events()
    assert isinstance(described, DeviceDescribed)
    assert isinstance(first, ObservationsReported)
    assert isinstance(second, ObservationsReported)
    assert (first.invoke_id, second.invoke_id) == (1, None)
    assert first.observations[0].observed_at.at == START + timedelta(seconds=1)
    assert first.observations[0].observed_at.quality is TimeQuality.DEVICE
    # Without a stamp the time of reception counts, not the time of the answer.
    assert second.observations[0].observed_at.at == START + timedelta(seconds=1)
    assert second.observations[0].observed_at.quality is TimeQuality.RECEIVED
    assert bench.confirm(1) == confirmation(1)


def test_an_mds_that_is_never_told_aborts_and_live_values_are_not_lost() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    bench.report(1, spo2(98))
    bench.report(2, spo2(97), confirmed=False)
    bench.take_events()
    assert bench.wait(3.0) == abrt(2)
    described, reported, end = bench.take_events()
    assert described == DeviceDescribed(DeviceInfo(system_id=AGENT))
    # The confirmed one will be sent again; the live one would be gone.
    assert isinstance(reported, ObservationsReported)
    assert reported.invoke_id is None
    assert "GetMds" in str(getattr(end, "cause", None))


def test_more_held_reports_than_allowed_are_passed_on_without_the_device_s_clock() -> None:
    bench = Bench(policy=ManagerPolicy(max_held_reports=2))
    bench.receive(aarq(config_id=0x0190))
    bench.report(1, spo2(98, number=1), confirmed=False)
    assert bench.take_observations() == []
    bench.report(2, spo2(97, number=2), confirmed=False)
    assert len(bench.take_observations()) == 2
    bench.report(3, spo2(96, number=3), confirmed=False)
    assert len(bench.take_observations()) == 1


@pytest.mark.parametrize(
    "refusal",
    [error(0, 2), reject(0, 0), bytes.fromhex("E700 000C 000A 0000 0203 0004 0000 0001")],
    ids=["ROER", "RORJ", "undecodable"],
)
def test_an_agent_that_refuses_the_get_is_used_all_the_same(refusal: bytes) -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    bench.report(1, spo2(98))
    bench.take_events()
    assert bench.receive(refusal) == b""
    described, reported = bench.take_events()
    assert described == DeviceDescribed(DeviceInfo(system_id=AGENT))
    assert isinstance(reported, ObservationsReported)
    assert bench.is_in(State.OPERATING)


def test_a_page_of_stored_data_nobody_asked_for_is_an_error(bench: Bench) -> None:
    page = bytes.fromhex("0010 00000000 00000001 C000 0002 0000")
    assert bench.receive(report(1, SEGMENT, page, handle=0x0100)) == error(1, 1)


def test_observation_ids_are_the_same_when_a_device_sends_a_reading_again(bench: Bench) -> None:
    bench.report(1, spo2(98, stamp=NOON))
    (first,) = bench.take_observations()
    bench.receive(RLRQ)
    bench.operate()
    bench.take_events()
    bench.report(9, spo2(98, stamp=NOON))
    (second,) = bench.take_observations()
    assert first.observation_id == second.observation_id
