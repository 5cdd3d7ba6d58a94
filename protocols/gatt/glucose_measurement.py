"""Glucose Measurement and Glucose Feature of the Glucose Service (GLS 1.0.1, 3.1 and 3.3).

The user facing time of a measurement is its base time plus an offset of minutes that the meter
keeps when its owner sets the clock. A control solution tests the meter: its reading has a type
of its own and is marked as test data, whatever else the record says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from protocols.gatt import glucose_terms as terms
from protocols.gatt.base import Characteristic, Property
from protocols.gatt.fields import DateTime, FieldReader, FieldWriter, mirrored
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.numbers import Number
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue
from protocols.nomenclature import units

_OFFSET: Final = 0x01
_CONCENTRATION: Final = 0x02
_MOLES: Final = 0x04
_STATUS: Final = 0x08
_CONTEXT: Final = 0x10

_OFFSET_OUT_OF_RANGE: Final = frozenset({0x7FFF, -0x8000})
_STATUS_WIDTH: Final = 16
_TIME_FAULT: Final = 1 << 11
_TERM_BITS: Final = (1 << 11) - 1
"""The bits MDC_GLU_METER_DEV_STATUS has too. Its bit 11 is another one than the service's."""
_DOUBTFUL: Final = _TERM_BITS & ~1
"""All of them but the low battery speak against the reading."""


@dataclass(frozen=True, slots=True)
class Concentration:
    """`value` in mol/L where `in_moles`, else in kg/L; codes of the sample as they came."""

    value: Number
    in_moles: bool
    sample_type: int
    sample_location: int

    @property
    def unit(self) -> UnitCode:
        """The unit of `value`."""
        return units.MOLES_PER_LITRE if self.in_moles else units.KILOGRAMS_PER_LITRE

    @property
    def is_control(self) -> bool:
        """A test of the meter; either code says so."""
        return (
            self.sample_type == terms.CONTROL_SOLUTION
            or self.sample_location == terms.CONTROL_SOLUTION_LOCATION
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GlucoseMeasurement:
    """One record of a meter. None for a field that was not sent.

    `offset_minutes` goes on top of `base_time`; `status` are the 16 bits of the sensor status
    annunciation, the least significant first.
    """

    sequence_number: int
    base_time: DateTime
    offset_minutes: int | None = None
    concentration: Concentration | None = None
    status: int | None = None
    context_follows: bool = False

    @property
    def user_facing_time(self) -> datetime | None:
        """Base time plus offset, naive; None when either is unknown."""
        base = self.base_time.at
        if base is None or self.offset_minutes in _OFFSET_OUT_OF_RANGE:
            return None
        try:
            return base + timedelta(minutes=self.offset_minutes or 0)
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class GlucoseFeature:
    """Glucose Feature: 16 bits, which status bits the meter can set and whether it has bonds."""

    features: int


def _read(reader: FieldReader) -> GlucoseMeasurement:
    flags = reader.u8()
    return GlucoseMeasurement(
        sequence_number=reader.u16(),
        base_time=reader.date_time(),
        offset_minutes=reader.s16() if flags & _OFFSET else None,
        concentration=_read_concentration(flags, reader) if flags & _CONCENTRATION else None,
        status=reader.u16() if flags & _STATUS else None,
        context_follows=bool(flags & _CONTEXT),
    )


def _read_concentration(flags: int, reader: FieldReader) -> Concentration:
    value = reader.sfloat()
    sample = reader.u8()
    return Concentration(value, bool(flags & _MOLES), sample & 0x0F, sample >> 4)


def _write(record: GlucoseMeasurement, writer: FieldWriter) -> None:
    concentration = record.concentration
    writer.u8(
        (_OFFSET if record.offset_minutes is not None else 0)
        | (_CONCENTRATION if concentration is not None else 0)
        | (_MOLES if concentration is not None and concentration.in_moles else 0)
        | (_STATUS if record.status is not None else 0)
        | (_CONTEXT if record.context_follows else 0)
    )
    writer.u16(record.sequence_number)
    writer.date_time(record.base_time)
    if record.offset_minutes is not None:
        writer.s16(record.offset_minutes)
    if concentration is not None:
        writer.sfloat(concentration.value)
        writer.u8(concentration.sample_location << 4 | concentration.sample_type)
    if record.status is not None:
        writer.u16(record.status)


def stamp_measurement(record: GlucoseMeasurement, draft: Draft) -> None:
    """Give the draft the time of a measurement; all records of a meter come from its memory."""
    draft.stored = True
    fault = bool((record.status or 0) & _TIME_FAULT)
    if fault:
        draft.warn("the meter says that its time is wrong")
    time = record.user_facing_time
    if time is None:
        draft.warn("a glucose record without a usable time")
    draft.stamp(time, is_trusted=not fault)


def _transcribe(record: GlucoseMeasurement, draft: Draft) -> None:
    stamp_measurement(record, draft)
    draft.record(record.sequence_number)
    status = record.status or 0
    if status & _DOUBTFUL:
        draft.status = MeasurementStatus.QUESTIONABLE
    if record.concentration is not None:
        _add_concentration(record.concentration, draft)
    if record.status is not None:
        draft.bits(terms.METER_STATUS, mirrored(status & _TERM_BITS, _STATUS_WIDTH), _STATUS_WIDTH)


def _add_concentration(concentration: Concentration, draft: Draft) -> None:
    code = terms.SAMPLE_TYPES.get(concentration.sample_type)
    if code is None:
        draft.warn("a glucose sample type that is reserved")
        code = terms.GLUCOSE
    if concentration.is_control:
        code = terms.GLUCOSE_CONTROL
        draft.status |= MeasurementStatus.TEST_DATA
    # 1 kg/L is 100,000 mg/dL and 1 mol/L 1,000 mmol/L; the digits stay as they were sent.
    if concentration.in_moles:
        draft.number(code, shifted(concentration.value, 3), units.MILLIMOLES_PER_LITRE)
    else:
        draft.number(code, shifted(concentration.value, 5), units.MILLIGRAMS_PER_DECILITRE)
    _add_location(concentration.sample_location, draft)


def _add_location(location: int, draft: Draft) -> None:
    code: MdcCode | None = terms.SAMPLE_LOCATIONS.get(location)
    if code is not None:
        draft.code(terms.SAMPLE_LOCATION, code)
    elif location not in (0, terms.LOCATION_NOT_AVAILABLE):
        draft.warn("a glucose sample location that is reserved")


def shifted(value: Number, places: int) -> Number:
    """The value times a power of ten: the same digits with another exponent, specials as such."""
    return value if isinstance(value, SpecialValue) else value.scaleb(places)


def _read_feature(reader: FieldReader) -> GlucoseFeature:
    return GlucoseFeature(reader.u16())


def _write_feature(record: GlucoseFeature, writer: FieldWriter) -> None:
    writer.u16(record.features)


MEASUREMENT: Final = Characteristic(
    uuid=assigned_uuid(0x2A18),
    name="Glucose Measurement",
    properties=Property.NOTIFY,
    clause="GLS 1.0.1, 3.1, Glucose Measurement",
    read=_read,
    write=_write,
    transcribe=_transcribe,
    decode_as=("gls", "glucose"),
    bits={"status": terms.STATUS_NAMES},
)
FEATURE: Final = Characteristic(
    uuid=assigned_uuid(0x2A51),
    name="Glucose Feature",
    properties=Property.READ | Property.INDICATE,
    clause="GLS 1.0.1, 3.3, Glucose Feature",
    read=_read_feature,
    write=_write_feature,
    decode_as=("glucose_feature",),
    bits={"features": terms.FEATURE_NAMES},
)
