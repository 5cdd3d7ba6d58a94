"""Battery Level and its status: a percentage of the device, and what feeds it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.gatt import terms
from protocols.gatt.battery import (
    CHARGING_FULL,
    CHARGING_OFF,
    CHARGING_TRICKLE,
    LEVEL,
    LEVEL_STATUS,
    ON_BATTERY,
    ON_MAINS,
    PROFILE,
    BatteryLevel,
    BatteryLevelStatus,
)
from protocols.model.observation import BitsObservation, NumericObservation
from protocols.model.quantity import Quantity
from tests.unit.protocols.gatt.link import few, say
from tests.unit.protocols.gatt.records import U8, U16, maybe


def test_a_battery_level_is_a_percentage_of_the_device() -> None:
    (observation,) = say(PROFILE, LEVEL, "5f").observations
    assert isinstance(observation, NumericObservation)
    assert observation.type == terms.BATTERY_CHARGE
    assert observation.value == Quantity(Decimal(95), terms.PERCENT)


def test_a_level_above_a_hundred_is_no_reading() -> None:
    transcript = say(PROFILE, LEVEL, "ff")
    assert transcript.observations == ()
    assert len(transcript.warnings) == 1


@pytest.mark.parametrize("percent", [0, 100, 255])
def test_every_level_is_written_back(percent: int) -> None:
    assert LEVEL.decode(LEVEL.encode(BatteryLevel(percent))) == BatteryLevel(percent)


@pytest.mark.parametrize(
    ("power_state", "status"),
    [
        (0b000_00_00_00_00_0, 0),
        (0b000_00_10_00_00_1, ON_BATTERY | CHARGING_OFF),
        (0b001_00_01_00_01_1, ON_MAINS | CHARGING_FULL),
        (0b011_00_01_01_00_1, ON_MAINS | CHARGING_TRICKLE),
        (0b000_00_11_00_01_1, ON_MAINS | CHARGING_OFF),
        (0b000_00_00_10_10_0, 0),
    ],
)
def test_power_state_says_what_power_status_of_20601_says(power_state: int, status: int) -> None:
    assert BatteryLevelStatus(power_state=power_state).power_status == status


def test_a_status_is_a_level_and_power_bits() -> None:
    level, power = say(PROFILE, LEVEL_STATUS, "02410050").observations
    assert isinstance(level, NumericObservation)
    assert level.value == Quantity(Decimal(80), terms.PERCENT)
    assert isinstance(power, BitsObservation)
    assert (power.type, power.bits) == (terms.POWER_STATUS, ON_BATTERY | CHARGING_OFF)


def test_a_status_that_knows_nothing_says_nothing() -> None:
    assert say(PROFILE, LEVEL_STATUS, "000000").observations == ()


def test_a_full_status_is_written_back() -> None:
    octets = bytes.fromhex("074100010050 02")
    assert LEVEL_STATUS.encode(LEVEL_STATUS.decode(octets)) == octets
    assert LEVEL_STATUS.encode(LEVEL_STATUS.decode(bytes(3))) == bytes(3)


@given(
    record=st.builds(
        BatteryLevelStatus,
        power_state=U16,
        identifier=maybe(U16),
        percent=maybe(U8),
        additional_status=maybe(U8),
    )
)
@few
def test_every_status_is_written_back(record: BatteryLevelStatus) -> None:
    assert LEVEL_STATUS.decode(LEVEL_STATUS.encode(record)) == record


@pytest.mark.parametrize(("percent", "odd"), [(100, False), (101, True), (255, True)])
def test_a_level_above_a_hundred_is_odd(percent: int, odd: bool) -> None:
    assert LEVEL.doubts is not None
    assert LEVEL_STATUS.doubts is not None
    assert any(LEVEL.doubts(BatteryLevel(percent))) is odd
    status = BatteryLevelStatus(power_state=0, percent=percent)
    assert any(LEVEL_STATUS.doubts(status)) is odd
    assert not any(LEVEL_STATUS.doubts(BatteryLevelStatus(power_state=0)))
