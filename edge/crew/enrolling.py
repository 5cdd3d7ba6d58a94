"""A device enrolled by its code on the crew page, and the guard against another vehicle's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from edge.clock import Clock
from edge.crew.desk import RefusedError
from edge.enrolment.devices import Belonging, EnrolledDevices
from protocols.uplink.commands import DeviceEnrolment

_SEPARATORS: Final = str.maketrans("", "", " :-.")
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]+")
_SYSTEM_ID_DIGITS: Final = 16
_ADDRESS_DIGITS: Final = 12
# GS1: (01) names the article with 14 digits, (21) the serial number; what lies between are dates
# and batches. In a scanned code the group separator ends what has no fixed length.
_SERIAL: Final = re.compile(r"\(21\)([^(\x1d]{1,20})|\x1d21([^\x1d]{1,20})")


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a code on a device says of it: its System-Id, or its serial number alone."""

    system_id: str
    serial_number: str


def read_code(text: str) -> DeviceCode | None:
    """A System-Id (16 hexadecimal digits), a Bluetooth address (12), a GS1 code or a serial number.

    An address is read as the EUI-64 that is made of it. None for what is none of these.
    """
    text = text.strip()
    plain = text.translate(_SEPARATORS).upper()
    if _HEXADECIMAL.fullmatch(plain):
        if len(plain) == _SYSTEM_ID_DIGITS:
            return DeviceCode(plain, "")
        if len(plain) == _ADDRESS_DIGITS and not plain.isdecimal():
            return DeviceCode(f"{plain[:6]}FFFE{plain[6:]}", "")
    if serial := _SERIAL.search(text):
        return DeviceCode("", (serial[1] or serial[2]).strip())
    if 3 <= len(text) <= 40 and text.isprintable():
        return DeviceCode("", text)
    return None


@dataclass(frozen=True, slots=True)
class DeviceEnroller:
    """The fleet's list of devices as the page needs it."""

    devices: EnrolledDevices
    clock: Clock

    def foreign_vehicle(self, system_id: str) -> str | None:
        """The other vehicle a device is enrolled to, None when it is ours or nobody's."""
        if not system_id or self.devices.judge(system_id) is not Belonging.OTHER_VEHICLE:
            return None
        found = self.devices.find(system_id)
        return found.vehicle_id if found is not None else "another vehicle"

    def enrol(self, enrolment_id: UUID, text: str) -> str:
        """Enrol the device of a code, durable when this returns; a sentence for the crew.

        RefusedError for a code that names no device, and for another vehicle's device.
        """
        code = read_code(text)
        if code is None:
            raise RefusedError("That code names no device.")
        enrolment = DeviceEnrolment(
            enrolment_id=enrolment_id,
            at=self.clock.utc(),
            serial_number=code.serial_number,
            manufacturer="",
            device_class="",
            system_id=code.system_id,
        )
        if self.devices.enrol(enrolment) is Belonging.OTHER_VEHICLE:
            vehicle = self.foreign_vehicle(code.system_id) or "another vehicle"
            raise RefusedError(f"That device belongs to {vehicle}. It stays theirs.")
        name = code.serial_number or code.system_id
        return f"{name} is enrolled to this vehicle."
