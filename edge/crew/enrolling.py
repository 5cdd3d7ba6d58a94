"""A device enrolled by its code on the crew page, and the guard against another vehicle's."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from edge.clock import Clock
from edge.crew.desk import RefusedError
from edge.crew.readings import Payload
from edge.enrolment.devices import Belonging, EnrolledDevices
from protocols.model.codes import SystemId
from protocols.uplink.commands import DeviceEnrolment

_SEPARATORS: Final = str.maketrans("", "", " :-.")
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]+")
_SYSTEM_ID_DIGITS: Final = 16
_ADDRESS_DIGITS: Final = 12
# GS1: (01) names the article with 14 digits, (21) the serial number; what lies between are dates
# and batches. In a scanned code the group separator ends what has no fixed length.
_SERIAL: Final = re.compile(r"\(21\)([^(\x1d]{1,20})|\x1d21([^\x1d]{1,20})")


# GS1: (8018) is a person's own number, on wristbands and badges.
_PERSON: Final = re.compile(r"(\]d2)?\x1d?(\(8018\)|8018\d{18})")
_TEN_DIGITS: Final = re.compile(r"\d{3}[ -]?\d{3}[ -]?\d{4}")
_DIGIT: Final = re.compile(r"[0-9]")
_ARTICLE: Final = re.compile(r"(?:\(01\)|01)?(\d{13,14})")


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a code on a device says of it: its System-Id, or its serial number alone."""

    system_id: str
    serial_number: str


def read_code(text: str) -> DeviceCode | None:
    """A System-Id (16 hexadecimal digits), a Bluetooth address (12), a GS1 code or a serial number.

    An address is read as the EUI-64 that is made of it. None for what is none of these, and for
    what may name a person: a wristband, ten bare digits, words without any digit. A GS1 code that
    names the article alone names no device either.
    """
    text = text.strip()
    if _PERSON.match(text) or _TEN_DIGITS.fullmatch(text) or _names_article(text):
        return None
    plain = text.translate(_SEPARATORS).upper()
    if _HEXADECIMAL.fullmatch(plain):
        if len(plain) == _SYSTEM_ID_DIGITS:
            return DeviceCode(plain, "")
        if len(plain) == _ADDRESS_DIGITS and not plain.isdecimal():
            return DeviceCode(SystemId.from_address(bytes.fromhex(plain)).hex, "")
    if serial := _SERIAL.search(text):
        return DeviceCode("", (serial[1] or serial[2]).strip())
    if 3 <= len(text) <= 40 and text.isprintable() and _DIGIT.search(text):
        return DeviceCode("", text)
    return None


def _names_article(text: str) -> bool:
    found = _ARTICLE.fullmatch(text)
    if found is None:
        return False
    digits = found[1].zfill(14)
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(digits))
    return total % 10 == 0


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

    def scanned(self) -> list[Payload]:
        """How the devices that were added here stand, in words."""
        return [asdict(one) for one in self.devices.scanned()]

    def enrol(self, enrolment_id: UUID, text: str, kind: str = "") -> str:
        """Enrol the device of a code, durable when this returns; a sentence for the crew.

        `kind` is the class of a device that does not say it itself, else empty. RefusedError for a
        code that names no device, and for another vehicle's device.
        """
        code = read_code(text)
        if code is None:
            raise RefusedError("That code names no device. Nothing was sent.")
        self._refuse_theirs(code)
        enrolment = DeviceEnrolment(
            enrolment_id=enrolment_id,
            at=self.clock.utc(),
            serial_number=code.serial_number,
            manufacturer="",
            device_class=kind,
            system_id=code.system_id,
        )
        if self.devices.enrol(enrolment) is Belonging.OTHER_VEHICLE:
            vehicle = self.foreign_vehicle(code.system_id) or "another vehicle"
            raise RefusedError(f"That device belongs to {vehicle}. It stays theirs.")
        name = code.serial_number or code.system_id
        return f"{name} is taken down. How it stands is under Devices."

    def _refuse_theirs(self, code: DeviceCode) -> None:
        """A serial number alone is another vehicle's when the fleet knows it there, not here."""
        found = self.devices.of_serial(code.serial_number)
        if found and all(one.vehicle_id not in ("", self.devices.vehicle_id) for one in found):
            raise RefusedError(f"That device belongs to {found[0].vehicle_id}. It stays theirs.")
