"""Which device is which: by System-Id, else by manufacturer and serial number."""

from __future__ import annotations

import hashlib

from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel.identifiers import uuid_of
from protocols.model.codes import MdcCode, SystemId
from protocols.model.device import DeviceInfo

_ADDRESS_OCTETS = 6


def enrolment_key(manufacturer: str, serial_number: str) -> str:
    """What stands for a manufacturer and serial number; case and outer blanks do not matter."""
    text = f"{manufacturer.strip().casefold()}\n{serial_number.strip().casefold()}"
    return hashlib.sha256(text.encode()).hexdigest()


def agree(one: str, other: str) -> bool:
    """Whether two names of a maker may be one: an empty one is not known, and no other one."""
    names = {one.strip().casefold(), other.strip().casefold()} - {""}
    return len(names) < 2


def identities(text: str) -> tuple[str, ...]:
    """The spellings of a System-Id in the store: an EUI-64 made of an address is that address too.

    DecodeError for what is no System-Id.
    """
    given = SystemId.parse(text)
    if given.address is not None:
        return (given.hex, given.address.hex().upper())
    if len(given.octets) == _ADDRESS_OCTETS:
        return (given.hex, SystemId.from_address(given.octets).hex)
    return (given.hex,)


def system_id_of(device: DeviceRow) -> SystemId:
    """The device's System-Id; where it has none, the 16 octets of our own id for it."""
    if device.system_id is not None:
        return SystemId.parse(device.system_id)
    return SystemId(uuid_of(device.device_id).bytes)


def info_of(device: DeviceRow) -> DeviceInfo:
    """The device's own words."""
    return DeviceInfo(
        system_id=system_id_of(device),
        manufacturer=device.manufacturer,
        model=device.model,
        serial_number=device.serial_number,
        firmware=device.firmware,
        hardware=device.hardware,
        software=device.software,
        specializations=tuple(
            (MdcCode.from_cf_code(code), version) for code, version in device.specializations
        ),
    )
