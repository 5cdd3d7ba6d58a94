"""Unique device identification of a health sensor (0x2BFF): texts behind flags.

The fields are those of the UDI for Medical Devices characteristic of the assigned-numbers list:
label, device identifier, issuer, authority, each ending with a zero octet (unconfirmed).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.errors import DecodeError, EncodeError
from protocols.gatt.base import Characteristic, Property
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.uuids import assigned_uuid

_CLAUSE: Final = "DIS 1.2, UDI for Medical Devices"
_LABEL: Final = 0x01
_IDENTIFIER: Final = 0x02
_ISSUER: Final = 0x04
_AUTHORITY: Final = 0x08


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueDeviceId:
    """A UDI as printed on the device and the parts of it; None for what was not sent."""

    label: str | None = None
    device_identifier: str | None = None
    issuer: str | None = None
    authority: str | None = None


def _read(reader: FieldReader) -> UniqueDeviceId:
    flags = reader.u8()
    return UniqueDeviceId(
        label=_text(reader) if flags & _LABEL else None,
        device_identifier=_text(reader) if flags & _IDENTIFIER else None,
        issuer=_text(reader) if flags & _ISSUER else None,
        authority=_text(reader) if flags & _AUTHORITY else None,
    )


def _text(reader: FieldReader) -> str:
    end = reader.octets.find(0, reader.offset)
    if end < 0:
        raise DecodeError("a text without its end", clause=_CLAUSE, offset=reader.offset)
    text = reader.text(end - reader.offset)
    reader.take(1)
    return text


def _write(record: UniqueDeviceId, writer: FieldWriter) -> None:
    texts = (record.label, record.device_identifier, record.issuer, record.authority)
    flags = (_LABEL, _IDENTIFIER, _ISSUER, _AUTHORITY)
    writer.u8(sum(flag for flag, text in zip(flags, texts, strict=True) if text is not None))
    for text in texts:
        if text is None:
            continue
        if "\0" in text:
            raise EncodeError(f"a text with a zero in it ({_CLAUSE})")
        writer.text(text)
        writer.u8(0)


UNIQUE_DEVICE_ID: Final = Characteristic(
    uuid=assigned_uuid(0x2BFF),
    name="UDI for Medical Devices",
    properties=Property.READ,
    clause=_CLAUSE,
    read=_read,
    write=_write,
    decode_as=("udi",),
)
