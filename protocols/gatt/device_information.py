"""Device Information Service (DIS 1.2): who made the device, which one it is, what runs on it.

The session gathers the values one by one; what is known after each goes to every session of the
connection. The System ID identifies the device as a 20601 System-Id does, once it is turned
round: GATT sends it little-endian, an EUI-64 is written big-endian.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from protocols.gatt.base import (
    AnyCharacteristic,
    Characteristic,
    GattProfile,
    ProfileSession,
    Property,
)
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.sequences import text_of
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo

_OUI_BITS: Final = 24
_MANUFACTURER_BITS: Final = 40
_EXAMPLE: Final = bytes.fromhex("123456fffe9abcde")
"""The example of the document, which boards of many makers carry unchanged."""
_NOBODY: Final = frozenset({bytes(8), b"\xff" * 8, _EXAMPLE})
_SHARED: Final = "a System ID many devices share (DIS 1.2, System ID)"


@dataclass(frozen=True, slots=True)
class Eui64:
    """System ID: the maker's own number (40 bits) and its OUI (24 bits)."""

    manufacturer: int
    organization: int

    @property
    def system_id(self) -> SystemId | None:
        """The System-Id in 20601's order; None for a number that many devices share."""
        octets = self.organization.to_bytes(3, "big") + self.manufacturer.to_bytes(5, "big")
        return None if octets in _NOBODY else SystemId(octets)


@dataclass(frozen=True, slots=True)
class DeviceText:
    """One text of the service, as it came: padding and all."""

    text: str


@dataclass(frozen=True, slots=True)
class RegulatoryCertification:
    """IEEE 11073-20601 Regulatory Certification Data List: octets in MDER, kept as they came."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class PnpId:
    """PnP ID: `source` 1 for Bluetooth, 2 for USB numbers of the vendor."""

    source: int
    vendor: int
    product: int
    version: int


def _read_system_id(reader: FieldReader) -> Eui64:
    return Eui64(reader.u40(), reader.u24())


def _write_system_id(record: Eui64, writer: FieldWriter) -> None:
    writer.u40(record.manufacturer)
    writer.u24(record.organization)


def _doubts(record: Eui64) -> Iterable[str]:
    if record.system_id is None:
        yield _SHARED


def _read_text(reader: FieldReader) -> DeviceText:
    return DeviceText(reader.text())


def _write_text(record: DeviceText, writer: FieldWriter) -> None:
    writer.text(record.text)


def _read_regulatory(reader: FieldReader) -> RegulatoryCertification:
    return RegulatoryCertification(reader.rest())


def _write_regulatory(record: RegulatoryCertification, writer: FieldWriter) -> None:
    writer.put(record.octets)


def _read_pnp(reader: FieldReader) -> PnpId:
    return PnpId(reader.u8(), reader.u16(), reader.u16(), reader.u16())


def _write_pnp(record: PnpId, writer: FieldWriter) -> None:
    writer.u8(record.source)
    for number in (record.vendor, record.product, record.version):
        writer.u16(number)


def _text(number: int, name: str, decode_as: str) -> Characteristic[DeviceText]:
    """One of the six texts."""
    return Characteristic(
        uuid=assigned_uuid(number),
        name=name,
        properties=Property.READ,
        clause=f"DIS 1.2, {name}",
        read=_read_text,
        write=_write_text,
        decode_as=(decode_as,),
    )


SYSTEM_ID: Final = Characteristic(
    uuid=assigned_uuid(0x2A23),
    name="System ID",
    properties=Property.READ,
    clause="DIS 1.2, System ID",
    read=_read_system_id,
    write=_write_system_id,
    decode_as=("system_id",),
    doubts=_doubts,
)
MODEL: Final = _text(0x2A24, "Model Number String", "model_number")
SERIAL_NUMBER: Final = _text(0x2A25, "Serial Number String", "serial_number")
FIRMWARE: Final = _text(0x2A26, "Firmware Revision String", "firmware_revision")
HARDWARE: Final = _text(0x2A27, "Hardware Revision String", "hardware_revision")
SOFTWARE: Final = _text(0x2A28, "Software Revision String", "software_revision")
MANUFACTURER: Final = _text(0x2A29, "Manufacturer Name String", "manufacturer_name")
REGULATORY: Final = Characteristic(
    uuid=assigned_uuid(0x2A2A),
    name="IEEE 11073-20601 Regulatory Certification Data List",
    properties=Property.READ,
    clause="DIS 1.2, Regulatory Certification Data List",
    read=_read_regulatory,
    write=_write_regulatory,
    decode_as=("regulatory_certification",),
)
PNP_ID: Final = Characteristic(
    uuid=assigned_uuid(0x2A50),
    name="PnP ID",
    properties=Property.READ,
    clause="DIS 1.2, PnP ID",
    read=_read_pnp,
    write=_write_pnp,
    decode_as=("pnp_id",),
)


def _with_text(info: DeviceInfo, characteristic: AnyCharacteristic, text: str) -> DeviceInfo:
    """What is known of the device with one more text."""
    match characteristic.uuid:
        case MODEL.uuid:
            return replace(info, model=text)
        case SERIAL_NUMBER.uuid:
            return replace(info, serial_number=text)
        case FIRMWARE.uuid:
            return replace(info, firmware=text)
        case HARDWARE.uuid:
            return replace(info, hardware=text)
        case SOFTWARE.uuid:
            return replace(info, software=text)
    return replace(info, manufacturer=text)


class DeviceInformationSession(ProfileSession):
    """Adds every value to what is known of the device."""

    def transcribe(self, characteristic: AnyCharacteristic, record: object, draft: Draft) -> None:
        """A text or an identity; a number that many devices share identifies nobody."""
        info = self.transcriber.device
        if isinstance(record, DeviceText):
            text = text_of(record.text.encode("utf-8"))
            draft.describe(_with_text(info, characteristic, text))
        elif isinstance(record, Eui64):
            system_id = record.system_id
            if system_id is None:
                draft.warn(_SHARED)
            else:
                draft.describe(replace(info, system_id=system_id))


PROFILE: Final = GattProfile(
    name="device_information",
    service=assigned_uuid(0x180A),
    specification="Device Information Service",
    version="1.2",
    characteristics=(
        SYSTEM_ID,
        MODEL,
        SERIAL_NUMBER,
        FIRMWARE,
        HARDWARE,
        SOFTWARE,
        MANUFACTURER,
        REGULATORY,
        PNP_ID,
    ),
    session=DeviceInformationSession,
)
