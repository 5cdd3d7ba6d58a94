"""Every kind of value, the rare ones too, and what a report may say of its object beside it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    BatteryMeasure,
    ObservedEnumeration,
    ObservedNumber,
    SampleSpecification,
    ScaleAndRange,
)
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.device_clock import NO_CLOCK
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.ieee20601.reading_records import Reading, Reception, Unread
from protocols.ieee20601.readings import (
    lacks_unit,
    observations_of,
    with_overrides,
)
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import (
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    SampleArrayObservation,
)
from protocols.model.quantity import Quantity
from tests.unit.protocols.ieee20601.reports import DEVICE, RECEIVED

SPO2, LEAD_II = MdcCode(2, 19384), MdcCode(2, 258)
PERCENT = UnitCode(544)
RECEPTION = Reception(device=DEVICE, received_at=RECEIVED, report_counter=1, clock=NO_CLOCK)


def subject(kind: ObjectClass, type_code: MdcCode | None) -> ConfiguredObject:
    return ConfiguredObject(handle=1, object_class=kind, type=type_code)


NUMERIC = subject(ObjectClass.NUMERIC, SPO2)
WAVE = subject(ObjectClass.SAMPLE_ARRAY, LEAD_II)
FINDING = subject(ObjectClass.ENUMERATION, MdcCode(2, 53255))


def read(
    described: ConfiguredObject, *values: AttributeValue
) -> tuple[list[Observation], list[Unread]]:
    unread: list[Unread] = []
    reading = Reading(
        subject=with_overrides(described, values, []), values=values, position=1, sequence=4
    )
    return list(observations_of(reading, RECEPTION, [], unread)), unread


def test_samples_are_scaled_and_timed_as_the_report_says() -> None:
    made, unread = read(
        WAVE,
        at.SA_SPECN.of(SampleSpecification(2, 16, 16, 0)),
        at.SCALE_SPECN_I16.of(ScaleAndRange(Decimal(-10), Decimal(10), 0, 4000)),
        at.TIME_PD_SAMP.of(40),
        at.SIMP_SA_OBS_VAL.of(bytes.fromhex("07D0 0FA0")),
    )
    (wave,) = made
    assert unread == []
    assert isinstance(wave, SampleArrayObservation)
    assert (wave.period_us, wave.count, wave.sequence) == (5000, 2, 4)
    assert 4000 * wave.scale + wave.offset == 10


def test_samples_without_a_period_are_kept_as_octets() -> None:
    made, (left,) = read(
        WAVE,
        at.SA_SPECN.of(SampleSpecification(1, 8, 8, 0)),
        at.SIMP_SA_OBS_VAL.of(b"\x01"),
    )
    assert made == []
    assert "without a sample period" in left.reason


@pytest.mark.parametrize("typed", [NUMERIC, subject(ObjectClass.NUMERIC, None)])
def test_a_report_may_say_what_it_measures(typed: ConfiguredObject) -> None:
    made, _ = read(typed, at.ID_PHYSIO.of(18458), at.NU_VAL_OBS_BASIC.of(Decimal(72)))
    assert [one.type for one in made] == [MdcCode(2, 18458)]


def test_what_cannot_be_read_of_an_object_changes_nothing() -> None:
    broken = AttributeValue(at.ID_PHYSIO.attribute_id, b"\1")
    unit = AttributeValue(at.UNIT_CODE.attribute_id, b"\1")
    assert with_overrides(NUMERIC, (broken, unit), []) is NUMERIC


def test_what_an_object_says_again_is_no_change() -> None:
    with_unit = with_overrides(NUMERIC, (at.UNIT_CODE.of(PERCENT),), [])
    assert with_overrides(with_unit, (at.UNIT_CODE.of(PERCENT),), []) is with_unit


def test_a_value_of_an_object_without_a_type_is_kept_as_octets() -> None:
    made, (left,) = read(subject(ObjectClass.NUMERIC, None), at.NU_VAL_OBS_BASIC.of(Decimal(98)))
    assert made == []
    assert left.reason == "an object without a type"


def test_a_unit_is_missed_only_where_a_number_needs_one() -> None:
    number = Reading(
        subject=NUMERIC, values=(at.NU_VAL_OBS_BASIC.of(Decimal(1)),), position=1, sequence=None
    )
    code = Reading(
        subject=FINDING, values=(at.ENUM_OBS_VAL_SIMP_OID.of(1),), position=1, sequence=None
    )
    assert lacks_unit(number)
    assert not lacks_unit(code)


def test_numbers_that_carry_their_own_metric_and_unit_are_one_compound() -> None:
    first = ObservedNumber(18949, 0x4000, UnitCode(3872), Decimal(120))
    second = ObservedNumber(18950, 0x0040, UnitCode(3872), Decimal(80))
    (made,), _ = read(NUMERIC, at.NU_CMPD_VAL_OBS.of((first, second)))
    assert isinstance(made, CompoundNumericObservation)
    assert made.components == (
        (MdcCode(2, 18949), Quantity(Decimal(120), UnitCode(3872))),
        (MdcCode(2, 18950), Quantity(Decimal(80), UnitCode(3872))),
    )
    assert made.status == MeasurementStatus.QUESTIONABLE | MeasurementStatus.EARLY_INDICATION


def test_an_enumeration_takes_the_partition_the_report_names() -> None:
    (made,), _ = read(
        FINDING,
        at.ENUM_OBS_VAL_PART.of(3),
        at.VAL_ENUM_OBS.of(ObservedEnumeration(0, 0, 1, b"\x0c\x7e")),
    )
    assert isinstance(made, CodedObservation)
    assert made.value == MdcCode(3, 3198)


def test_an_enumeration_of_another_choice_is_kept_as_octets() -> None:
    made, (left,) = read(FINDING, at.VAL_ENUM_OBS.of(ObservedEnumeration(0, 0, 99, b"\1")))
    assert made == []
    assert "choice 99" in left.reason


def test_battery_charge_is_percent_and_its_time_has_its_own_unit() -> None:
    charge, _ = read(NUMERIC, at.VAL_BATT_CHARGE.of(55))
    left, _ = read(NUMERIC, at.TIME_BATT_REMAIN.of(BatteryMeasure(Decimal(90), UnitCode(2208))))
    values = [one.value for one in (*charge, *left) if isinstance(one, NumericObservation)]
    assert values == [Quantity(Decimal(55), PERCENT), Quantity(Decimal(90), UnitCode(2208))]
