"""Battery Service (BAS 1.1): how full the device's battery is, and what feeds the device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from protocols.gatt import terms
from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid

_FULL: Final = 100
_OUT_OF_RANGE: Final = "a battery level out of range (BAS 1.1)"

_IDENTIFIER: Final = 0x01
_PERCENT: Final = 0x02
_ADDITIONAL: Final = 0x04

# Power State: bit 0 battery present; two bits each for wired, wireless, charge state and level.
_BATTERY_PRESENT: Final = 0x0001
_TWO_BITS: Final = 0x03
_WIRED: Final = 1
_WIRELESS: Final = 3
_CHARGE_STATE: Final = 5
_CHARGING_TYPE: Final = 9
_THREE_BITS: Final = 0x07
_CONNECTED: Final = 1
_IS_CHARGING: Final = 1
_IS_DISCHARGING: Final = (2, 3)
_TRICKLE: Final = 3

# 20601 PowerStatus.
ON_MAINS: Final = 0x8000
ON_BATTERY: Final = 0x4000
CHARGING_FULL: Final = 0x0080
CHARGING_TRICKLE: Final = 0x0040
CHARGING_OFF: Final = 0x0020
_POWER_BITS: Final = 16


@dataclass(frozen=True, slots=True)
class BatteryLevel:
    """Battery Level: `percent` 0 to 100; larger numbers are reserved and kept as they came."""

    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryLevelStatus:
    """Battery Level Status. None for a field that was not sent.

    `power_state` and `additional_status` as their bits came; `identifier` tells batteries of one
    device apart; `percent` as in Battery Level.
    """

    power_state: int
    identifier: int | None = None
    percent: int | None = None
    additional_status: int | None = None

    @property
    def power_status(self) -> int:
        """The PowerStatus bits of 20601 that say the same (16, ON_MAINS highest)."""
        status = ON_BATTERY if self.power_state & _BATTERY_PRESENT else 0
        if _CONNECTED in (self._field(_WIRED), self._field(_WIRELESS)):
            status = ON_MAINS
        charge = self._field(_CHARGE_STATE)
        if charge == _IS_CHARGING:
            kind = (self.power_state >> _CHARGING_TYPE) & _THREE_BITS
            return status | (CHARGING_TRICKLE if kind == _TRICKLE else CHARGING_FULL)
        return status | (CHARGING_OFF if charge in _IS_DISCHARGING else 0)

    def _field(self, place: int) -> int:
        return (self.power_state >> place) & _TWO_BITS


def _read_level(reader: FieldReader) -> BatteryLevel:
    return BatteryLevel(reader.u8())


def _write_level(record: BatteryLevel, writer: FieldWriter) -> None:
    writer.u8(record.percent)


def _transcribe_level(record: BatteryLevel, draft: Draft) -> None:
    _add_percent(record.percent, draft)


def _add_percent(percent: int, draft: Draft) -> None:
    if percent > _FULL:
        draft.warn(_OUT_OF_RANGE)
        return
    draft.number(terms.BATTERY_CHARGE, Decimal(percent), terms.PERCENT)


def _doubts(record: BatteryLevel | BatteryLevelStatus) -> Iterable[str]:
    if record.percent is not None and record.percent > _FULL:
        yield _OUT_OF_RANGE


def _read_status(reader: FieldReader) -> BatteryLevelStatus:
    flags = reader.u8()
    return BatteryLevelStatus(
        power_state=reader.u16(),
        identifier=reader.u16() if flags & _IDENTIFIER else None,
        percent=reader.u8() if flags & _PERCENT else None,
        additional_status=reader.u8() if flags & _ADDITIONAL else None,
    )


def _write_status(record: BatteryLevelStatus, writer: FieldWriter) -> None:
    writer.u8(
        (_IDENTIFIER if record.identifier is not None else 0)
        | (_PERCENT if record.percent is not None else 0)
        | (_ADDITIONAL if record.additional_status is not None else 0)
    )
    writer.u16(record.power_state)
    if record.identifier is not None:
        writer.u16(record.identifier)
    if record.percent is not None:
        writer.u8(record.percent)
    if record.additional_status is not None:
        writer.u8(record.additional_status)


def _transcribe_status(record: BatteryLevelStatus, draft: Draft) -> None:
    if record.percent is not None:
        _add_percent(record.percent, draft)
    if record.power_status:
        draft.bits(terms.POWER_STATUS, record.power_status, _POWER_BITS)


LEVEL: Final = Characteristic(
    uuid=assigned_uuid(0x2A19),
    name="Battery Level",
    properties=Property.READ | Property.NOTIFY,
    clause="BAS 1.1, Battery Level",
    read=_read_level,
    write=_write_level,
    transcribe=_transcribe_level,
    decode_as=("battery_level",),
    doubts=_doubts,
)
LEVEL_STATUS: Final = Characteristic(
    uuid=assigned_uuid(0x2BED),
    name="Battery Level Status",
    properties=Property.READ | Property.NOTIFY,
    clause="BAS 1.1, Battery Level Status",
    read=_read_status,
    write=_write_status,
    transcribe=_transcribe_status,
    decode_as=("battery_level_status",),
    doubts=_doubts,
)

PROFILE: Final = GattProfile(
    name="battery",
    service=assigned_uuid(0x180F),
    specification="Battery Service",
    version="1.1",
    characteristics=(LEVEL, LEVEL_STATUS),
)
