"""Typed values -> attribute values, by a configuration's own attributes (the agent's side).

    entry = Entry(handle, stamp=local, value=Decimal("98"))
    fixed_values(subject, entry)               octets laid out by the object's value map
    fixed_values(subject, entry, value_map)    the same by another map (a scanner's)
    variable_values(subject, entry)            attributes with their ids

What a value becomes, by the object's class: a Decimal or special value -> the numeric form of
the value map; a tuple of them -> the compound form; whole numbers -> samples; MdcCode, text or
Bits -> the enumeration's form. EncodeError when value, object and map do not fit together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from protocols.errors import EncodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_table import name_of
from protocols.ieee20601.attribute_values import (
    BaseOffsetTime,
    EnumChoice,
    ObservedEnumeration,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import Attribute, AttributeValue
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.ieee20601.sample_arrays import encode_samples
from protocols.mder.numbers import Number
from protocols.mder.sequences import padded
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue


@dataclass(frozen=True, slots=True)
class Bits:
    """State bits of an enumeration, `width` 16 or 32; bit 0 is the most significant."""

    bits: int
    width: int = 16


T = TypeVar("T")
Value = Number | tuple[Number, ...] | MdcCode | str | Bits | Sequence[int] | NDArray[np.integer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object's value for a report.

    `stamp` is the naive time of the device's clock, None for an unknown time. `ticks`
    (RelativeTime), `microseconds` (the high resolution counter) and `base_offset` are stamps of
    its other clocks. `unit`, `status` and `supplements` are sent where they differ from the
    configuration; a fixed report has room for them only where the value map says so.
    """

    handle: int
    value: Value
    stamp: datetime | None
    ticks: int | None = None
    microseconds: int | None = None
    base_offset: BaseOffsetTime | None = None
    unit: UnitCode | None = None
    status: MeasurementStatus | None = None
    supplements: tuple[MdcCode, ...] | None = None


def fixed_values(
    subject: ConfiguredObject, entry: Entry, value_map: tuple[ValueMapEntry, ...] | None = None
) -> bytes:
    """The slices of a value map, in order; the object's own map unless another is given.

    EncodeError when a slice stays empty, or the value has none.
    """
    layout = subject.value_map if value_map is None else value_map
    mapped = {piece.attribute_id for piece in layout}
    value = value_attribute(subject, entry, mapped)
    if value.attribute_id not in mapped:
        raise EncodeError(
            f"object {subject.handle}: {name_of(value.attribute_id)} is not in its value map"
        )
    offered = {value.attribute_id: value.octets}
    offered[at.TIME_STAMP_ABS.attribute_id] = _stamp(entry.stamp)
    status = entry.status or MeasurementStatus.VALID
    offered[at.MSMT_STAT.attribute_id] = at.MSMT_STAT.encode(status.value)
    offered |= {item.attribute_id: item.octets for item in _extras(entry)}
    slices = []
    for piece in layout:
        octets = offered.get(piece.attribute_id)
        if octets is None or len(octets) != piece.length:
            raise EncodeError(
                f"object {subject.handle}: nothing of {piece.length} octets for "
                f"{name_of(piece.attribute_id)}"
            )
        slices.append(octets)
    return b"".join(slices)


def variable_values(subject: ConfiguredObject, entry: Entry) -> tuple[AttributeValue, ...]:
    """The attributes an entry holds, the value first."""
    mapped = {piece.attribute_id for piece in subject.value_map}
    extras = tuple(_extras(entry))
    others = (entry.ticks, entry.microseconds, entry.base_offset)
    has_other_stamp = any(stamp is not None for stamp in others)
    if entry.stamp is None and has_other_stamp:
        return (value_attribute(subject, entry, mapped), *extras)
    stamp = AttributeValue(at.TIME_STAMP_ABS.attribute_id, _stamp(entry.stamp))
    return (value_attribute(subject, entry, mapped), stamp, *extras)


def _extras(entry: Entry) -> Iterator[AttributeValue]:
    """What an entry holds besides its value and its calendar stamp."""
    if entry.ticks is not None:
        yield at.TIME_STAMP_REL.of(entry.ticks)
    if entry.microseconds is not None:
        yield at.TIME_STAMP_REL_HI_RES.of(entry.microseconds)
    if entry.base_offset is not None:
        yield at.TIME_STAMP_BO.of(entry.base_offset)
    if entry.unit is not None:
        yield at.UNIT_CODE.of(entry.unit)
    if entry.status is not None:
        yield at.MSMT_STAT.of(entry.status.value)
    if entry.supplements is not None:
        yield at.SUPPLEMENTAL_TYPES.of(entry.supplements)


