"""What one object's attributes become: its kind of observation, unit, status and identity."""

from __future__ import annotations

from decimal import Decimal

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    ObservedEnumeration,
    ObservedNumber,
)
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import (
    ConfigObject,
)
from protocols.ieee20601.objects import ObjectClass
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.fixtures.namings import makes_its_id
from tests.unit.protocols.ieee20601.reports import (
    read,
    reception,
    stamp,
    var_report,
)

OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
PRESSURE = STANDARD_CONFIGURATIONS[0x02BC]
SPO2 = MdcCode(2, 19384)
PERCENT = UnitCode(544)
EVENTS = 3


def enumeration(handle: int, *more: AttributeValue) -> ConfigObject:
    return ConfigObject(ObjectClass.ENUMERATION, handle, (at.ID_TYPE.of(MdcCode(2, 53255)), *more))


def test_a_compound_becomes_its_components_in_order() -> None:
    pressures = (Decimal(120), Decimal(80), SpecialValue.NAN)
    info = var_report((1, (at.NU_CMPD_VAL_OBS_BASIC.of(pressures), stamp())))
    (observation,) = read(info, PRESSURE).observations
    assert isinstance(observation, CompoundNumericObservation)
    mmhg = UnitCode(3872)
    assert observation.components == (
        (MdcCode(2, 18949), Quantity(Decimal(120), mmhg)),
        (MdcCode(2, 18950), Quantity(Decimal(80), mmhg)),
        (MdcCode(2, 18951), Quantity(SpecialValue.NAN, mmhg)),
    )


def test_a_control_solution_is_test_data_whatever_its_status_says() -> None:
    solution = ConfigObject(
        ObjectClass.NUMERIC, 1, (at.ID_TYPE.of(MdcCode(2, 29136)), at.UNIT_CODE.of(UnitCode(2130)))
    )
    configuration = build_configuration(0x4000, [solution])
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(105)), at.MSMT_STAT.of(0x4000), stamp())))
    (observation,) = read(info, configuration).observations
    wanted = MeasurementStatus.TEST_DATA | MeasurementStatus.QUESTIONABLE
    assert observation.status == wanted


def test_the_first_of_an_attribute_that_stands_twice_is_the_reading() -> None:
    values = tuple(at.NU_VAL_OBS_BASIC.of(Decimal(number)) for number in (98, 97, 96))
    result = read(var_report((1, (*values, stamp()))), OXIMETER)
    (observation,) = result.observations
    assert isinstance(observation, NumericObservation)
    assert observation.value.number == Decimal(98)
    assert [item.octets for item in result.unread] == [b"\0\x61", b"\0\x60"]
    assert result.notes == ("handle 1 MDC_ATTR_NU_VAL_OBS_BASIC: the attribute stands there twice",)


SINGLE = at.NU_VAL_OBS_BASIC.of(Decimal(98))
FORM = at.NU_VAL_OBS_SIMP.of(Decimal("98.4"))
CODE = at.ENUM_OBS_VAL_SIMP_OID.of(3198)
BITS = at.ENUM_OBS_VAL_BASIC_BIT_STR.of(1)


def test_of_two_forms_of_one_value_the_first_counts_and_the_other_is_noted() -> None:
    alone = read(var_report((1, (SINGLE, stamp()))), OXIMETER).observations
    both = read(var_report((1, (SINGLE, FORM, stamp()))), OXIMETER)
    assert both.observations == alone
    assert [item.attribute_id for item in both.unread] == [at.NU_VAL_OBS_SIMP.attribute_id]
    assert "another form" in both.notes[0]


def test_a_broken_form_of_a_value_leaves_the_other_its_place() -> None:
    broken = AttributeValue(at.NU_VAL_OBS_BASIC.attribute_id, b"\1")
    (observation,) = read(var_report((1, (broken, FORM, stamp()))), OXIMETER).observations
    assert isinstance(observation, NumericObservation)
    assert observation.value.number == Decimal("98.4")


def test_values_of_several_kinds_are_readings_of_their_own() -> None:
    (alone,) = read(var_report((1, (SINGLE, stamp()))), OXIMETER).observations
    info = var_report((1, (SINGLE, FORM, CODE, BITS, stamp())))
    number, code, bits = read(info, OXIMETER).observations
    assert number == alone
    assert isinstance(code, CodedObservation)
    assert isinstance(bits, BitsObservation)
    assert len({item.observation_id for item in (number, code, bits)}) == 3
    assert read(info, OXIMETER).observations == (number, code, bits)


def test_only_the_first_kind_of_value_is_named_by_the_reception() -> None:
    first, *others = read(var_report((1, (SINGLE, CODE, BITS))), OXIMETER).observations
    assert makes_its_id(first)
    assert [one.named_by for one in others] == [None, None]


def test_a_compound_with_a_missing_part_is_kept_as_octets_and_said() -> None:
    info = var_report((1, (at.NU_CMPD_VAL_OBS_BASIC.of((Decimal(120), Decimal(80))), stamp())))
    result = read(info, PRESSURE)
    assert result.observations == ()
    (unread,) = result.unread
    assert unread.octets == at.NU_CMPD_VAL_OBS_BASIC.encode((Decimal(120), Decimal(80)))
    assert result.notes == (
        "handle 1 MDC_ATTR_NU_CMPD_VAL_OBS_BASIC: 2 values for 3 components (20601 6.3.4)",
    )


