"""Looking profiles and characteristics up."""

from __future__ import annotations

from protocols.gatt import battery
from protocols.gatt.registry import DECODERS, find_characteristic, find_profile
from protocols.gatt.uuids import assigned_uuid


def test_a_profile_is_found_by_its_service() -> None:
    assert find_profile(assigned_uuid(0x180F)) is battery.PROFILE
    assert find_profile(assigned_uuid(0x0001)) is None


def test_a_characteristic_is_found_by_its_uuid_and_by_name() -> None:
    assert find_characteristic(assigned_uuid(0x2A19)) is battery.LEVEL
    assert find_characteristic(assigned_uuid(0x0001)) is None
    assert DECODERS["battery_level"] is battery.LEVEL
