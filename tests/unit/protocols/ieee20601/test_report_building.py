"""The agent's side: typed values become reports that say the same when read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from protocols.errors import EncodeError
from protocols.ieee20601.event_reports import EventType
from protocols.ieee20601.report_building import (
    Bits,
    Entry,
    Value,
    fixed_report,
    variable_report,
)
from protocols.ieee20601.standard_configurations import STANDARD_CONFIGURATIONS
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
from tests.unit.protocols.ieee20601.reports import LOCAL, read_built

OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
PRESSURE = STANDARD_CONFIGURATIONS[0x02BC]
ECG = basic_ecg.SPECIALIZATION.configuration
DEFIBRILLATOR = defibrillator.SPECIALIZATION.configuration


def test_a_fixed_oximeter_report_has_these_octets() -> None:
    report = fixed_report(
        OXIMETER,
        [
            Entry(handle=pulse_oximeter.SPO2_HANDLE, value=Decimal("97.5"), stamp=LOCAL),
            Entry(handle=pulse_oximeter.PULSE_RATE_HANDLE, value=Decimal(72), stamp=None),
        ],
        scan_report_no=7,
    )
    assert report.event_type is EventType.SCAN_REPORT_FIXED
    assert report.event_info.hex() == (
        "f00000070002001c0001000af3cf2026112303020345000a000a00480000000000000000"
    )


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
        (99, Decimal(1), "no object 99"),
        (defibrillator.LEAD_II_HANDLE, Decimal(1), "holds no numbers"),
        (defibrillator.LEAD_II_HANDLE, [1, 2, 3], "3 samples where"),
        (defibrillator.LEAD_II_HANDLE, [70000] * 50, "a sample is outside"),
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


def test_a_compound_with_a_missing_part_is_refused() -> None:
    entry = Entry(
        handle=blood_pressure.PRESSURES_HANDLE, value=(Decimal(1), Decimal(2)), stamp=LOCAL
    )
    with pytest.raises(EncodeError, match="2 values for 3 components"):
        fixed_report(PRESSURE, [entry])
