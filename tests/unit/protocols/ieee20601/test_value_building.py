"""The agent's side: typed values become attributes that say the same when read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from protocols.errors import EncodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import BaseOffsetTime, ValueMapEntry
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.event_reports import ConfigObject, ScanReportVar, decode_event_info
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.report_building import fixed_report, variable_report
from protocols.ieee20601.value_building import Bits, Entry, Value
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    SampleArrayObservation,
    TextObservation,
)
from protocols.model.quantity import SpecialValue
from protocols.model.timestamps import DeviceTime
from protocols.specializations import basic_ecg, blood_pressure, defibrillator, pulse_oximeter
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.reports import LOCAL, read_built

OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
PRESSURE = STANDARD_CONFIGURATIONS[0x02BC]
ECG = basic_ecg.SPECIALIZATION.configuration
DEFIBRILLATOR = defibrillator.SPECIALIZATION.configuration


def test_pressures_keep_their_order_and_special_values() -> None:
    values = (Decimal(120), Decimal(80), SpecialValue.NAN)
    entry = Entry(handle=blood_pressure.PRESSURES_HANDLE, value=values, stamp=LOCAL)
    for report in (fixed_report(PRESSURE, [entry]), variable_report(PRESSURE, [entry])):
        (observation,) = read_built(report, PRESSURE).observations
        assert isinstance(observation, CompoundNumericObservation)
        assert tuple(quantity.value for _, quantity in observation.components) == values


def test_samples_arrive_with_the_value_their_integer_stands_for() -> None:
    samples = np.arange(2000, 2050)
    for report in (
        fixed_report(ECG, [Entry(handle=basic_ecg.LEAD_II_HANDLE, value=samples, stamp=LOCAL)]),
        variable_report(
            ECG, [Entry(handle=basic_ecg.LEAD_II_HANDLE, value=samples.tolist(), stamp=LOCAL)]
        ),
    ):
        (observation,) = read_built(report, ECG).observations
        assert isinstance(observation, SampleArrayObservation)
        assert observation.count == 50
        assert observation.period_us == 5000
        assert observation.unit == UnitCode(4274)
        whole = np.frombuffer(observation.samples, "<i4").tolist()
        assert whole == samples.tolist()
        assert whole[0] * observation.scale + observation.offset == 0
        assert whole[1] * observation.scale + observation.offset == Decimal("0.005")


def test_codes_texts_and_numbers_of_a_defibrillator() -> None:
    fixed = fixed_report(
        DEFIBRILLATOR,
        [
            Entry(
                handle=defibrillator.RHYTHM_HANDLE,
                value=defibrillator.EVT_ECG_V_FIB,
                stamp=LOCAL,
            ),
            Entry(handle=defibrillator.SHOCK_ENERGY_HANDLE, value=Decimal(200), stamp=LOCAL),
        ],
    )
    rhythm, energy = read_built(fixed, DEFIBRILLATOR).observations
    assert isinstance(rhythm, CodedObservation)
    assert rhythm.value == MdcCode(3, 3198)
    assert isinstance(energy, NumericObservation)
    assert energy.value.unit == UnitCode(3968)
    text = variable_report(
        DEFIBRILLATOR,
        [Entry(handle=defibrillator.EVENT_HANDLE, value="Shock 1: 200 J", stamp=LOCAL)],
    )
    (event,) = read_built(text, DEFIBRILLATOR).observations
    assert isinstance(event, TextObservation)
    assert event.text == "Shock 1: 200 J"


@pytest.mark.parametrize("bits", [Bits(0x8001), Bits(0x80000001, 32)])
def test_bits_keep_their_width(bits: Bits) -> None:
    report = variable_report(
        DEFIBRILLATOR, [Entry(handle=defibrillator.EVENT_HANDLE, value=bits, stamp=LOCAL)]
    )
    (observation,) = read_built(report, DEFIBRILLATOR).observations
    assert isinstance(observation, BitsObservation)
    assert (observation.bits, observation.width) == (bits.bits, bits.width)


def test_a_variable_report_carries_unit_status_and_supplements() -> None:
    fast = (MdcCode(2, 19508),)
    entry = Entry(
        handle=pulse_oximeter.SPO2_HANDLE,
        value=Decimal(98),
        stamp=LOCAL - timedelta(seconds=1),
        unit=UnitCode(512),
        status=MeasurementStatus.QUESTIONABLE,
        supplements=fast,
    )
    (observation,) = read_built(variable_report(OXIMETER, [entry]), OXIMETER).observations
    assert isinstance(observation, NumericObservation)
    assert observation.value.unit == UnitCode(512)
    assert observation.status is MeasurementStatus.QUESTIONABLE
    assert observation.supplements == fast
    assert observation.observed_at.device_time == DeviceTime("absolute", "2026-11-23T03:02:02.45")


@pytest.mark.parametrize(
    ("handle", "value", "fault"),
    [
        (defibrillator.LEAD_II_HANDLE, Decimal(1), "holds no numbers"),
        (defibrillator.LEAD_II_HANDLE, [1, 2, 3], "3 samples where"),
        (defibrillator.LEAD_II_HANDLE, [70000] * 50, "a sample is outside"),
        (defibrillator.LEAD_II_HANDLE, (Decimal("0.5"),) * 50, "whole numbers"),
        (defibrillator.LEAD_II_HANDLE, (SpecialValue.NAN,) * 50, "whole numbers"),
        (defibrillator.RHYTHM_HANDLE, MdcCode(2, 16960), "codes of partition 3, not 2:16960"),
        (defibrillator.EVENT_HANDLE, "text", "is not in its value map"),
        (defibrillator.RHYTHM_HANDLE, "text", "is not in its value map"),
        (defibrillator.RHYTHM_HANDLE, Bits(0, 8), "16 or 32 wide"),
        (defibrillator.SHOCK_ENERGY_HANDLE, Decimal("1E12"), "too large"),
    ],
)
def test_what_does_not_fit_the_configuration_is_refused(
    handle: int, value: Value, fault: str
) -> None:
    with pytest.raises(EncodeError, match=fault):
        fixed_report(DEFIBRILLATOR, [Entry(handle=handle, value=value, stamp=LOCAL)])


def test_a_component_is_a_number_with_digits_of_its_own() -> None:
    entry = Entry(handle=blood_pressure.PRESSURES_HANDLE, value=(120, 80, 93), stamp=LOCAL)
    with pytest.raises(EncodeError, match="decimal numbers"):
        fixed_report(PRESSURE, [entry])


def test_a_compound_with_a_missing_part_is_refused() -> None:
    entry = Entry(
        handle=blood_pressure.PRESSURES_HANDLE, value=(Decimal(1), Decimal(2)), stamp=LOCAL
    )
    with pytest.raises(EncodeError, match="2 values for 3 components"):
        fixed_report(PRESSURE, [entry])


def finding(*layout: tuple[int, int], part: bool = True) -> Configuration:
    """One enumeration whose fixed reports are laid out so; codes of partition 2."""
    value_map = tuple(ValueMapEntry(kind, length) for kind, length in layout)
    attributes = [at.ID_TYPE.of(MdcCode(3, 4)), at.ATTRIBUTE_VAL_MAP.of(value_map)]
    if part:
        attributes.append(at.ENUM_OBS_VAL_PART.of(2))
    return build_configuration(
        0x4000, [ConfigObject(ObjectClass.ENUMERATION, 1, tuple(attributes))]
    )


@pytest.mark.parametrize(
    ("layout", "value", "seen"),
    [
        ((2633, 2), MdcCode(2, 77), MdcCode(2, 77)),
        ((2634, 8), "ready", "ready"),
        ((2661, 4), Bits(0x80000001, 32), 0x80000001),
        ((2662, 2), Bits(0x8001), 0x8001),
        ((2462, 10), MdcCode(2, 77), MdcCode(2, 77)),
        ((2462, 14), "okay", "okay"),
        ((2462, 12), Bits(0x80000001, 32), 0x80000001),
    ],
)
def test_every_form_of_an_enumeration_travels_fixed_and_variable(
    layout: tuple[int, int], value: Value, seen: object
) -> None:
    configuration = finding(layout, (2448, 8))
    entry = Entry(handle=1, value=value, stamp=LOCAL)
    for report in (fixed_report(configuration, [entry]), variable_report(configuration, [entry])):
        (observation,) = read_built(report, configuration).observations
        match observation:
            case CodedObservation(value=code):
                assert code == seen
            case TextObservation(text=text):
                assert text == seen
            case BitsObservation(bits=bits):
                assert bits == seen
            case _:
                raise AssertionError(observation)


def test_an_observed_enumeration_carries_its_metric_and_state() -> None:
    configuration = finding((2462, 10))
    entry = Entry(
        handle=1, value=MdcCode(2, 77), stamp=None, status=MeasurementStatus.EARLY_INDICATION
    )
    report = fixed_report(configuration, [entry])
    assert report.event_info[-10:].hex() == "0004004000010002004d"
    (observation,) = read_built(report, configuration).observations
    assert observation.status is MeasurementStatus.EARLY_INDICATION


@pytest.mark.parametrize("width", [16, 8])
def test_bits_of_an_observed_enumeration_are_32_wide(width: int) -> None:
    with pytest.raises(EncodeError, match="32 wide, not"):
        fixed_report(finding((2462, 10)), [Entry(handle=1, value=Bits(1, width), stamp=None)])


def test_a_code_without_a_partition_of_its_own_has_that_of_the_type() -> None:
    configuration = finding((2633, 2), part=False)
    entry = Entry(handle=1, value=MdcCode(3, 5), stamp=None)
    assert fixed_report(configuration, [entry]).event_info[-2:] == b"\x00\x05"


def test_samples_need_a_sample_specification() -> None:
    bare = build_configuration(0x4000, [ConfigObject(ObjectClass.SAMPLE_ARRAY, 1, ())])
    with pytest.raises(EncodeError, match="no sample specification"):
        variable_report(bare, [Entry(handle=1, value=[1, 2], stamp=None)])


def test_stamps_of_other_clocks_take_the_place_of_an_unknown_calendar_time() -> None:
    base = BaseOffsetTime(3_900_000_000, 0, 60)
    entry = Entry(
        handle=pulse_oximeter.SPO2_HANDLE,
        value=Decimal(98),
        stamp=None,
        ticks=8000,
        microseconds=5,
        base_offset=base,
    )
    report = variable_report(OXIMETER, [entry])
    info = decode_event_info(report.event_type, report.event_info)
    assert isinstance(info, ScanReportVar)
    assert info.observations[0].attributes[1:] == (
        at.TIME_STAMP_REL.of(8000),
        at.TIME_STAMP_REL_HI_RES.of(5),
        at.TIME_STAMP_BO.of(base),
    )


def test_a_fixed_report_has_room_for_whatever_its_map_says() -> None:
    configuration = finding((2633, 2), (2449, 4), (2375, 2), (2454, 2))
    entry = Entry(
        handle=1,
        value=MdcCode(2, 1),
        stamp=None,
        ticks=9,
        unit=UnitCode(512),
        status=MeasurementStatus.VALIDATED,
    )
    report = fixed_report(configuration, [entry])
    assert report.event_info[-10:].hex() == "00010000000900800200"
    silent = Entry(handle=1, value=MdcCode(2, 1), stamp=None)
    with pytest.raises(EncodeError, match="nothing of 4 octets for MDC_ATTR_TIME_STAMP_REL"):
        fixed_report(configuration, [silent])
