"""Body Composition Service (BCS 1.0): what a body is made of, as far as a scale can tell.

A measurement too long for one indication comes in two, each with its own flags; they carry one
stamp, so that together they are one measurement.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from protocols.gatt import terms
from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import DateTime, FieldReader, FieldWriter
from protocols.gatt.scale_units import (
    UnitSystem,
    read_steps,
    system_of,
    write_steps,
)
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.numbers import Number
from protocols.model.codes import MdcCode, UnitCode

_IMPERIAL: Final = 0x0001
_TIME: Final = 0x0002
_USER: Final = 0x0004
_MULTIPLE_PACKETS: Final = 0x1000
_TENTH: Final = Decimal("0.1")
_KILOJOULE: Final = Decimal(1000)

_FEATURE_NAMES: Final = {
    0: "timestamp",
    1: "multiple users",
    2: "basal metabolism",
    3: "muscle percentage",
    4: "muscle mass",
    5: "fat free mass",
    6: "soft lean mass",
    7: "body water mass",
    8: "impedance",
    9: "weight",
    10: "height",
    11: "mass resolution code 1",
    12: "mass resolution code 2",
    13: "mass resolution code 4",
    14: "mass resolution code 8",
    15: "height resolution code 1",
    16: "height resolution code 2",
    17: "height resolution code 4",
}
"""The resolutions are two numbers within the bits; each of their bits has its own worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyCompositionMeasurement:
    """Body Composition Measurement. None for a field that was not sent.

    `body_fat` and `muscle_percentage` in %; `basal_metabolism` in J; masses in kg, or in lb
    where `is_imperial`; `impedance` in ohms; `height` in cm or inches. `has_more`: the other
    half comes in a second value.
    """

    body_fat: Number
    is_imperial: bool = False
    has_more: bool = False
    time: DateTime | None = None
    user: int | None = None
    basal_metabolism: Decimal | None = None
    muscle_percentage: Decimal | None = None
    muscle_mass: Decimal | None = None
    fat_free_mass: Decimal | None = None
    soft_lean_mass: Decimal | None = None
    body_water_mass: Decimal | None = None
    impedance: Decimal | None = None
    weight: Decimal | None = None
    height: Decimal | None = None

    @property
    def unit(self) -> UnitCode:
        """The unit of every mass."""
        return system_of(self.is_imperial).mass_unit

    @property
    def length_unit(self) -> UnitCode:
        """The unit of the height."""
        return system_of(self.is_imperial).length_unit


@dataclass(frozen=True, slots=True)
class BodyCompositionFeature:
    """Body Composition Feature: the bits as they came, bit 0 lowest."""

    bits: int


@dataclass(frozen=True, slots=True)
class _Field:
    """One optional field: its flag, its step and what it measures."""

    name: str
    flag: int
    step: Decimal
    type: MdcCode
    unit: UnitCode


def _fields(units: UnitSystem) -> tuple[_Field, ...]:
    """The optional fields in their order on the wire."""
    step, unit = units.mass_step, units.mass_unit
    # fmt: off
    return (
        _Field("basal_metabolism", 0x0008, _KILOJOULE, terms.BASAL_METABOLISM, terms.JOULE),
        _Field("muscle_percentage", 0x0010, _TENTH, terms.BODY_MUSCLE, terms.PERCENT),
        _Field("muscle_mass", 0x0020, step, terms.MUSCLE_MASS, unit),
        _Field("fat_free_mass", 0x0040, step, terms.FAT_FREE_MASS, unit),
        _Field("soft_lean_mass", 0x0080, step, terms.SOFT_LEAN_MASS, unit),
        _Field("body_water_mass", 0x0100, step, terms.BODY_WATER, unit),
        _Field("impedance", 0x0200, _TENTH, terms.BODY_IMPEDANCE, terms.OHM),
        _Field("weight", 0x0400, step, terms.BODY_WEIGHT, unit),
        _Field("height", 0x0800, units.length_step, terms.BODY_HEIGHT, units.length_unit),
    )
    # fmt: on


def _read(reader: FieldReader) -> BodyCompositionMeasurement:
    flags = reader.u16()
    is_imperial = bool(flags & _IMPERIAL)
    body_fat = read_steps(reader, _TENTH)
    time = reader.date_time() if flags & _TIME else None
    user = reader.u8() if flags & _USER else None
    values = {
        field.name: reader.scaled(2, field.step)
        for field in _fields(system_of(is_imperial))
        if flags & field.flag
    }
    return BodyCompositionMeasurement(
        body_fat=body_fat,
        is_imperial=is_imperial,
        has_more=bool(flags & _MULTIPLE_PACKETS),
        time=time,
        user=user,
        **values,
    )


def _values(record: BodyCompositionMeasurement) -> list[tuple[_Field, Decimal]]:
    """The optional fields that are there."""
    found: list[tuple[_Field, Decimal]] = []
    for field in _fields(system_of(record.is_imperial)):
        value: Decimal | None = getattr(record, field.name)
        if value is not None:
            found.append((field, value))
    return found


def _write(record: BodyCompositionMeasurement, writer: FieldWriter) -> None:
    values = _values(record)
    writer.u16(
        (_IMPERIAL if record.is_imperial else 0)
        | (_TIME if record.time is not None else 0)
        | (_USER if record.user is not None else 0)
        | (_MULTIPLE_PACKETS if record.has_more else 0)
        | sum(field.flag for field, _ in values)
    )
    write_steps(record.body_fat, writer, _TENTH)
    if record.time is not None:
        writer.date_time(record.time)
    if record.user is not None:
        writer.u8(record.user)
    for field, value in values:
        writer.scaled(value, 2, field.step)


def _transcribe(record: BodyCompositionMeasurement, draft: Draft) -> None:
    draft.note_user(record.user)
    draft.stamp(record.time.at if record.time else None)
    draft.number(terms.BODY_FAT, record.body_fat, terms.PERCENT)
    for field, value in _values(record):
        draft.number(field.type, value, field.unit)


def _read_feature(reader: FieldReader) -> BodyCompositionFeature:
    return BodyCompositionFeature(reader.u32())


def _write_feature(record: BodyCompositionFeature, writer: FieldWriter) -> None:
    writer.u32(record.bits)


MEASUREMENT: Final = Characteristic(
    uuid=assigned_uuid(0x2A9C),
    name="Body Composition Measurement",
    properties=Property.INDICATE,
    clause="BCS 1.0, Body Composition Measurement",
    read=_read,
    write=_write,
    transcribe=_transcribe,
    decode_as=("body_composition",),
)
FEATURE: Final = Characteristic(
    uuid=assigned_uuid(0x2A9B),
    name="Body Composition Feature",
    properties=Property.READ,
    clause="BCS 1.0, Body Composition Feature",
    read=_read_feature,
    write=_write_feature,
    decode_as=("body_composition_feature",),
    bits={"bits": _FEATURE_NAMES},
)

PROFILE: Final = GattProfile(
    name="body_composition",
    service=assigned_uuid(0x181B),
    specification="Body Composition Service",
    version="1.0",
    characteristics=(MEASUREMENT, FEATURE),
)
