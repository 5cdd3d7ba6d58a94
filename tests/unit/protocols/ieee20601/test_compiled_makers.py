"""Each kind of value becomes its kind of observation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SaFlags, SampleSpecification
from protocols.ieee20601.attributes import Attribute
from protocols.ieee20601.compiled_layouts import ReadingFields, Value, ValueField
from protocols.ieee20601.compiled_makers import MAKERS, type_of
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
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
from protocols.model.timestamps import ObservedTime, TimeQuality

DEVICE = SystemId(bytes(8))
AT = ObservedTime(datetime(2026, 11, 25, tzinfo=UTC), TimeQuality.RECEIVED)
NAMING = Naming(AT.at, 1 << 16)
QUANTITY = Quantity(Decimal(7), UnitCode(544))
PARTS = (MdcCode(2, 2), MdcCode(2, 3))
SUBJECT = ConfiguredObject(
    handle=1,
    object_class=ObjectClass.NUMERIC,
    type=MdcCode(2, 1),
    supplements=(MdcCode(2, 19516),),
    parts=PARTS,
    samples=SampleSpecification(2, 16, 255, 0),
    period_ticks=16,
)


def made(
    kind: Attribute[object],
    *values: Value,
    subject: ConfiguredObject = SUBJECT,
    count: int = 1,
) -> tuple[int, Observation | None]:
    item = ValueField(kind.attribute_id, 2, count, octets=4)
    reading = ReadingFields(subject, (item,), slice(0, 0))
    duration_us, make = MAKERS[kind.attribute_id](reading, item, DEVICE)
    found = make((0xF000, 9, *values), UUID(int=1), NAMING, AT, MeasurementStatus.ONGOING)
    assert found is None or found.named_by == NAMING
    return duration_us, found


def test_a_number() -> None:
    _, observation = made(at.NU_VAL_OBS_BASIC, QUANTITY)
    assert observation == NumericObservation(
        observation_id=UUID(int=1),
        type=MdcCode(2, 1),
        observed_at=AT,
        device=DEVICE,
        status=MeasurementStatus.ONGOING,
        supplements=(MdcCode(2, 19516),),
        value=QUANTITY,
    )


def test_a_compound_has_its_parts_in_order() -> None:
    _, observation = made(at.NU_CMPD_VAL_OBS_SIMP, QUANTITY, QUANTITY, count=2)
    assert isinstance(observation, CompoundNumericObservation)
    assert observation.components == tuple(zip(PARTS, (QUANTITY, QUANTITY), strict=True))


def test_a_code_belongs_to_the_types_partition_unless_the_object_names_its_own() -> None:
    _, plain = made(at.ENUM_OBS_VAL_SIMP_OID, 5)
    _, named = made(at.ENUM_OBS_VAL_SIMP_OID, 5, subject=replace(SUBJECT, enumeration_partition=3))
    assert isinstance(plain, CodedObservation)
    assert isinstance(named, CodedObservation)
    assert (plain.value, named.value) == (MdcCode(2, 5), MdcCode(3, 5))


def test_bits_keep_their_width() -> None:
    _, wide = made(at.ENUM_OBS_VAL_SIMP_BIT_STR, 5)
    _, narrow = made(at.ENUM_OBS_VAL_BASIC_BIT_STR, 5)
    assert isinstance(wide, BitsObservation)
    assert isinstance(narrow, BitsObservation)
    assert (wide.bits, wide.width, narrow.width) == (5, 32, 16)


def test_samples_last_as_long_as_their_period_says() -> None:
    duration_us, observation = made(at.SIMP_SA_OBS_VAL, b"\0\1\xff\xff")
    assert isinstance(observation, SampleArrayObservation)
    assert duration_us == 2 * observation.period_us == 4000
    assert observation.samples == b"\1\0\0\0\xff\xff\xff\xff"
    assert (observation.unit, observation.sequence) == (UnitCode(512), 9)


@pytest.mark.parametrize("flags", [0, int(SaFlags.SA_EXT_VAL_RANGE)])
def test_samples_with_odd_bits_are_left_to_the_interpreted_path_for_its_warning(flags: int) -> None:
    subject = replace(SUBJECT, samples=SampleSpecification(2, 16, 12, flags))
    _, observation = made(at.SIMP_SA_OBS_VAL, b"\xf0\1\0\2", subject=subject)
    if not flags:
        assert observation is None
        return
    assert isinstance(observation, SampleArrayObservation)
    assert observation.samples == b"\1\0\0\0\2\0\0\0"


@pytest.mark.parametrize(
    "subject",
    [
        replace(SUBJECT, samples=None),
        replace(SUBJECT, period_ticks=None),
        replace(SUBJECT, samples=SampleSpecification(3, 16, 255, 0)),
    ],
)
def test_samples_that_do_not_say_how_they_are_read_have_no_maker(
    subject: ConfiguredObject,
) -> None:
    with pytest.raises(DecodeError):
        made(at.SIMP_SA_OBS_VAL, b"", subject=subject)


def test_an_object_without_a_type_has_no_layout_and_never_comes_here() -> None:
    with pytest.raises(AssertionError):
        type_of(ReadingFields(replace(SUBJECT, type=None), (), slice(0, 0)))
