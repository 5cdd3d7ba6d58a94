"""How a manager takes reports: once each, confirmed only when asked, every fault answered."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SegmentEntryMap, ValueMapEntry
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.events import (
    DeviceDescribed,
    ObservationsReported,
    OctetsDiscarded,
    ReportsMissed,
    SegmentFetched,
    StoredDataFinished,
    StoredPageKept,
)
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.persistent_store import SEGMENT_INFOS, SegmentInfo
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.states import State
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.observation import NumericObservation
from protocols.model.quantity import Quantity
from protocols.model.timestamps import TimeQuality
from tests.unit.protocols.ieee20601.apdu_octets import RLRQ, aarq, prst, report, sized
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
VALUE_MAP = at.ATTRIBUTE_VAL_MAP.of(
    (
        ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),
        ValueMapEntry(at.TIME_STAMP_ABS.attribute_id, 8),
    )
)


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
    assert missed == ReportsMissed(3, first=6, last=8)
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


def test_how_old_a_live_stamp_may_be_is_policy() -> None:
    bench = Bench(policy=ManagerPolicy(oldest_live_seconds=3600))
    bench.operate()
    bench.report(1, spo2(98, stamp=bytes.fromhex("2026112311300000")))
    bench.report(2, spo2(98, stamp=bytes.fromhex("2026112310300000")))
    recent, old = bench.take_observations()
    assert recent.observed_at.quality is TimeQuality.DEVICE
    assert old.observed_at.quality is TimeQuality.RECEIVED


def test_a_confirm_of_a_report_that_waits_for_the_clock_raises_and_changes_nothing() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    bench.report(1, spo2(98))
    with pytest.raises(LocalProtocolError):
        bench.confirm(1)
    bench.receive(mds_answer(0))
    assert bench.confirm(1) == confirmation(1)


def test_a_live_report_that_nobody_has_room_for_is_told_as_missed() -> None:
    bench = Bench(policy=ManagerPolicy(max_held_reports=0))
    bench.receive(aarq(config_id=0x0190))
    assert bench.report(1, spo2(98), confirmed=False) == b""
    assert bench.take_events()[-1] == ReportsMissed(1, first=0, last=0)
    assert bench.report(2, spo2(98, number=3), confirmed=False) == b""
    assert bench.take_events()[-1] == ReportsMissed(3, first=1, last=3)


def test_live_values_that_waited_for_the_clock_are_not_lost_with_the_association() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    bench.report(2, spo2(97), confirmed=False)
    bench.take_events()
    bench.receive(RLRQ)
    described, reported, _ = bench.take_events()
    assert described == DeviceDescribed(DeviceInfo(system_id=AGENT))
    assert isinstance(reported, ObservationsReported)


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


def test_a_page_is_confirmed_with_its_range_and_the_fetch_goes_on() -> None:
    store = ConfigObject(int(ObjectClass.PM_STORE), 0x0100, ())
    bench = Bench(configurations=lambda _id, _config: build_configuration(0x4001, (store,)))
    bench.receive(aarq(config_id=0x4001))
    bench.receive(mds_answer(0))
    entry_map = SegmentEntryMap(0x8000, ())  # a time stamp and nothing else
    infos = SEGMENT_INFOS.encode((SegmentInfo(16, (at.PM_SEG_MAP.of(entry_map),)),))
    bench.receive(prst(1, 0x0207, b"\x01\x00\x0c\x0d" + sized(infos)))
    bench.receive(prst(2, 0x0207, bytes.fromhex("0100 0C1C 0004 0010 0000")))
    head = bytes.fromhex("0010 00000000 00000001 ")
    page = head + b"\xc0\x00" + sized(NOON)
    assert bench.receive(report(9, SEGMENT, page, handle=0x0100)) == b""
    reply = bytes.fromhex("0100 FFFFFFFF 0D21") + sized(head + b"\x00\x80")
    bench.take_events()
    assert bench.confirm(9) == prst(9, 0x0201, reply)
    kept, fetched, finished = bench.take_events()
    assert isinstance(kept, StoredPageKept)
    assert fetched == SegmentFetched(0x0100, 16, 1, complete=True)
    assert finished == StoredDataFinished(complete=True)


def test_a_value_without_a_unit_is_told_once() -> None:
    numeric = ConfigObject(ObjectClass.NUMERIC, 1, (at.ID_TYPE.of(MdcCode(2, 19384)), VALUE_MAP))
    bench = Bench(configurations=lambda _id, _config: build_configuration(0x4001, (numeric,)))
    bench.operate(0x4001)
    bench.take_warnings()
    for invoke_id in (1, 2):
        bench.report(invoke_id, spo2(98))
    assert len([text for text in bench.take_warnings() if "missing-unit" in text]) == 1


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
