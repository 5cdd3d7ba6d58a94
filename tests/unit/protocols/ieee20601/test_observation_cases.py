"""Each attribute's value becomes its kind of observation, with identity, time and state."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    BatteryMeasure,
    ObservedEnumeration,
    ObservedNumber,
    SaFlags,
    SampleSpecification,
)
from protocols.ieee20601.attributes import Attribute, AttributeValue
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.ieee20601.observation_cases import MAKERS, NEED_UNIT
from protocols.ieee20601.reading_records import Reading
from protocols.ieee20601.tolerances import STRICT_TOLERANCES
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    SampleArrayObservation,
    TextObservation,
)
from protocols.model.quantity import Quantity
from tests.fixtures.namings import makes_its_id
from tests.unit.protocols.ieee20601.reports import reception, stamp

PERCENT = UnitCode(544)
PARTS = (MdcCode(2, 2), MdcCode(2, 3))
SUBJECT = ConfiguredObject(
    handle=1,
    object_class=ObjectClass.NUMERIC,
    type=MdcCode(2, 1),
    unit=PERCENT,
    parts=PARTS,
    samples=SampleSpecification(2, 16, 255, 0),
    period_ticks=16,
)
KILOGRAMS = UnitCode(1731)


def made(
    kind: Attribute[Any],
    value: object,
    *more: AttributeValue,
    subject: ConfiguredObject = SUBJECT,
    stored: bool = False,
    notes: list[str] | None = None,
) -> Observation:
    reading = Reading(subject=subject, values=more, position=1, sequence=9, stored=stored)
    make = MAKERS[kind.attribute_id]
    return make(
        kind.encode(value), MdcCode(2, 1), reading, reception(), [] if notes is None else notes
    )


def test_numbers_have_the_objects_unit() -> None:
    for kind in (at.NU_VAL_OBS_SIMP, at.NU_VAL_OBS_BASIC):
        observation = made(kind, Decimal("97.0"))
        assert isinstance(observation, NumericObservation)
        assert observation.value == Quantity(Decimal("97.0"), PERCENT)
        assert observation.status is MeasurementStatus.VALID


def test_an_id_without_a_calendar_says_what_it_was_named_by() -> None:
    assert makes_its_id(made(at.NU_VAL_OBS_SIMP, Decimal(97)))
    assert makes_its_id(made(at.SIMP_SA_OBS_VAL, b"\0\1\0\2"))
    assert made(at.NU_VAL_OBS_SIMP, Decimal(97), stamp()).named_by is None


def test_a_compound_has_as_many_values_as_parts() -> None:
    values = (Decimal(1), Decimal(2))
    observation = made(at.NU_CMPD_VAL_OBS_BASIC, values)
    assert isinstance(observation, CompoundNumericObservation)
    assert [code for code, _ in observation.components] == list(PARTS)
    with pytest.raises(DecodeError, match="1 values for 2 components"):
        made(at.NU_CMPD_VAL_OBS_SIMP, values[:1])


def test_a_number_that_brings_its_own_metric_and_unit_has_them() -> None:
    value = ObservedNumber(7, 0x4000, KILOGRAMS, Decimal(80))
    observation = made(at.NU_VAL_OBS, value)
    assert isinstance(observation, NumericObservation)
    assert (observation.type, observation.value.unit) == (MdcCode(2, 7), KILOGRAMS)
    assert observation.status is MeasurementStatus.QUESTIONABLE
    assert made(at.NU_VAL_OBS, replace(value, metric=0)).type == MdcCode(2, 1)


def test_numbers_of_one_compound_share_the_worst_of_their_states() -> None:
    values = (
        ObservedNumber(7, 0x4000, KILOGRAMS, Decimal(80)),
        ObservedNumber(8, 0x0020, KILOGRAMS, Decimal(81)),
    )
    observation = made(at.NU_CMPD_VAL_OBS, values)
    assert isinstance(observation, CompoundNumericObservation)
    assert [code.term for code, _ in observation.components] == [7, 8]
    assert observation.status == MeasurementStatus.QUESTIONABLE | MeasurementStatus.ONGOING


@pytest.mark.parametrize(("partition", "expected"), [(None, 2), (3, 3)])
def test_codes_belong_to_their_partition(partition: int | None, expected: int) -> None:
    subject = replace(SUBJECT, enumeration_partition=partition)
    for kind, value in (
        (at.ENUM_OBS_VAL_SIMP_OID, 5),
        (at.VAL_ENUM_OBS, ObservedEnumeration(0, 0, 1, b"\0\5")),
    ):
        observation = made(kind, value, subject=subject)
        assert isinstance(observation, CodedObservation)
        assert observation.value == MdcCode(expected, 5)


@pytest.mark.parametrize(
    ("kind", "value", "width"),
    [
        (at.ENUM_OBS_VAL_BASIC_BIT_STR, 5, 16),
        (at.ENUM_OBS_VAL_SIMP_BIT_STR, 5, 32),
        (at.VAL_ENUM_OBS, ObservedEnumeration(0, 0, 16, b"\0\0\0\5"), 32),
        (at.POWER_STAT, 5, 16),
    ],
)
def test_bits_keep_their_width(kind: Attribute[Any], value: object, width: int) -> None:
    observation = made(kind, value)
    assert isinstance(observation, BitsObservation)
    assert (observation.bits, observation.width) == (5, width)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (at.ENUM_OBS_VAL_SIMP_STR, b"low\0"),
        (at.VAL_ENUM_OBS, ObservedEnumeration(0, 0, 2, b"\0\4low\0")),
    ],
)
def test_texts_are_texts(kind: Attribute[Any], value: object) -> None:
    observation = made(kind, value)
    assert isinstance(observation, TextObservation)
    assert observation.text == "low"


def test_an_enumeration_of_no_known_choice_is_refused() -> None:
    with pytest.raises(DecodeError, match="an enumeration of choice 9"):
        made(at.VAL_ENUM_OBS, ObservedEnumeration(0, 0, 9, b""))


def test_samples_last_as_long_as_their_period_says() -> None:
    observation = made(at.SIMP_SA_OBS_VAL, b"\0\1\0\2")
    assert isinstance(observation, SampleArrayObservation)
    assert (observation.count, observation.period_us, observation.sequence) == (2, 2000, 9)
    with pytest.raises(DecodeError, match="without a sample period"):
        made(at.SIMP_SA_OBS_VAL, b"\0\1\0\2", subject=replace(SUBJECT, period_ticks=None))


def test_samples_with_odd_bits_are_masked_and_told() -> None:
    for flags, told in ((0, 1), (int(SaFlags.SA_EXT_VAL_RANGE), 0)):
        notes: list[str] = []
        subject = replace(SUBJECT, samples=SampleSpecification(2, 16, 12, flags))
        observation = made(at.SIMP_SA_OBS_VAL, b"\xf0\1\0\2", subject=subject, notes=notes)
        assert isinstance(observation, SampleArrayObservation)
        assert observation.samples == b"\1\0\0\0\2\0\0\0"
        assert len(notes) == told


def test_a_battery_has_its_level_and_its_time_left() -> None:
    level = made(at.VAL_BATT_CHARGE, 80)
    left = made(at.TIME_BATT_REMAIN, BatteryMeasure(Decimal(3), UnitCode(2208)))
    assert isinstance(level, NumericObservation)
    assert isinstance(left, NumericObservation)
    assert (level.value.unit, left.value.unit) == (PERCENT, UnitCode(2208))


def test_an_object_without_a_unit_is_dimensionless_where_that_is_forgiven() -> None:
    unitless = replace(SUBJECT, unit=None)
    observation = made(at.NU_VAL_OBS_BASIC, Decimal(1), subject=unitless)
    assert isinstance(observation, NumericObservation)
    assert observation.value.unit == UnitCode(512)
    facts = replace(reception(), tolerances=STRICT_TOLERANCES)
    reading = Reading(subject=unitless, values=(), position=1, sequence=9)
    with pytest.raises(DecodeError, match="no unit is named"):
        MAKERS[at.NU_VAL_OBS_BASIC.attribute_id](b"\0\1", MdcCode(2, 1), reading, facts, [])


def test_every_value_that_needs_a_unit_has_a_maker() -> None:
    assert set(MAKERS) >= NEED_UNIT


def test_a_calendar_stamp_identifies_a_reading_and_a_tick_only_a_stored_one() -> None:
    ticks = at.TIME_STAMP_REL.of(5)

    def identity(*more: AttributeValue, stored: bool = False) -> object:
        return made(at.NU_VAL_OBS_BASIC, Decimal(1), *more, stored=stored).observation_id

    assert identity(stamp()) == identity(stamp(), stored=True)
    assert identity(ticks) == identity()
    assert identity(ticks, stored=True) != identity(ticks)


def test_how_long_it_was_measured_and_its_state_are_the_readings() -> None:
    active = at.TIME_PD_MSMT_ACTIVE.of(Decimal(2))
    state = at.MSMT_STAT.of(0x8000)
    observation = made(at.NU_VAL_OBS_BASIC, Decimal(1), active, state, stamp())
    assert observation.status is MeasurementStatus.INVALID
    assert (
        observation.observation_id != made(at.NU_VAL_OBS_BASIC, Decimal(1), stamp()).observation_id
    )
