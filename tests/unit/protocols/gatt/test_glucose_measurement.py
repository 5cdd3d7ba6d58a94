"""Glucose measurements: third-party octets first, then units, times and states."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.gatt import glucose
from protocols.gatt import glucose_terms as terms
from protocols.gatt.fields import DateTime
from protocols.gatt.glucose_measurement import (
    FEATURE,
    MEASUREMENT,
    Concentration,
    GlucoseFeature,
    GlucoseMeasurement,
    shifted,
)
from protocols.gatt.transcriber import Transcript
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    MeasurementStatus,
    NumericObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, TimeQuality
from protocols.nomenclature import units
from tests.unit.protocols.gatt.link import few, say
from tests.vectors_folder import needs_vectors, phd

# Flags, sequence number 1, 12 June 2026 20:00:00.
HEAD = "0100 EA07060C140000"


def told(flags: str, rest: str) -> Transcript:
    return say(glucose.PROFILE, MEASUREMENT, f"{flags} {HEAD} {rest}")


def reading(transcript: Transcript) -> NumericObservation:
    (found,) = [o for o in transcript.observations if isinstance(o, NumericObservation)]
    return found


@needs_vectors
def test_a_measurement_means_what_the_vector_says() -> None:
    (vector,) = [item for item in phd()["vectors"] if item["decoder"] == "gls"]
    octets, expected = bytes.fromhex(vector["hex"]), vector["expect"]
    record = MEASUREMENT.decode(octets)
    assert record.sequence_number == expected["seq"]
    assert str(record.base_time) == expected["base_time"]
    assert record.offset_minutes == expected["offset_min"]
    assert record.user_facing_time == datetime(2019, 2, 27, 11, 5, 30)  # noqa: DTZ001 - local
    concentration = record.concentration
    assert concentration is not None
    assert str(concentration.value) == expected["conc"]
    assert (concentration.in_moles, expected["unit"]) == (False, "kg/L")
    assert (concentration.sample_type, concentration.sample_location) == (
        expected["type"],
        expected["loc"],
    )
    assert record.status == int(expected["status"], 16)
    assert record.context_follows is expected["context_follows"]
    assert MEASUREMENT.encode(record) == octets


def test_kilograms_and_moles_a_litre_become_the_units_of_the_ward_digit_by_digit() -> None:
    # 105 x 10^-5 kg/L capillary whole blood of a finger; 5.80 mmol/L as 580 x 10^-5 mol/L.
    mass = reading(told("02", "69B0 11"))
    assert mass.type == MdcCode(2, 29112)
    assert mass.value == Quantity(Decimal("105"), units.MILLIGRAMS_PER_DECILITRE)
    moles = reading(told("06", "44B2 11"))
    assert str(moles.value.value) == "5.80"
    assert moles.value.unit == units.MILLIMOLES_PER_LITRE


def test_a_special_value_is_absent_data() -> None:
    assert reading(told("02", "FF07 11")).value.value is SpecialValue.NAN


@pytest.mark.parametrize("sample", ["1A", "4A", "41"])
def test_a_control_solution_is_never_a_patients_value(sample: str) -> None:
    observation = reading(told("02", f"69B0 {sample}"))
    assert observation.type == terms.GLUCOSE_CONTROL
    assert observation.status is MeasurementStatus.TEST_DATA


def test_where_the_sample_came_from_is_a_finding_of_its_own() -> None:
    finger = told("02", "69B0 11").observations[1]
    assert isinstance(finger, CodedObservation)
    assert (finger.type, finger.value) == (terms.SAMPLE_LOCATION, MdcCode(128, 29240))
    assert len(told("02", "69B0 F1").observations) == 1
    assert len(told("02", "69B0 01").observations) == 1


def test_reserved_codes_of_the_sample_are_said_and_guess_nothing() -> None:
    transcript = told("02", "69B0 7C")
    assert reading(transcript).type == terms.GLUCOSE
    assert transcript.warnings == (
        "a glucose sample type that is reserved",
        "a glucose sample location that is reserved",
    )


def test_the_time_is_base_plus_offset_and_the_record_is_a_stored_one() -> None:
    observation = reading(told("03", "C4FF 69B0 11"))  # minus 60 minutes
    assert observation.observed_at.quality is TimeQuality.UNKNOWN
    assert observation.observed_at.device_time == DeviceTime("absolute", "2026-06-12T19:00:00.00")
    again = reading(told("03", "C4FF 69B0 11"))
    assert again.observation_id == observation.observation_id


@pytest.mark.parametrize(
    ("base", "offset"),
    [
        ("EA07060C140000", 0x7FFF),
        ("EA07060C140000", -0x8000),
        ("0000060C140000", 0),
        ("01000101000000", -1),
    ],
)
def test_a_time_that_cannot_be_known_is_said(base: str, offset: int) -> None:
    octets = f"03 0100 {base} {offset.to_bytes(2, 'little', signed=True).hex()} 69B0 11"
    transcript = say(glucose.PROFILE, MEASUREMENT, octets)
    assert transcript.warnings == ("a glucose record without a usable time",)
    assert reading(transcript).observed_at.device_time is None


def test_a_meter_with_a_wrong_clock_keeps_its_stamp_and_is_not_believed() -> None:
    transcript = told("0A", "69B0 11 0008")
    assert transcript.warnings == ("the meter says that its time is wrong",)
    observed = reading(transcript).observed_at
    assert observed.quality is TimeQuality.UNKNOWN
    assert observed.device_time is not None


def test_status_bits_speak_against_the_reading_and_are_told_in_the_terms_order() -> None:
    transcript = told("0A", "69B0 11 2100")  # battery low, result too high
    assert reading(transcript).status is MeasurementStatus.QUESTIONABLE
    status = transcript.observations[-1]
    assert isinstance(status, BitsObservation)
    assert (status.type, status.bits, status.width) == (terms.METER_STATUS, 0x8400, 16)


def test_a_low_battery_alone_leaves_the_reading_good() -> None:
    assert reading(told("0A", "69B0 11 0100")).status is MeasurementStatus.VALID


def test_a_record_without_a_concentration_tells_its_status_alone() -> None:
    assert [type(o) for o in told("08", "0200").observations] == [BitsObservation]


def test_features_are_sixteen_bits() -> None:
    assert FEATURE.decode(b"\x03\x04") == GlucoseFeature(0x0403)
    assert FEATURE.encode(GlucoseFeature(0x0403)) == b"\x03\x04"


def test_shifting_keeps_specials_and_digits() -> None:
    assert shifted(SpecialValue.NRES, 5) is SpecialValue.NRES
    assert str(shifted(Decimal("36.60"), 1)) == "366.0"


concentrations = st.builds(
    Concentration,
    st.integers(-2045, 2045).map(lambda n: Decimal(n).scaleb(-5)),
    st.booleans(),
    st.integers(0, 15),
    st.integers(0, 15),
)


@given(
    st.builds(
        GlucoseMeasurement,
        sequence_number=st.integers(0, 0xFFFF),
        base_time=st.builds(
            DateTime, st.integers(0, 0xFFFF), *[st.integers(0, 255) for _ in range(5)]
        ),
        offset_minutes=st.none() | st.integers(-0x8000, 0x7FFF),
        concentration=st.none() | concentrations,
        status=st.none() | st.integers(0, 0xFFFF),
        context_follows=st.booleans(),
    )
)
@few
def test_what_is_written_is_read_back(record: GlucoseMeasurement) -> None:
    assert MEASUREMENT.decode(MEASUREMENT.encode(record)) == record


@pytest.mark.parametrize("minutes", [None, 90, -90])
def test_the_user_facing_time_is_the_base_time_and_the_offset(minutes: int | None) -> None:
    record = GlucoseMeasurement(
        sequence_number=1, base_time=DateTime(2026, 6, 12, 20, 0, 0), offset_minutes=minutes
    )
    expected = datetime(2026, 6, 12, 20) + timedelta(minutes=minutes or 0)  # noqa: DTZ001 - a meter's own time
    assert record.user_facing_time == expected


def test_a_date_at_the_end_of_the_calendar_has_no_time_after_it() -> None:
    record = GlucoseMeasurement(
        sequence_number=1, base_time=DateTime(9999, 12, 31, 23, 59, 0), offset_minutes=1
    )
    assert record.user_facing_time is None


def test_a_record_with_nothing_but_its_time_is_written_as_short_as_it_came() -> None:
    octets = bytes.fromhex(f"00 {HEAD}")
    assert MEASUREMENT.encode(MEASUREMENT.decode(octets)) == octets


@pytest.mark.parametrize(
    ("in_moles", "unit"), [(True, units.MOLES_PER_LITRE), (False, units.KILOGRAMS_PER_LITRE)]
)
def test_a_concentration_tells_its_unit(in_moles: bool, unit: UnitCode) -> None:
    assert Concentration(Decimal("0.001"), in_moles, 1, 1).unit == unit
