"""Battery Level: a percentage of the device."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.gatt.battery import LEVEL, PROFILE, BatteryLevel
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import NumericObservation
from protocols.model.quantity import Quantity
from tests.unit.protocols.gatt.link import say


def test_a_battery_level_is_a_percentage_of_the_device() -> None:
    (observation,) = say(PROFILE, LEVEL, "5f").observations
    assert isinstance(observation, NumericObservation)
    assert observation.type == MdcCode(1, 2460)
    assert observation.value == Quantity(Decimal(95), UnitCode(544))


def test_a_level_above_a_hundred_is_no_reading() -> None:
    transcript = say(PROFILE, LEVEL, "ff")
    assert transcript.observations == ()
    assert len(transcript.warnings) == 1


@pytest.mark.parametrize("percent", [0, 100, 255])
def test_every_level_is_written_back(percent: int) -> None:
    assert LEVEL.decode(LEVEL.encode(BatteryLevel(percent))) == BatteryLevel(percent)
