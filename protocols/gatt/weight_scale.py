"""Weight Scale Service (WSS 1.0): weight, with body mass index and height where known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from protocols.gatt import terms
from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import DateTime, FieldReader, FieldWriter
from protocols.gatt.scale_units import read_steps, system_of, write_steps
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.numbers import Number
from protocols.model.codes import UnitCode

_IMPERIAL: Final = 0x01
_TIME: Final = 0x02
_USER: Final = 0x04
_BMI_AND_HEIGHT: Final = 0x08
_BMI_STEP: Final = Decimal("0.1")

_FEATURE_NAMES: Final = {
    0: "timestamp",
    1: "multiple users",
    2: "body mass index",
    3: "weight resolution code 1",
    4: "weight resolution code 2",
    5: "weight resolution code 4",
    6: "weight resolution code 8",
    7: "height resolution code 1",
    8: "height resolution code 2",
    9: "height resolution code 4",
}
"""The resolutions are two numbers within the bits; each of their bits has its own worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyMassIndex:
    """Two fields that come together: `bmi` in kg/m², `height` in cm or inches."""

    bmi: Decimal
    height: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightMeasurement:
    """Weight Measurement: in kg, or in lb where `is_imperial`. NaN for a weighing that failed."""

    weight: Number
    is_imperial: bool = False
    time: DateTime | None = None
    user: int | None = None
    index: BodyMassIndex | None = None

    @property
    def unit(self) -> UnitCode:
        """The unit of the weight."""
        return system_of(self.is_imperial).mass_unit

    @property
    def length_unit(self) -> UnitCode:
        """The unit of the height."""
        return system_of(self.is_imperial).length_unit


@dataclass(frozen=True, slots=True)
class WeightScaleFeature:
    """Weight Scale Feature: the bits as they came, bit 0 lowest."""

    bits: int


def _read(reader: FieldReader) -> WeightMeasurement:
    flags = reader.u8()
    is_imperial = bool(flags & _IMPERIAL)
    units = system_of(is_imperial)
    return WeightMeasurement(
        is_imperial=is_imperial,
        weight=read_steps(reader, units.mass_step),
        time=reader.date_time() if flags & _TIME else None,
        user=reader.u8() if flags & _USER else None,
        index=_read_index(reader, units.length_step) if flags & _BMI_AND_HEIGHT else None,
    )


def _read_index(reader: FieldReader, length_step: Decimal) -> BodyMassIndex:
    return BodyMassIndex(bmi=reader.scaled(2, _BMI_STEP), height=reader.scaled(2, length_step))


def _write(record: WeightMeasurement, writer: FieldWriter) -> None:
    units = system_of(record.is_imperial)
    writer.u8(
        (_IMPERIAL if record.is_imperial else 0)
        | (_TIME if record.time is not None else 0)
        | (_USER if record.user is not None else 0)
        | (_BMI_AND_HEIGHT if record.index is not None else 0)
    )
    write_steps(record.weight, writer, units.mass_step)
    if record.time is not None:
        writer.date_time(record.time)
    if record.user is not None:
        writer.u8(record.user)
    if record.index is not None:
        writer.scaled(record.index.bmi, 2, _BMI_STEP)
        writer.scaled(record.index.height, 2, units.length_step)


def _transcribe(record: WeightMeasurement, draft: Draft) -> None:
    units = system_of(record.is_imperial)
    draft.note_user(record.user)
    draft.stamp(record.time.at if record.time else None)
    draft.number(terms.BODY_WEIGHT, record.weight, units.mass_unit)
    if record.index is not None:
        draft.number(terms.BODY_MASS_INDEX, record.index.bmi, terms.KILOGRAM_PER_SQUARE_METRE)
        draft.number(terms.BODY_HEIGHT, record.index.height, units.length_unit)


def _read_feature(reader: FieldReader) -> WeightScaleFeature:
    return WeightScaleFeature(reader.u32())


def _write_feature(record: WeightScaleFeature, writer: FieldWriter) -> None:
    writer.u32(record.bits)


MEASUREMENT: Final = Characteristic(
    uuid=assigned_uuid(0x2A9D),
    name="Weight Measurement",
    properties=Property.INDICATE,
    clause="WSS 1.0, Weight Measurement",
    read=_read,
    write=_write,
    transcribe=_transcribe,
    decode_as=("weight",),
)
FEATURE: Final = Characteristic(
    uuid=assigned_uuid(0x2A9E),
    name="Weight Scale Feature",
    properties=Property.READ,
    clause="WSS 1.0, Weight Scale Feature",
    read=_read_feature,
    write=_write_feature,
    decode_as=("weight_feature",),
    bits={"bits": _FEATURE_NAMES},
)

PROFILE: Final = GattProfile(
    name="weight_scale",
    service=assigned_uuid(0x181D),
    specification="Weight Scale Service",
    version="1.0",
    characteristics=(MEASUREMENT, FEATURE),
)
