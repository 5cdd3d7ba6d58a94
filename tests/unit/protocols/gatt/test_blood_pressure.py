"""Blood pressures: failed ones are no numbers, unknown years no times."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt import terms
from protocols.gatt.blood_pressure import (
    FEATURE,
    INTERMEDIATE,
    MEASUREMENT,
    PROFILE,
    BloodPressureFeature,
    BloodPressureMeasurement,
    cuff_pressure,
)
from protocols.gatt.fields import DateTime
from protocols.model.observation import (
    BitsObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import TimeQuality
from tests.unit.protocols.gatt.link import few, say
from tests.unit.protocols.gatt.records import SFLOAT, TIME, U8, U16, maybe

FAILED = "16ff07ff07ff07e80706170e230aff070000"
FULL = "1e8a00580078000000041114293b3c00012700"


def test_a_measurement_is_a_compound_of_three_pressures_and_a_pulse() -> None:
    pressures, pulse = say(PROFILE, MEASUREMENT, "04780050005d004800").observations
    assert isinstance(pressures, CompoundNumericObservation)
    assert pressures.type == terms.NIBP
    assert pressures.components == (
        (terms.NIBP_SYSTOLIC, Quantity(Decimal(120), terms.MILLIMETRES_OF_MERCURY)),
        (terms.NIBP_DIASTOLIC, Quantity(Decimal(80), terms.MILLIMETRES_OF_MERCURY)),
        (terms.NIBP_MEAN, Quantity(Decimal(93), terms.MILLIMETRES_OF_MERCURY)),
    )
    assert isinstance(pulse, NumericObservation)
    assert pulse.type == terms.PULSE_RATE_CUFF


def test_a_failed_measurement_is_absent_data_and_never_2047() -> None:
    pressures, pulse, _ = say(PROFILE, MEASUREMENT, FAILED).observations
    assert isinstance(pressures, CompoundNumericObservation)
    assert {value.value for _, value in pressures.components} == {SpecialValue.NAN}
    assert isinstance(pulse, NumericObservation)
    assert pulse.value.value is SpecialValue.NAN


def test_a_year_that_is_not_known_gives_no_time() -> None:
    transcript = say(PROFILE, MEASUREMENT, FULL)
    pressures, _, status = transcript.observations
    assert pressures.observed_at.quality is TimeQuality.RECEIVED
    assert pressures.observed_at.device_time is None
    assert isinstance(status, BitsObservation)
    assert status.type == terms.NIBP_STATUS
    # Body movement, cuff too loose, irregular pulse, position: bits 0, 1, 2 and 5 of 20601.
    assert status.bits == 0xE400


def test_the_user_of_a_shared_device_is_said_unless_unknown() -> None:
    assert len(say(PROFILE, MEASUREMENT, FULL).warnings) == 1
    record = BloodPressureMeasurement(
        systolic=Decimal(16), diastolic=Decimal(11), mean=Decimal(13), in_kpa=True, user=0xFF
    )
    transcript = say(PROFILE, MEASUREMENT, MEASUREMENT.encode(record).hex())
    assert transcript.warnings == ()
    (pressures,) = transcript.observations
    assert isinstance(pressures, CompoundNumericObservation)
    assert {value.unit for _, value in pressures.components} == {terms.KILOPASCAL}


def test_the_cuff_s_pressure_on_the_way_is_an_ongoing_measurement() -> None:
    octets = INTERMEDIATE.encode(cuff_pressure(Decimal(144)))
    assert octets.hex() == "009000ff07ff07"
    (cuff,) = say(PROFILE, INTERMEDIATE, octets.hex()).observations
    assert isinstance(cuff, NumericObservation)
    assert cuff.type == terms.CUFF_PRESSURE
    assert cuff.value == Quantity(Decimal(144), terms.MILLIMETRES_OF_MERCURY)
    assert cuff.status is MeasurementStatus.ONGOING


def test_features_survive_as_their_bits() -> None:
    assert FEATURE.encode(FEATURE.decode(b"\x3f\x00")) == b"\x3f\x00"
    assert FEATURE.decode(b"\x3f\x00") == BloodPressureFeature(0x3F)


@pytest.mark.parametrize("cut", range(len(FULL) // 2))
def test_a_measurement_that_is_cut_is_refused(cut: int) -> None:
    with pytest.raises(DecodeError):
        MEASUREMENT.decode(bytes.fromhex(FULL)[:cut])


def test_a_full_measurement_is_written_back() -> None:
    record = MEASUREMENT.decode(bytes.fromhex(FULL))
    assert record.time == DateTime(0, 4, 17, 20, 41, 59)
    assert MEASUREMENT.encode(record).hex() == FULL


@given(
    record=st.builds(
        BloodPressureMeasurement,
        systolic=SFLOAT,
        diastolic=SFLOAT,
        mean=SFLOAT,
        in_kpa=st.booleans(),
        time=maybe(TIME),
        pulse_rate=maybe(SFLOAT),
        user=maybe(U8),
        status=maybe(U16),
    )
)
@few
def test_every_measurement_is_written_back(record: BloodPressureMeasurement) -> None:
    assert MEASUREMENT.decode(MEASUREMENT.encode(record)) == record
