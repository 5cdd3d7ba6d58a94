"""How a manager sets the clock of a device: only where policy and device both say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import BaseOffsetTime, MdsTimeInfo
from protocols.ieee20601.device_clock import EPOCH_1900
from protocols.ieee20601.events import ClockSet, Event, ObservationsReported, OctetsDiscarded
from protocols.ieee20601.policies import ClockSetting, ManagerPolicy
from protocols.ieee20601.states import State
from protocols.ieee20601.time_info import TimeBits
from protocols.mder.times import AbsoluteTime
from protocols.model.timestamps import DeviceTime
from tests.unit.protocols.ieee20601.apdu_octets import aarq, abrt, prst, report, sized
from tests.unit.protocols.ieee20601.exchange import FIXED, START, Bench, spo2

NOON = START.replace(tzinfo=None)
HOUR = timedelta(hours=1)
ASKS = TimeBits.REAL_TIME_CLOCK | TimeBits.SET_CLOCK | TimeBits.MANAGER_SETS_TIME
PARIS = ManagerPolicy(clock_setting=ClockSetting.WHEN_ALLOWED, zone=timezone(HOUR))
SET_TO_ONE = prst(1, 0x0107, bytes.fromhex("0000 0C17 000C 2026112313000000 00000000"))
WAS_SET = prst(1, 0x0207, bytes.fromhex("0000 0C17 0000"))


def seconds(utc: datetime) -> int:
    return int((utc - EPOCH_1900).total_seconds())


def mds(bits: int, shown: datetime | None, base_offset: BaseOffsetTime | None = None) -> bytes:
    attributes = [at.MDS_TIME_INFO.of(MdsTimeInfo(bits, 7936, 0, 0, 0, 0))]
    if shown is not None:
        attributes.append(at.TIME_ABS.of(AbsoluteTime.of(shown)))
    if base_offset is not None:
        attributes.append(at.TIME_BO.of(base_offset))
    octets = b"".join(
        value.attribute_id.to_bytes(2, "big") + sized(value.octets) for value in attributes
    )
    head = len(attributes).to_bytes(2, "big")
    return prst(0, 0x0203, b"\x00\x00" + head + sized(octets))


def met(policy: ManagerPolicy, answer: bytes) -> tuple[Bench, bytes]:
    """A manager that has just read this MDS, and what it wrote then."""
    bench = Bench(policy=policy)
    bench.receive(aarq(config_id=0x0190))
    written = bench.receive(answer)
    bench.take_events()
    return bench, written


def clock_sets(bench: Bench) -> list[Event | OctetsDiscarded]:
    return [event for event in bench.take_events() if isinstance(event, ClockSet)]


def test_a_wrong_clock_is_set_and_both_values_are_told_with_their_offset() -> None:
    bench, written = met(PARIS, mds(ASKS, NOON - 2 * HOUR))
    assert written == SET_TO_ONE
    assert bench.receive(WAS_SET) == b""
    assert clock_sets(bench) == [
        ClockSet(
            old=DeviceTime.absolute(NOON - 2 * HOUR),
            new=DeviceTime.absolute(NOON + HOUR),
            offset=3 * HOUR,
        )
    ]


def test_what_was_measured_before_the_setting_keeps_its_time() -> None:
    bench, _ = met(PARIS, mds(ASKS, NOON - 2 * HOUR))
    bench.receive(WAS_SET)
    bench.take_events()
    bench.now = 60.0
    before = bytes.fromhex("2026112309595500")  # five seconds before noon, as the clock was
    after = bytes.fromhex("2026112313003000")
    for invoke_id, stamp in ((1, before), (2, after)):
        bench.receive(report(invoke_id, FIXED, spo2(98, stamp=stamp)))
    told = [event for event in bench.take_events() if isinstance(event, ObservationsReported)]
    times = [event.observations[0].observed_at.at - START for event in told]
    assert times == [timedelta(seconds=-5), timedelta(seconds=30)]


def test_a_clock_nobody_read_is_set_without_an_old_value() -> None:
    bench, written = met(PARIS, mds(ASKS, None))
    assert written == SET_TO_ONE
    bench.receive(WAS_SET)
    assert clock_sets(bench) == [ClockSet(None, DeviceTime.absolute(NOON + HOUR), None)]


def test_base_offset_time_is_set_in_utc_with_the_offset_of_our_zone() -> None:
    wrong = BaseOffsetTime(seconds(NOON) - 30, 0, 0)
    bench, written = met(PARIS, mds(ASKS | TimeBits.BASE_OFFSET_TIME, None, wrong))
    right = seconds(NOON).to_bytes(4, "big") + bytes.fromhex("0000 003C")
    assert written == prst(1, 0x0107, bytes.fromhex("0000 0C1D") + sized(right))
    bench.receive(prst(1, 0x0207, bytes.fromhex("0000 0C1D 0000")))
    assert clock_sets(bench) == [
        ClockSet(
            old=DeviceTime("base-offset", "2026-11-23T12:59:30.000000+01:00"),
            new=DeviceTime("base-offset", "2026-11-23T13:00:00.000000+01:00"),
            offset=timedelta(seconds=30),
        )
    ]


@pytest.mark.parametrize(
    ("policy", "bits", "shown"),
    [
        pytest.param(ManagerPolicy(), ASKS, NOON - HOUR, id="the policy says never"),
        pytest.param(PARIS, ASKS, NOON + HOUR + timedelta(seconds=1), id="it is right enough"),
        pytest.param(PARIS, TimeBits.REAL_TIME_CLOCK, NOON, id="the device does not ask"),
        pytest.param(
            replace(PARIS, knows_time=lambda: False), ASKS, NOON - HOUR, id="nobody knows the time"
        ),
    ],
)
def test_a_clock_is_left_alone(policy: ManagerPolicy, bits: int, shown: datetime) -> None:
    bench, written = met(policy, mds(bits, shown))
    assert written == b""
    assert bench.manager.next_deadline() is None


def test_a_refusal_is_a_warning() -> None:
    bench, _ = met(PARIS, mds(ASKS, NOON))
    assert bench.receive(prst(1, 0x0300, bytes.fromhex("0018 0000"))) == b""
    assert bench.take_warnings() == ["the agent refused SetTime"]
    assert bench.is_in(State.OPERATING)


def test_a_setting_nobody_answers_aborts() -> None:
    bench, _ = met(PARIS, mds(ASKS, NOON))
    assert bench.wait(3.0) == abrt(2)


def test_the_driver_may_set_a_clock_whatever_the_policy_says() -> None:
    bench, _ = met(ManagerPolicy(zone=timezone(HOUR)), mds(ASKS, NOON + HOUR))
    assert bench.manager.set_time(now=bench.now) == 1
    assert bench.drain() == SET_TO_ONE
    bench.receive(WAS_SET)
    assert len(clock_sets(bench)) == 1


def test_a_device_that_does_not_ask_is_not_set_by_the_driver_either() -> None:
    bench, _ = met(PARIS, mds(TimeBits.REAL_TIME_CLOCK, NOON))
    with pytest.raises(LocalProtocolError):
        bench.manager.set_time(now=bench.now)
    assert bench.is_in(State.OPERATING)
    assert bench.drain() == b""
