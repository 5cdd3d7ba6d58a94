"""Heart Rate Service (HRS 1.0): rate, skin contact, energy and R-R intervals.

An R-R interval counts 1/1024 s. 1000/1024 is 0.9765625, so the milliseconds are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

from protocols.gatt import terms
from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue

_WIDE: Final = 0x01
_CONTACT_DETECTED: Final = 0x02
_CONTACT_SUPPORTED: Final = 0x04
_ENERGY: Final = 0x08
_INTERVALS: Final = 0x10

_MILLISECONDS_PER_COUNT: Final = Decimal("0.9765625")
_JOULES_PER_KILOJOULE: Final = 1000
_MOST_ENERGY: Final = 0xFFFF
"""The counter stays there when it is full (HRS 3.1.1.3): a bound, no measured energy."""
_U8: Final = 0xFF

RESET_ENERGY_EXPENDED: Final = 1
"""The one command of the control point."""


class SensorContact(Enum):
    """Sensor Contact Status of the flags."""

    NOT_SUPPORTED = "not-supported"
    NOT_DETECTED = "not-detected"
    DETECTED = "detected"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartRateMeasurement:
    """Heart Rate Measurement.

    `rate` in beats a minute; `energy` in kJ since the last reset, None when not sent;
    `rr_intervals` in 1/1024 s, oldest first.
    """

    rate: int
    contact: SensorContact = SensorContact.NOT_SUPPORTED
    energy: int | None = None
    rr_intervals: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BodySensorLocation:
    """Body Sensor Location: 0 other, 1 chest, 2 wrist, 3 finger, 4 hand, 5 ear lobe, 6 foot."""

    location: int


@dataclass(frozen=True, slots=True)
class HeartRateCommand:
    """Heart Rate Control Point: what the client asks for."""

    command: int = RESET_ENERGY_EXPENDED


def _read(reader: FieldReader) -> HeartRateMeasurement:
    flags = reader.u8()
    rate = reader.u16() if flags & _WIDE else reader.u8()
    energy = reader.u16() if flags & _ENERGY else None
    intervals: list[int] = []
    # Their number is nowhere: they fill what is left.
    while flags & _INTERVALS and reader.remaining:
        intervals.append(reader.u16())
    return HeartRateMeasurement(
        rate=rate, contact=_contact(flags), energy=energy, rr_intervals=tuple(intervals)
    )


def _contact(flags: int) -> SensorContact:
    if not flags & _CONTACT_SUPPORTED:
        return SensorContact.NOT_SUPPORTED
    if flags & _CONTACT_DETECTED:
        return SensorContact.DETECTED
    return SensorContact.NOT_DETECTED


_CONTACT_FLAGS: Final = {
    SensorContact.NOT_SUPPORTED: 0,
    SensorContact.NOT_DETECTED: _CONTACT_SUPPORTED,
    SensorContact.DETECTED: _CONTACT_SUPPORTED | _CONTACT_DETECTED,
}


def _write(record: HeartRateMeasurement, writer: FieldWriter) -> None:
    is_wide = record.rate > _U8
    writer.u8(
        (_WIDE if is_wide else 0)
        | _CONTACT_FLAGS[record.contact]
        | (_ENERGY if record.energy is not None else 0)
        | (_INTERVALS if record.rr_intervals else 0)
    )
    writer.unsigned(record.rate, 2 if is_wide else 1)
    if record.energy is not None:
        writer.u16(record.energy)
    for interval in record.rr_intervals:
        writer.u16(interval)


def _transcribe(record: HeartRateMeasurement, draft: Draft) -> None:
    """Without contact there is no rate, whatever the number is.

    Devices send 0, 255 or the last good value then; the number is not kept.
    """
    if record.contact is SensorContact.NOT_DETECTED:
        draft.status = MeasurementStatus.NOT_AVAILABLE
        draft.number(terms.HEART_RATE, SpecialValue.NAN, terms.BEATS_PER_MINUTE)
        return
    draft.number(terms.HEART_RATE, Decimal(record.rate), terms.BEATS_PER_MINUTE)
    if record.energy is not None and record.energy != _MOST_ENERGY:
        energy = Decimal(record.energy * _JOULES_PER_KILOJOULE)
        draft.number(terms.ENERGY_EXPENDED, energy, terms.JOULE)
    for interval in record.rr_intervals:
        milliseconds = interval * _MILLISECONDS_PER_COUNT
        draft.number(terms.RR_INTERVAL, milliseconds, terms.MILLISECOND)


def _read_location(reader: FieldReader) -> BodySensorLocation:
    return BodySensorLocation(reader.u8())


def _write_location(record: BodySensorLocation, writer: FieldWriter) -> None:
    writer.u8(record.location)


def _read_command(reader: FieldReader) -> HeartRateCommand:
    return HeartRateCommand(reader.u8())


def _write_command(record: HeartRateCommand, writer: FieldWriter) -> None:
    writer.u8(record.command)


MEASUREMENT: Final = Characteristic(
    uuid=assigned_uuid(0x2A37),
    name="Heart Rate Measurement",
    properties=Property.NOTIFY,
    clause="HRS 1.0, Heart Rate Measurement",
    read=_read,
    write=_write,
    transcribe=_transcribe,
    decode_as=("hrs", "hrm"),
)
LOCATION: Final = Characteristic(
    uuid=assigned_uuid(0x2A38),
    name="Body Sensor Location",
    properties=Property.READ,
    clause="HRS 1.0, Body Sensor Location",
    read=_read_location,
    write=_write_location,
    decode_as=("body_sensor_location",),
)
CONTROL_POINT: Final = Characteristic(
    uuid=assigned_uuid(0x2A39),
    name="Heart Rate Control Point",
    properties=Property.WRITE,
    clause="HRS 1.0, Heart Rate Control Point",
    read=_read_command,
    write=_write_command,
    decode_as=("hrs_control_point",),
)

PROFILE: Final = GattProfile(
    name="heart_rate",
    service=assigned_uuid(0x180D),
    specification="Heart Rate Service",
    version="1.0",
    characteristics=(MEASUREMENT, LOCATION, CONTROL_POINT),
)
