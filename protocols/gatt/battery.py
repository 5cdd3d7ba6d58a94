"""Battery Service (BAS 1.0): how full the device's battery is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from protocols.gatt import terms
from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid

_CLAUSE: Final = "BAS 1.0, 3.1"
_FULL: Final = 100


@dataclass(frozen=True, slots=True)
class BatteryLevel:
    """Battery Level: `percent` 0 to 100; larger numbers are reserved and kept as they came."""

    percent: int


def _read_level(reader: FieldReader) -> BatteryLevel:
    return BatteryLevel(reader.u8())


def _write_level(record: BatteryLevel, writer: FieldWriter) -> None:
    writer.u8(record.percent)


def _transcribe_level(record: BatteryLevel, draft: Draft) -> None:
    if record.percent > _FULL:
        draft.warn(f"a battery level out of range ({_CLAUSE})")
        return
    draft.number(terms.BATTERY_CHARGE, Decimal(record.percent), terms.PERCENT)


LEVEL: Final = Characteristic(
    uuid=assigned_uuid(0x2A19),
    name="Battery Level",
    properties=Property.READ | Property.NOTIFY,
    clause=_CLAUSE,
    read=_read_level,
    write=_write_level,
    transcribe=_transcribe_level,
    decode_as=("battery_level",),
)

PROFILE: Final = GattProfile(
    name="battery",
    service=assigned_uuid(0x180F),
    specification="Battery Service",
    version="1.0",
    characteristics=(LEVEL,),
)
