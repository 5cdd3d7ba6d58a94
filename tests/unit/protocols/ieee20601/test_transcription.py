"""Reports become observations: values, overrides, times, and what cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    BatteryMeasure,
    HandleValueMap,
    ObservedEnumeration,
    ObservedNumber,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import build_configuration, decode_configuration
from protocols.ieee20601.event_reports import (
    ConfigObject,
    ObservationFixed,
    PersonFixed,
    PersonGrouped,
    PersonVar,
    ScanReportFixed,
    ScanReportGrouped,
    ScanReportMpFixed,
    ScanReportMpGrouped,
    ScanReportMpVar,
    decode_event_info,
)
from protocols.ieee20601.metric_objects import value_map
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.transcription import LayoutError, transcribe
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.identifiers import observation_id
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.reports import (
    DEVICE,
    TWO_HOURS_AHEAD,
    event,
    read,
    reception,
    stamp,
    var_report,
)
from tests.vectors import own_apdus

OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
PRESSURE = STANDARD_CONFIGURATIONS[0x02BC]
SPO2 = MdcCode(2, 19384)
PERCENT = UnitCode(544)
EVENTS = 3


def enumeration(handle: int, *more: AttributeValue) -> ConfigObject:
    return ConfigObject(ObjectClass.ENUMERATION, handle, (at.ID_TYPE.of(MdcCode(2, 53255)), *more))


def test_a_fixed_report_becomes_numbers_with_unit_time_and_identity() -> None:
    configuration = decode_configuration(own_apdus.CONFIGURATION)
    info = decode_event_info(0x0D1D, own_apdus.FIXED_REPORT)
    assert isinstance(info, ScanReportFixed)
    result = read(info, configuration)
    (observation,) = result.observations
    assert isinstance(observation, NumericObservation)
    assert observation.value == Quantity(Decimal("97.5"), PERCENT)
    assert observation.type == SPO2
    assert observation.device == DEVICE
    assert observation.observed_at.device_time == DeviceTime("absolute", "2026-11-23T01:52:48.50")
    assert observation.observation_id == observation_id(
        system_id=DEVICE,
        type_code=SPO2,
        device_time=DeviceTime("absolute", "2026-11-23T01:52:48.50"),
    )
    assert (result.unknown_handles, result.unread, result.notes) == ((), (), ())


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


def test_a_changed_unit_holds_for_the_reports_that_follow() -> None:
    changed = read(var_report((1, (at.UNIT_CODE.of(UnitCode(512)),))), OXIMETER)
    assert changed.observations == ()
    later = ScanReportFixed(0xF000, 4, (ObservationFixed(1, bytes.fromhex("0062") + bytes(8)),))
    (observation,) = read(later, changed.configuration).observations
    assert isinstance(observation, NumericObservation)
    assert observation.value == Quantity(Decimal(98), UnitCode(512))
    (unchanged,) = read(later, OXIMETER).observations
    assert isinstance(unchanged, NumericObservation)
    assert unchanged.value.unit == PERCENT


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
    assert configuration.warnings == ("object 3: vendor term 2:61458",)
    (observation,) = read(
        var_report((3, (at.NU_VAL_OBS_SIMP.of(Decimal(1)),))), configuration
    ).observations
    assert isinstance(observation, NumericObservation)
    assert observation.type == MdcCode(2, 61458)
    # 20601: an object without a unit is dimensionless.
    assert observation.value.unit == UnitCode(512)


def test_an_unknown_handle_is_told_and_its_octets_kept() -> None:
    fixed = ScanReportFixed(
        0xF000,
        1,
        (ObservationFixed(99, b"\1\2"), ObservationFixed(1, bytes.fromhex("0062") + bytes(8))),
    )
    result = read(fixed, OXIMETER)
    assert result.unknown_handles == (99,)
    assert len(result.observations) == 1
    assert result.unread[0].octets == b"\1\2"
    assert result.notes == ("handle 99: no such handle in the configuration",)


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


def test_a_fixed_report_of_another_length_than_its_map_is_a_layout_error() -> None:
    fixed = ScanReportFixed(0xF000, 1, (ObservationFixed(1, b"\0\x62"),))
    with pytest.raises(LayoutError, match="2 octets where the value map has 10"):
        read(fixed, OXIMETER)


def test_readings_of_several_persons_are_taken_with_a_note() -> None:
    item = ObservationFixed(1, bytes.fromhex("0062") + bytes(8))
    result = read(ScanReportMpFixed(0xF000, 1, (PersonFixed(66, (item,)),)), OXIMETER)
    assert len(result.observations) == 1
    assert "person 66" in result.notes[0]
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), stamp())))
    mp_var = ScanReportMpVar(0xF000, 1, (PersonVar(7, info.observations),))
    assert len(read(mp_var, OXIMETER).observations) == 1


def grouped_scanner() -> ConfigObject:
    layout = (ValueMapEntry(0x0A4C, 2), ValueMapEntry(0x0990, 8))
    maps = (HandleValueMap(1, layout), HandleValueMap(10, layout))
    return ConfigObject(ObjectClass.EPISODIC_SCANNER, 55, (at.SCAN_HANDLE_ATTR_VAL_MAP.of(maps),))


def test_a_grouped_report_is_cut_by_the_scanners_map() -> None:
    configuration = build_configuration(0x4000, (*OXIMETER.report.objects, grouped_scanner()))
    octets = bytes.fromhex("f3cf2010080310511100" + "f3212010080310511100")
    for info in (
        ScanReportGrouped(0xF000, 9, (octets,)),
        ScanReportMpGrouped(0xF000, 9, (PersonGrouped(1, octets),)),
    ):
        result = transcribe(event(handle=55), info, configuration, reception())
        saturation, pulse = result.observations
        assert isinstance(saturation, NumericObservation)
        assert isinstance(pulse, NumericObservation)
        assert saturation.value.number == Decimal("97.5")
        assert pulse.value.number == Decimal("80.1")
        assert saturation.observed_at.device_time == DeviceTime(
            "absolute", "2010-08-03T10:51:11.00"
        )
    with pytest.raises(LayoutError, match="scanner 55"):
        transcribe(
            event(handle=55), ScanReportGrouped(0xF000, 9, (b"\0",)), configuration, reception()
        )
    lost = transcribe(
        event(handle=56), ScanReportGrouped(0xF000, 9, (octets,)), configuration, reception()
    )
    assert lost.unknown_handles == (56,)


def test_battery_and_power_of_the_device_itself_become_observations() -> None:
    values = (
        at.VAL_BATT_CHARGE.of(80),
        at.POWER_STAT.of(0x4000),
        at.TIME_BATT_REMAIN.of(BatteryMeasure(Decimal(90), UnitCode(2208))),
    )
    level, power, remaining = read(var_report((0, values)), OXIMETER).observations
    assert isinstance(level, NumericObservation)
    assert level.type == MdcCode(1, 2460)
    assert level.value == Quantity(Decimal(80), PERCENT)
    assert isinstance(power, BitsObservation)
    assert (power.type, power.bits) == (MdcCode(1, 2389), 0x4000)
    assert isinstance(remaining, NumericObservation)
    assert remaining.value == Quantity(Decimal(90), UnitCode(2208))


def test_a_report_of_the_devices_new_clock_moves_the_offset() -> None:
    local = datetime(2026, 11, 23, 5, 2, 4)  # noqa: DTZ001  # the device's own timeline
    info = var_report((0, (at.TIME_ABS.of(AbsoluteTime.of(local)),)))
    result = read(info, OXIMETER, reception(TWO_HOURS_AHEAD))
    assert [era.ahead for era in result.clock.absolute] == [timedelta(hours=2), timedelta(hours=4)]


def test_a_measurement_period_is_part_of_the_identity() -> None:
    value = at.NU_VAL_OBS_BASIC.of(Decimal(98))
    plain = read(var_report((1, (value, stamp()))), OXIMETER).observations[0]
    period = at.TIME_PD_MSMT_ACTIVE.of(Decimal("1.5"))
    averaged = read(var_report((1, (value, stamp(), period))), OXIMETER).observations[0]
    assert plain.observation_id != averaged.observation_id


def test_the_clock_attribute_in_a_value_map_is_read_as_a_time_stamp() -> None:
    wrong = value_map((at.NU_VAL_OBS_BASIC, 2), (at.TIME_ABS, 8))
    item = OXIMETER.report.objects[0]
    configuration = build_configuration(
        0x4000, (replace(item, attributes=(*item.attributes[:3], wrong)),)
    )
    assert len(configuration.warnings) == 1
    info = decode_event_info(0x0D1D, own_apdus.FIXED_REPORT)
    assert isinstance(info, ScanReportFixed)
    (observation,) = read(info, configuration).observations
    assert observation.observed_at.device_time == DeviceTime("absolute", "2026-11-23T01:52:48.50")


def test_a_handle_defined_twice_takes_the_later_definition() -> None:
    first, second = OXIMETER.report.objects
    configuration = build_configuration(0x4000, (first, replace(second, handle=first.handle)))
    assert configuration.warnings == ("handle 1 is defined twice; the later object counts",)
    found = configuration.find(1)
    assert found is not None
    assert found.type == MdcCode(2, 18458)
