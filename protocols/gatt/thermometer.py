"""Health Thermometer Service (HTS 1.0): temperatures, where they are taken, and how often.

The value is a FLOAT, not an SFLOAT. Where a measurement does not say its site, the site the
device gave for all of them (Temperature Type) holds for the connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from protocols.gatt import terms
from protocols.gatt.base import (
    AnyCharacteristic,
    Characteristic,
    GattProfile,
    ProfileSession,
    Property,
)
from protocols.gatt.fields import DateTime, FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.numbers import Number
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import MeasurementStatus

_IN_FAHRENHEIT: Final = 0x01
_TIME: Final = 0x02
_TYPE: Final = 0x04

TYPES: Final[Mapping[int, MdcCode]] = MappingProxyType(
    {
        1: MdcCode(2, 57380),  # armpit
        2: terms.TEMPERATURE_BODY,  # body, general
        3: MdcCode(2, 57356),  # ear, usually the lobe
        4: MdcCode(2, 57360),  # finger
        5: MdcCode(2, 57384),  # gastrointestinal tract
        6: MdcCode(2, 57352),  # mouth
        7: MdcCode(2, 57348),  # rectum
        8: MdcCode(2, 57376),  # toe
        9: MdcCode(2, 19320),  # tympanum
    }
)
"""Temperature Type -> what is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureMeasurement:
    """Temperature Measurement: in °C, or in °F where `in_fahrenheit`; `type` as in TYPES."""

    temperature: Number
    in_fahrenheit: bool = False
    time: DateTime | None = None
    type: int | None = None

    @property
    def unit(self) -> UnitCode:
        """The unit of the temperature."""
        return terms.FAHRENHEIT if self.in_fahrenheit else terms.CELSIUS


@dataclass(frozen=True, slots=True)
class TemperatureType:
    """Temperature Type: the site of every measurement; numbers without a row are kept."""

    type: int


@dataclass(frozen=True, slots=True)
class MeasurementInterval:
    """Measurement Interval in seconds; 0 for no periodic measurement."""

    seconds: int


def _read(reader: FieldReader) -> TemperatureMeasurement:
    flags = reader.u8()
    return TemperatureMeasurement(
        in_fahrenheit=bool(flags & _IN_FAHRENHEIT),
        temperature=reader.float32(),
        time=reader.date_time() if flags & _TIME else None,
        type=reader.u8() if flags & _TYPE else None,
    )


def _write(record: TemperatureMeasurement, writer: FieldWriter) -> None:
    writer.u8(
        (_IN_FAHRENHEIT if record.in_fahrenheit else 0)
        | (_TIME if record.time is not None else 0)
        | (_TYPE if record.type is not None else 0)
    )
    writer.float32(record.temperature)
    if record.time is not None:
        writer.date_time(record.time)
    if record.type is not None:
        writer.u8(record.type)


def _read_type(reader: FieldReader) -> TemperatureType:
    return TemperatureType(reader.u8())


def _write_type(record: TemperatureType, writer: FieldWriter) -> None:
    writer.u8(record.type)


def _read_interval(reader: FieldReader) -> MeasurementInterval:
    return MeasurementInterval(reader.u16())


def _write_interval(record: MeasurementInterval, writer: FieldWriter) -> None:
    writer.u16(record.seconds)


class ThermometerSession(ProfileSession):
    """Remembers the site the device gave for all its measurements."""

    _type: int | None = None

    def transcribe(self, characteristic: AnyCharacteristic, record: object, draft: Draft) -> None:
        """A temperature, or the site of those to come; the interval says nothing."""
        if isinstance(record, TemperatureType):
            self._type = record.type
        elif isinstance(record, TemperatureMeasurement):
            if characteristic.uuid == INTERMEDIATE.uuid:
                draft.status = MeasurementStatus.ONGOING
            self._add(record, draft)

    def _add(self, record: TemperatureMeasurement, draft: Draft) -> None:
        site = self._type if record.type is None else record.type
        code = terms.TEMPERATURE_BODY if site is None else TYPES.get(site)
        if code is None:
            draft.warn(f"a temperature type without a row ({MEASUREMENT.clause})")
        draft.stamp(record.time.at if record.time else None)
        draft.number(code or terms.TEMPERATURE_BODY, record.temperature, record.unit)


MEASUREMENT: Final = Characteristic(
    uuid=assigned_uuid(0x2A1C),
    name="Temperature Measurement",
    properties=Property.INDICATE,
    clause="HTS 1.0, Temperature Measurement",
    read=_read,
    write=_write,
    decode_as=("hts", "temperature"),
)
INTERMEDIATE: Final = Characteristic(
    uuid=assigned_uuid(0x2A1E),
    name="Intermediate Temperature",
    properties=Property.NOTIFY,
    clause="HTS 1.0, Intermediate Temperature",
    read=_read,
    write=_write,
    decode_as=("hts_intermediate",),
)
TYPE: Final = Characteristic(
    uuid=assigned_uuid(0x2A1D),
    name="Temperature Type",
    properties=Property.READ,
    clause="HTS 1.0, Temperature Type",
    read=_read_type,
    write=_write_type,
    decode_as=("temperature_type",),
)
INTERVAL: Final = Characteristic(
    uuid=assigned_uuid(0x2A21),
    name="Measurement Interval",
    properties=Property.READ | Property.WRITE | Property.INDICATE,
    clause="HTS 1.0, Measurement Interval",
    read=_read_interval,
    write=_write_interval,
    decode_as=("measurement_interval",),
)

PROFILE: Final = GattProfile(
    name="thermometer",
    service=assigned_uuid(0x1809),
    specification="Health Thermometer Service",
    version="1.0",
    characteristics=(MEASUREMENT, INTERMEDIATE, TYPE, INTERVAL),
    session=ThermometerSession,
)