def _stamp(local: datetime | None) -> bytes:
    return bytes(8) if local is None else AbsoluteTime.of(local).octets


def value_attribute(subject: ConfiguredObject, entry: Entry, mapped: set[int]) -> AttributeValue:
    """The observed value of an object as its attribute; `mapped` are the ids of its map.

    EncodeError when value and object do not fit.
    """
    value = entry.value
    match value:
        case Decimal() | SpecialValue():
            return _number_kind(subject, mapped, at.NU_VAL_OBS_BASIC, at.NU_VAL_OBS_SIMP).of(value)
        case MdcCode() | str() | Bits():
            if at.VAL_ENUM_OBS.attribute_id in mapped:
                return _whole_enumeration(subject, value, entry.status)
            return _enumeration(subject, value)
    if subject.object_class == ObjectClass.SAMPLE_ARRAY:
        return _samples(subject, value)
    numbers = tuple(_component(number) for number in value)
    if subject.parts and len(numbers) != len(subject.parts):
        raise EncodeError(
            f"object {subject.handle}: {len(numbers)} values for {len(subject.parts)} components"
        )
    kind = _number_kind(subject, mapped, at.NU_CMPD_VAL_OBS_BASIC, at.NU_CMPD_VAL_OBS_SIMP)
    return kind.of(numbers)


def _component(number: object) -> Number:
    if isinstance(number, Decimal | SpecialValue):
        return number
    raise EncodeError("the components of a compound are decimal numbers or special values")


def _number_kind(
    subject: ConfiguredObject, mapped: set[int], basic: Attribute[T], simple: Attribute[T]
) -> Attribute[T]:
    """SFLOAT where the value map says so, else FLOAT."""
    if subject.object_class != ObjectClass.NUMERIC:
        raise EncodeError(f"object {subject.handle} holds no numbers")
    return basic if basic.attribute_id in mapped else simple


def _enumeration(subject: ConfiguredObject, value: MdcCode | str | Bits) -> AttributeValue:
    """A finding in the attribute of its own form."""
    match value:
        case MdcCode():
            return at.ENUM_OBS_VAL_SIMP_OID.of(_term(subject, value))
        case str():
            return at.ENUM_OBS_VAL_SIMP_STR.of(padded(value))
        case Bits(bits=bits, width=16):
            return at.ENUM_OBS_VAL_BASIC_BIT_STR.of(bits)
        case Bits(bits=bits, width=32):
            return at.ENUM_OBS_VAL_SIMP_BIT_STR.of(bits)
    raise EncodeError(f"bits are 16 or 32 wide, not {value.width}")


def _whole_enumeration(
    subject: ConfiguredObject, value: MdcCode | str | Bits, status: MeasurementStatus | None
) -> AttributeValue:
    """A finding with its metric and state (EnumObsValue); bits are 32 wide there."""
    match value:
        case MdcCode():
            choice, octets = EnumChoice.CODE, _term(subject, value).to_bytes(2, "big")
        case str():
            text = padded(value)
            choice, octets = EnumChoice.TEXT, len(text).to_bytes(2, "big") + text
        case Bits(bits=bits, width=32):
            choice, octets = EnumChoice.BITS, bits.to_bytes(4, "big")
        case _:
            raise EncodeError(f"bits of an observed enumeration are 32 wide, not {value.width}")
    metric = subject.type.term if subject.type else 0
    state = (status or MeasurementStatus.VALID).value
    return at.VAL_ENUM_OBS.of(ObservedEnumeration(metric, state, int(choice), octets))


def _term(subject: ConfiguredObject, code: MdcCode) -> int:
    """A code travels without its partition, which must be the object's."""
    partition = subject.enumeration_partition
    if partition is None:
        partition = subject.type.partition if subject.type else None
    if code.partition != partition:
        raise EncodeError(
            f"object {subject.handle} reports codes of partition {partition}, not {code}"
        )
    return code.term


def _samples(
    subject: ConfiguredObject, samples: Sequence[int | Number] | NDArray[np.integer]
) -> AttributeValue:
    if subject.samples is None:
        raise EncodeError(f"object {subject.handle} has no sample specification")
    if not isinstance(samples, np.ndarray):
        samples = tuple(_sample(number) for number in samples)
    return at.SIMP_SA_OBS_VAL.of(encode_samples(samples, subject.samples))


def _sample(number: object) -> int:
    if isinstance(number, int | np.integer):
        return int(number)
    raise EncodeError("samples are whole numbers")
