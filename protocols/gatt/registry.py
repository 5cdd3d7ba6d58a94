"""Every GATT profile this package knows: one line per file."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from protocols.gatt import (
    battery,
    berrymed,
    blood_pressure,
    body_composition,
    cgm,
    current_time,
    date_time,
    device_information,
    elapsed_time,
    ghs,
    glucose,
    heart_rate,
    nonin,
    pulse_oximeter,
    racp_codec,
    thermometer,
    viatom,
    weight_scale,
)
from protocols.gatt.base import AnyCharacteristic, GattProfile

PROFILES: Final[tuple[GattProfile, ...]] = (
    battery.PROFILE,
    berrymed.PROFILE,
    blood_pressure.PROFILE,
    body_composition.PROFILE,
    cgm.PROFILE,
    current_time.PROFILE,
    date_time.PROFILE,
    device_information.PROFILE,
    elapsed_time.PROFILE,
    ghs.PROFILE,
    glucose.PROFILE,
    heart_rate.PROFILE,
    nonin.PROFILE,
    pulse_oximeter.PROFILE,
    racp_codec.PROFILE,
    thermometer.PROFILE,
    viatom.PROFILE,
    weight_scale.PROFILE,
)

DECODERS: Final[dict[str, AnyCharacteristic]] = {
    name: characteristic
    for profile in PROFILES
    for characteristic in profile.characteristics
    for name in characteristic.decode_as
}
"""Characteristics by the names people give when they decode octets by hand."""


def find_profile(service: UUID) -> GattProfile | None:
    """The profile of a service, None for one this table does not know."""
    return next((profile for profile in PROFILES if profile.service == service), None)


def find_characteristic(uuid: UUID) -> AnyCharacteristic | None:
    """The characteristic of a UUID, None for one this table does not know."""
    for profile in PROFILES:
        for characteristic in profile.characteristics:
            if characteristic.uuid == uuid:
                return characteristic
    return None
