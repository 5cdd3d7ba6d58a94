"""The how-to of a GATT profile, followed to the letter."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest

from protocols.errors import DecodeError
from protocols.gatt.base import Characteristic, GattProfile
from protocols.gatt.registry import DECODERS, find_characteristic, find_profile
from protocols.model.observation import MeasurementStatus, NumericObservation
from protocols.nomenclature.lookup import find, find_unit
from tests.unit.protocols.gatt.link import NOW, session

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-gatt-profile.md"
TEXT = PAGE.read_text(encoding="utf-8")
OCTETS = bytes.fromhex("7b010e01")


@pytest.fixture
def profile() -> Iterator[GattProfile]:
    """The page's file, run as a module of the room."""
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    (source,) = blocks
    module = ModuleType("protocols.gatt.capnometer")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(source, str(PAGE), "exec"), vars(module))  # noqa: S102  # our own page
        found = vars(module)["PROFILE"]
        assert isinstance(found, GattProfile)
        yield found
    finally:
        del sys.modules[module.__name__]


def test_the_page_s_octets_mean_what_it_says(profile: GattProfile) -> None:
    assert f"`{OCTETS.hex()}`" in TEXT
    (characteristic,) = profile.characteristics
    end_tidal, rate = (
        session(profile).value_received(characteristic.uuid, OCTETS, utc=NOW).observations
    )
    for observation, value in ((end_tidal, Decimal("37.9")), (rate, Decimal(14))):
        assert isinstance(observation, NumericObservation)
        assert observation.value.value == value
        assert observation.status is MeasurementStatus.CALIBRATION_ONGOING
        assert find(observation.type) is not None
        assert find_unit(observation.value.unit) is not None


def test_the_page_s_file_keeps_the_rules_of_the_room(profile: GattProfile) -> None:
    (characteristic,) = profile.characteristics
    assert isinstance(characteristic, Characteristic)
    assert characteristic.encode(characteristic.decode(OCTETS)) == OCTETS
    for wrong in (OCTETS[:-1], OCTETS + b"\x00"):
        with pytest.raises(DecodeError):
            characteristic.decode(wrong)
    assert profile.service is not None
    assert find_profile(profile.service) is None
    assert find_characteristic(characteristic.uuid) is None
    assert not set(characteristic.decode_as) & set(DECODERS)
