"""The radio's settings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from edge.drivers.policy import DriverPolicy
from edge.settings.bluetooth import BluetoothSettings, service_of
from protocols.gatt.uuids import assigned_uuid
from protocols.ieee20601.policies import ClockSetting

OXI = {"name": "Oxi", "address": "f0:5a:00:00:00:01", "passkey": "001234"}


def test_each_room_gets_its_share() -> None:
    bluetooth = BluetoothSettings.model_validate(
        {
            "enabled": True,
            "adapters": ["hci1"],
            "slots": 3,
            "discover": ["pulse_oximeter", "1810"],
            "devices": [OXI, {"name": "Cuff", "address": "F0:5A:00:00:00:02"}],
        }
    )
    assert bluetooth.radio.adapters == ("hci1",)
    assert bluetooth.radio.slots == 3
    assert bluetooth.services == {assigned_uuid(0x1822), assigned_uuid(0x1810)}
    assert bluetooth.pairing.passkeys == {"F0:5A:00:00:00:01": 1234}
    assert [item.name for item in bluetooth.enrolled] == ["Oxi", "Cuff"]
    assert "1234" not in repr(bluetooth)


@pytest.mark.parametrize("setting", list(ClockSetting))
def test_clocks_are_set_as_for_all_devices(setting: ClockSetting) -> None:
    policy = BluetoothSettings().drivers(DriverPolicy(set_clocks=setting))
    assert policy.clock.set_clocks is (setting is ClockSetting.WHEN_ALLOWED)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"devices": [{**OXI, "address": "F0-5A"}]}, "AA:BB:CC:DD:EE:FF"),
        ({"devices": [{**OXI, "model": "tea"}]}, "no such model"),
        ({"devices": [{**OXI, "passkey": "12345678"}]}, "six digits"),
        ({"devices": [{**OXI, "passkey": "x"}]}, "six digits"),
        ({"devices": [OXI, {**OXI, "name": "Other"}]}, "same address"),
        ({"discover": ["tea"]}, "no UUID and no profile"),
        ({"slots": 0}, "greater than"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_words(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        BluetoothSettings.model_validate(wrong)


def test_a_service_is_named_or_written() -> None:
    assert service_of("glucose") == assigned_uuid(0x1808) == service_of("0x1808")
