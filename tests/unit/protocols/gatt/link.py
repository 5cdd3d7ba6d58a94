"""A connection to look at: one device, one moment, the profiles' sessions on it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, settings

from protocols.gatt.base import AnyCharacteristic, GattProfile, ProfileSession
from protocols.gatt.transcriber import Transcriber, Transcript
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo

DEVICE = SystemId(bytes.fromhex("0011223344556677"))
NOW = datetime(2026, 6, 12, 20, 48, 8, tzinfo=UTC)

few = settings(max_examples=25, suppress_health_check=list(HealthCheck))
"""How many examples a round trip needs here: records are small, the suite is to stay fast."""


def transcriber() -> Transcriber:
    return Transcriber(DeviceInfo(system_id=DEVICE))


def session(profile: GattProfile) -> ProfileSession:
    return profile.open_session(transcriber())


def say(
    profile: GattProfile, characteristic: AnyCharacteristic, octets: str, *, stored: bool = False
) -> Transcript:
    """What one value in hexadecimal digits says on a fresh connection."""
    value = bytes.fromhex(octets)
    return session(profile).value_received(characteristic.uuid, value, utc=NOW, stored=stored)
