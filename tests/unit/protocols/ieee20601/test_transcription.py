"""Reports become observations: values, overrides, times, and what cannot be read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    BatteryMeasure,
    HandleValueMap,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import build_configuration, decode_configuration
from protocols.ieee20601.device_clock import NO_CLOCK
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
from protocols.ieee20601.metric_objects import numeric, value_map
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.transcription import LayoutError, nothing_new, transcribe
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.identifiers import observation_id
from protocols.model.observation import (
    BitsObservation,
    NumericObservation,
)
from protocols.model.quantity import Quantity
from protocols.model.timestamps import DeviceTime
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.random_reports import configurations, reports
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


def test_a_unit_that_changes_twice_in_a_report_counts_as_it_was_last() -> None:
    units = [(1, (at.UNIT_CODE.of(UnitCode(unit)),)) for unit in (512, 4000)]
    changed = read(var_report(*units), OXIMETER).configuration
    assert changed.objects[1].unit == UnitCode(4000)
    assert changed.objects[10] is OXIMETER.objects[10]


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
    assert result.notes[-1] == "handle 99: no such handle in the configuration"
    variable = read(var_report((99, (AttributeValue(0xF123, b"\1\2"),))), OXIMETER)
    assert (variable.unknown_handles, variable.unread[0].octets) == ((99,), b"\1\2")


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
    assert configuration.warnings == (
        "tolerated duplicate-handle: handle 1 is defined twice; the later object counts",
    )
    found = configuration.find(1)
    assert found is not None
    assert found.type == MdcCode(2, 18458)


def test_a_page_of_what_is_durable_already_says_nothing_new() -> None:
    told = nothing_new(OXIMETER, TWO_HOURS_AHEAD)
    assert (told.observations, told.configuration, told.clock) == ((), OXIMETER, TWO_HOURS_AHEAD)
    assert not told.is_unreadable


def test_an_unknown_handle_in_any_report_is_told() -> None:
    result = read(var_report((99, (stamp(),))), OXIMETER)
    assert result.unknown_handles == (99,)
    assert result.is_unreadable


def test_two_persons_of_one_kind_and_time_are_two_readings() -> None:
    item = ObservationFixed(1, b"\x00\x62" + stamp().octets)
    alone = read(ScanReportFixed(0xF000, 1, (item,)), OXIMETER).observations[0].observation_id
    persons = (PersonFixed(0xFFFF, (item,)), PersonFixed(1, (item,)), PersonFixed(2, (item,)))
    result = read(ScanReportMpFixed(0xF000, 1, persons), OXIMETER)
    unnamed, first, second = (item.observation_id for item in result.observations)
    assert len({alone, first, second}) == 3
    assert unnamed == alone


def test_two_probes_of_one_kind_are_two_readings() -> None:
    probes = build_configuration(
        0x4000, [numeric(handle, MdcCode(2, 19292), UnitCode(6048)) for handle in (1, 2)]
    )
    values = b"\x01\x70" + stamp().octets
    info = ScanReportFixed(0xF000, 1, (ObservationFixed(1, values), ObservationFixed(2, values)))
    result = read(info, probes)
    assert len({item.observation_id for item in result.observations}) == 2
    assert read(info, probes).observations == result.observations


def test_pieces_without_octets_cost_nothing_in_any_group() -> None:
    empty = (HandleValueMap(1, ()),) * 2000
    basic = HandleValueMap(1, (ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),))
    values = (b"\0\x62",) * 2000
    read_by = []
    for maps in ((*empty, basic, *empty), (basic,), empty):
        scanner = ConfigObject(
            int(ObjectClass.EPISODIC_SCANNER), 60, (at.SCAN_HANDLE_ATTR_VAL_MAP.of(maps),)
        )
        configuration = build_configuration(0x4000, [*OXIMETER.report.objects, scanner])
        info = ScanReportGrouped(0xF000, 0, values)
        result = transcribe(event(handle=60), info, configuration, reception())
        read_by.append(result)
    assert read_by[0].observations == read_by[1].observations
    assert len(read_by[0].observations) == 2000
    assert read_by[2].unknown_handles == (60,)


def test_a_report_without_groups_says_nothing() -> None:
    assert read(ScanReportGrouped(0xF000, 0, ()), OXIMETER).observations == ()


def test_groups_of_a_scanner_nobody_told_of_are_kept_as_octets() -> None:
    result = read(ScanReportGrouped(0xF000, 3, (b"\1\2",)), OXIMETER)
    assert result.unknown_handles == (0,)
    assert result.unread[0].octets == b"\1\2"


def test_a_report_is_unreadable_when_none_of_its_values_is_and_one_should_be() -> None:
    broken = AttributeValue(at.NU_VAL_OBS_BASIC.attribute_id, b"\1")
    vendor = AttributeValue(0xF001, b"\1")
    assert read(var_report((1, (broken,))), OXIMETER).is_unreadable
    assert not read(var_report((1, (vendor,))), OXIMETER).is_unreadable
    good = at.NU_VAL_OBS_BASIC.of(Decimal(97))
    assert not read(var_report((1, (broken, good, stamp()))), OXIMETER).is_unreadable


def test_nothing_new_says_nothing() -> None:
    said = nothing_new(OXIMETER, NO_CLOCK)
    assert (said.observations, said.notes, said.configuration) == ((), (), OXIMETER)


def test_a_group_of_a_handle_that_is_not_there_is_kept_as_octets() -> None:
    entries = (ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),)
    scanner = ConfigObject(
        ObjectClass.EPISODIC_SCANNER,
        60,
        (at.SCAN_HANDLE_ATTR_VAL_MAP.of((HandleValueMap(7, entries),)),),
    )
    known = build_configuration(0x4000, (scanner,))
    info = ScanReportGrouped(0xF000, 3, (b"\1\2",))
    result = transcribe(event(handle=60), info, known, reception())
    assert (result.unknown_handles, result.unread[0].octets) == ((7,), b"\1\2")


def test_a_report_of_a_source_that_is_not_configured_is_kept_as_octets() -> None:
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), stamp())))
    result = transcribe(event(b"\1\2", handle=77), info, OXIMETER, reception())
    assert result.observations == ()
    assert result.unknown_handles == (77,)
    assert [item.octets for item in result.unread] == [b"\1\2"]
    assert len(transcribe(event(handle=10), info, OXIMETER, reception()).observations) == 1


@settings(max_examples=100)
@given(st.data())
def test_no_two_observations_of_a_report_have_one_id(data: st.DataObject) -> None:
    configuration = data.draw(configurations())
    report = data.draw(reports(configuration))
    with suppress(DecodeError):
        info = decode_event_info(report.event_type, report.event_info)
        assert isinstance(info, ScanReportFixed | ScanReportGrouped)
        made = transcribe(report, info, configuration, reception(TWO_HOURS_AHEAD)).observations
        assert len({item.observation_id for item in made}) == len(made)


def test_a_handle_twice_in_a_report_with_one_stamp_is_two_readings() -> None:
    once = ObservationFixed(1, b"\x00\x62" + stamp().octets)
    other = ObservationFixed(1, b"\x00\x61" + stamp().octets)
    (alone,) = read(ScanReportFixed(0xF000, 1, (once,)), OXIMETER).observations
    info = ScanReportFixed(0xF000, 1, (once, other, other))
    result = read(info, OXIMETER).observations
    assert result[0] == alone
    assert len({item.observation_id for item in result}) == 3
    assert read(info, OXIMETER, reception(counter=9)).observations == result
