"""One value of a compiled report -> one observation; what is known before is bound before.

A maker takes the report's values, the identity and what that was named by, the time and the status
of the reading. It gives what `readings` gives for the same octets; None where that has a warning
for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final
from uuid import UUID

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.compiled_layouts import ReadingFields, ValueField, Values, value_at
from protocols.ieee20601.observation_cases import DIMENSIONLESS
from protocols.ieee20601.sample_arrays import SampleDecoder, sample_period_us
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.identifiers import Naming
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    SampleArrayObservation,
)
from protocols.model.quantity import Quantity
from protocols.model.timestamps import ObservedTime

Maker = Callable[[Values, UUID, Naming | None, ObservedTime, MeasurementStatus], Observation | None]


def type_of(reading: ReadingFields) -> MdcCode:
    """What the object measures; AssertionError without a type, for it has no layout."""
    if reading.subject.type is None:
        raise AssertionError("an object without a type has no layout")
    return reading.subject.type


def _number(reading: ReadingFields, item: ValueField, device: SystemId) -> tuple[int, Maker]:
    type_code, supplements, place = type_of(reading), reading.subject.supplements, item.first

    def make(
        values: Values,
        identity: UUID,
        named_by: Naming | None,
        observed_at: ObservedTime,
        status: MeasurementStatus,
    ) -> Observation:
        return NumericObservation(
            observation_id=identity,
            named_by=named_by,
            type=type_code,
            observed_at=observed_at,
            device=device,
            status=status,
            supplements=supplements,
            value=value_at(values, place, Quantity),
        )

    return 0, make


def _compound(reading: ReadingFields, item: ValueField, device: SystemId) -> tuple[int, Maker]:
    type_code, supplements = type_of(reading), reading.subject.supplements
    parts, span = reading.subject.parts, slice(item.first, item.first + item.count)

    def make(
        values: Values,
        identity: UUID,
        named_by: Naming | None,
        observed_at: ObservedTime,
        status: MeasurementStatus,
    ) -> Observation:
        quantities = [value for value in values[span] if isinstance(value, Quantity)]
        return CompoundNumericObservation(
            observation_id=identity,
            named_by=named_by,
            type=type_code,
            observed_at=observed_at,
            device=device,
            status=status,
            supplements=supplements,
            components=tuple(zip(parts, quantities, strict=True)),
        )

    return 0, make


def _code(reading: ReadingFields, item: ValueField, device: SystemId) -> tuple[int, Maker]:
    type_code, supplements, place = type_of(reading), reading.subject.supplements, item.first
    own = reading.subject.enumeration_partition
    partition = type_code.partition if own is None else own

    def make(
        values: Values,
        identity: UUID,
        named_by: Naming | None,
        observed_at: ObservedTime,
        status: MeasurementStatus,
    ) -> Observation:
        return CodedObservation(
            observation_id=identity,
            named_by=named_by,
            type=type_code,
            observed_at=observed_at,
            device=device,
            status=status,
            supplements=supplements,
            value=MdcCode(partition, value_at(values, place, int)),
        )

    return 0, make


def _bits(
    width: int, reading: ReadingFields, item: ValueField, device: SystemId
) -> tuple[int, Maker]:
    type_code, supplements, place = type_of(reading), reading.subject.supplements, item.first

    def make(
        values: Values,
        identity: UUID,
        named_by: Naming | None,
        observed_at: ObservedTime,
        status: MeasurementStatus,
    ) -> Observation:
        return BitsObservation(
            observation_id=identity,
            named_by=named_by,
            type=type_code,
            observed_at=observed_at,
            device=device,
            status=status,
            supplements=supplements,
            bits=value_at(values, place, int),
            width=width,
        )

    return 0, make


def _samples(reading: ReadingFields, item: ValueField, device: SystemId) -> tuple[int, Maker]:
    subject, type_code, place = reading.subject, type_of(reading), item.first
    decoder = SampleDecoder(subject.samples, subject.scale)
    period_us = sample_period_us(subject.period_ticks)
    if not decoder.fits(item.octets):
        raise DecodeError("a value map of another length", clause="20601 6.3.5")
    unit: UnitCode = subject.unit or DIMENSIONLESS

    def make(
        values: Values,
        identity: UUID,
        named_by: Naming | None,
        observed_at: ObservedTime,
        status: MeasurementStatus,
    ) -> Observation | None:
        samples = decoder.decode(value_at(values, place, bytes))
        if samples.has_odd_bits:
            return None
        return SampleArrayObservation(
            observation_id=identity,
            named_by=named_by,
            type=type_code,
            observed_at=observed_at,
            device=device,
            status=status,
            supplements=subject.supplements,
            samples=samples.octets,
            scale=samples.scale,
            offset=samples.offset,
            period_us=period_us,
            unit=unit,
            sequence=value_at(values, 1, int),
        )

    return decoder.count * period_us, make


MAKERS: Final[dict[int, Callable[[ReadingFields, ValueField, SystemId], tuple[int, Maker]]]] = {
    at.NU_VAL_OBS_BASIC.attribute_id: _number,
    at.NU_VAL_OBS_SIMP.attribute_id: _number,
    at.NU_CMPD_VAL_OBS_BASIC.attribute_id: _compound,
    at.NU_CMPD_VAL_OBS_SIMP.attribute_id: _compound,
    at.ENUM_OBS_VAL_SIMP_OID.attribute_id: _code,
    at.ENUM_OBS_VAL_SIMP_BIT_STR.attribute_id: partial(_bits, 32),
    at.ENUM_OBS_VAL_BASIC_BIT_STR.attribute_id: partial(_bits, 16),
    at.SIMP_SA_OBS_VAL.attribute_id: _samples,
}
"""Attribute -> for one object: the value's own duration in microseconds, and its maker.

DecodeError when the object does not say all that its values need.
"""