def test_unit_status_and_supplements_of_the_report_stand_before_the_configuration() -> None:
    fast = (MdcCode(2, 19508),)
    values = (
        at.NU_VAL_OBS_BASIC.of(Decimal(98)),
        at.UNIT_CODE.of(UnitCode(512)),
        at.MSMT_STAT.of(0x4020),
        at.SUPPLEMENTAL_TYPES.of(fast),
        stamp(),
    )
    (observation,) = read(var_report((1, values)), OXIMETER).observations
    assert isinstance(observation, NumericObservation)
    assert observation.value.unit == UnitCode(512)
    assert observation.status == MeasurementStatus.QUESTIONABLE | MeasurementStatus.ONGOING
    assert observation.supplements == fast


def test_reserved_status_bits_do_not_disturb() -> None:
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), at.MSMT_STAT.of(0x031F))))
    (observation,) = read(info, OXIMETER).observations
    assert observation.status is MeasurementStatus.VALID


def test_readings_of_a_test_association_are_marked() -> None:
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), stamp())))
    (observation,) = read(info, OXIMETER, reception(test=True)).observations
    assert observation.status is MeasurementStatus.TEST_DATA


def test_enumerations_become_codes_texts_and_bits() -> None:
    configuration = build_configuration(
        0x4000, (enumeration(1, at.ENUM_OBS_VAL_PART.of(EVENTS)), enumeration(2))
    )
    info = var_report(
        (1, (at.ENUM_OBS_VAL_SIMP_OID.of(3198), stamp())),
        (2, (at.ENUM_OBS_VAL_SIMP_OID.of(16960), stamp())),
        (2, (at.ENUM_OBS_VAL_SIMP_STR.of(b"shock\0"), stamp())),
        (2, (at.ENUM_OBS_VAL_BASIC_BIT_STR.of(0x8001), stamp())),
        (2, (at.ENUM_OBS_VAL_SIMP_BIT_STR.of(0x80000001), stamp())),
        (1, (at.VAL_ENUM_OBS.of(ObservedEnumeration(53255, 0x8000, 1, b"\x0c\x7e")), stamp())),
        (1, (at.VAL_ENUM_OBS.of(ObservedEnumeration(53255, 0, 2, b"\0\2ok")), stamp())),
        (1, (at.VAL_ENUM_OBS.of(ObservedEnumeration(53255, 0, 16, bytes(4))), stamp())),
    )
    result = read(info, configuration)
    event_code, finding, text, bits_16, bits_32, old_code, old_text, old_bits = result.observations
    assert isinstance(event_code, CodedObservation)
    assert event_code.value == MdcCode(EVENTS, 3198)
    assert isinstance(finding, CodedObservation)
    assert finding.value == MdcCode(2, 16960)
    assert isinstance(text, TextObservation)
    assert text.text == "shock"
    assert isinstance(bits_16, BitsObservation)
    assert (bits_16.bits, bits_16.width) == (0x8001, 16)
    assert isinstance(bits_32, BitsObservation)
    assert (bits_32.bits, bits_32.width) == (0x80000001, 32)
    assert isinstance(old_code, CodedObservation)
    assert old_code.value == MdcCode(EVENTS, 3198)
    assert old_code.status is MeasurementStatus.INVALID
    assert isinstance(old_text, TextObservation)
    assert old_text.text == "ok"
    assert isinstance(old_bits, BitsObservation)


def test_a_value_that_carries_its_own_metric_and_unit() -> None:
    values = (at.NU_VAL_OBS.of(ObservedNumber(18458, 0x4000, UnitCode(2720), Decimal(72))),)
    (observation,) = read(var_report((1, values)), OXIMETER).observations
    assert isinstance(observation, NumericObservation)
    assert observation.type == MdcCode(2, 18458)
    assert observation.value == Quantity(Decimal(72), UnitCode(2720))
    assert observation.status is MeasurementStatus.QUESTIONABLE


def test_a_vendor_term_is_kept_and_flagged() -> None:
    configuration = build_configuration(
        0x4000,
        (ConfigObject(ObjectClass.NUMERIC, 3, (at.ID_TYPE.of(MdcCode(2, 61458)),)),),
    )
    assert configuration.warnings == ("tolerated private-term: object 3: vendor term 2:61458",)
    (observation,) = read(
        var_report((3, (at.NU_VAL_OBS_SIMP.of(Decimal(1)),))), configuration
    ).observations
    assert isinstance(observation, NumericObservation)
    assert observation.type == MdcCode(2, 61458)
    # 20601: an object without a unit is dimensionless.
    assert observation.value.unit == UnitCode(512)


def test_unknown_attributes_and_broken_values_are_kept_beside_the_good_ones() -> None:
    values = (
        AttributeValue(0xF123, b"\xde\xad"),
        AttributeValue(at.NU_VAL_OBS_SIMP.attribute_id, b"\1"),
        at.NU_VAL_OBS_BASIC.of(Decimal(98)),
        AttributeValue(at.MSMT_STAT.attribute_id, b"\1"),
        stamp(),
    )
    result = read(var_report((1, values)), OXIMETER)
    assert len(result.observations) == 1
    assert [unread.octets for unread in result.unread] == [b"\xde\xad", b"\1"]
    assert len(result.notes) == 3


def test_a_measurement_period_is_part_of_the_identity() -> None:
    value = at.NU_VAL_OBS_BASIC.of(Decimal(98))
    plain = read(var_report((1, (value, stamp()))), OXIMETER).observations[0]
    period = at.TIME_PD_MSMT_ACTIVE.of(Decimal("1.5"))
    averaged = read(var_report((1, (value, stamp(), period))), OXIMETER).observations[0]
    assert plain.observation_id != averaged.observation_id
