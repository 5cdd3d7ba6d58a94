"""What a device's observations tell of its battery and its clock."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from edge.drivers.condition import BATTERY_CHARGE, clock_fault_of, note_condition
from edge.drivers.health import DeviceHealth
from protocols.model.observation import NumericObservation, Observation
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from tests.unit.edge.making import NOON, PERCENT, alarm, spo2


def battery(percent: int | SpecialValue) -> NumericObservation:
    value = percent if isinstance(percent, SpecialValue) else Decimal(percent)
    return replace(spo2(1), type=BATTERY_CHARGE, value=Quantity(value, PERCENT))


def note(health: DeviceHealth, *observations: Observation) -> None:
    note_condition(health, observations, battery_low_percent=20, clock_tolerance_seconds=60.0)


def stamped(shown: datetime, quality: TimeQuality = TimeQuality.DEVICE) -> ObservedTime:
    return ObservedTime(NOON, quality, DeviceTime.absolute(shown.replace(tzinfo=None)))


@pytest.fixture
def health() -> DeviceHealth:
    return DeviceHealth("ox", "tcp:a:1", NOON)


def test_a_battery_is_low_at_its_threshold_and_told_once(
    health: DeviceHealth, caplog: pytest.LogCaptureFixture
) -> None:
    note(health, battery(21))
    assert (health.battery_percent, health.is_battery_low) == (21, False)
    with caplog.at_level(logging.WARNING):
        note(health, battery(20))
        note(health, battery(19))
    assert (health.battery_percent, health.is_battery_low) == (19, True)
    assert caplog.messages == ["battery low device=ox"]
    note(health, battery(90))
    assert not health.is_battery_low


@pytest.mark.parametrize(
    "odd", [battery(101), battery(SpecialValue.NAN), replace(alarm(1), type=BATTERY_CHARGE)]
)
def test_what_is_no_level_changes_nothing(health: DeviceHealth, odd: Observation) -> None:
    note(health, odd)
    assert health.battery_percent is None


@pytest.mark.parametrize(
    ("observed", "fault"),
    [
        (ObservedTime(NOON, TimeQuality.RECEIVED), None),
        (ObservedTime(NOON, TimeQuality.DEVICE, DeviceTime.relative(8000)), None),
        (stamped(NOON), ""),
        (stamped(NOON + timedelta(seconds=59)), ""),
        (stamped(NOON + timedelta(hours=5, minutes=45)), ""),
        (stamped(NOON + timedelta(hours=2, seconds=75)), "it is 75 s ahead"),
        (stamped(NOON - timedelta(minutes=5)), "it is 5 minutes behind"),
        (stamped(NOON - timedelta(hours=15)), "it is 15 hours behind"),
        (stamped(NOON - timedelta(days=4000)), "it is 4000 days behind"),
        (
            stamped(NOON, TimeQuality.RECEIVED),
            "its times are of no use; those of reception are taken",
        ),
        (stamped(NOON, TimeQuality.UNKNOWN), "the time of its stored readings cannot be known"),
    ],
)
def test_a_stamp_tells_of_the_clock_that_made_it(observed: ObservedTime, fault: str | None) -> None:
    assert clock_fault_of(observed, 60.0) == fault


def test_a_clock_that_knows_its_zone_is_held_to_it() -> None:
    shown = NOON.replace(tzinfo=None) + timedelta(hours=1)
    observed = ObservedTime(
        NOON, TimeQuality.DEVICE, DeviceTime.base_offset(shown, timedelta(hours=1))
    )
    assert clock_fault_of(observed, 60.0) == "it is 60 minutes ahead"


def test_a_wrong_clock_is_told_once_and_forgotten_when_it_is_right(
    health: DeviceHealth, caplog: pytest.LogCaptureFixture
) -> None:
    late = replace(spo2(1), observed_at=stamped(NOON - timedelta(minutes=5)))
    with caplog.at_level(logging.WARNING):
        note(health, late)
        note(health, replace(spo2(1), observed_at=ObservedTime(NOON, TimeQuality.RECEIVED)))
        note(health, late)
    assert health.clock_fault == "it is 5 minutes behind"
    assert caplog.messages == ["clock wrong device=ox reason='it is 5 minutes behind'"]
    note(health, spo2(1))
    assert health.clock_fault == ""


def test_readings_of_one_time_tell_of_the_clock_together(health: DeviceHealth) -> None:
    late = stamped(NOON - timedelta(minutes=5))
    note(health, *(replace(spo2(number), observed_at=late) for number in range(3)), battery(15))
    assert health.clock_fault == ""
    assert health.is_battery_low
    note(health, *(replace(spo2(number), observed_at=late) for number in range(3)))
    assert health.clock_fault == "it is 5 minutes behind"
