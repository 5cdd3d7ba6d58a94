"""Readings as Observations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import MeasurementStatus, NumericObservation
from protocols.model.quantity import SpecialValue
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.nomenclature.private import DEFIBRILLATOR_EVENT, SHOCK_ENERGY
from tests.fixtures.handovers import (
    BEATS,
    DEFIBRILLATOR,
    HEART_RATE,
    JOULE,
    KILOPASCAL,
    MODALITY_FAST,
    MONITOR,
    OXIMETER,
    PERCENT,
    PULSE,
    RHYTHM,
    SPO2,
    START,
    V_FIB,
    bits,
    coded,
    numeric,
    pressure,
    text,
)
from tests.unit.cloud.fhir.reading import codes, observation_of

AT = START + timedelta(seconds=3, milliseconds=120)
R4 = "http://hl7.org/fhir/StructureDefinition/"


def retimed(stored: StoredObservation, observed_at: ObservedTime) -> StoredObservation:
    return replace(stored, observation=replace(stored.observation, observed_at=observed_at))


def test_saturation_has_both_loinc_codes_its_own_code_and_the_vital_signs_profile() -> None:
    spo2 = observation_of(numeric(OXIMETER, SPO2, AT, "97.0", PERCENT))
    assert codes(spo2["code"]) == [
        (systems.LOINC, "2708-6"),
        (systems.LOINC, "59408-5"),
        (systems.MDC, "150456"),
        (systems.SNOMED, "431314004"),
    ]
    assert spo2["meta"]["profile"] == [f"{R4}oxygensat"]
    assert codes(spo2["category"][0]) == [(systems.OBSERVATION_CATEGORY, "vital-signs")]
    assert spo2["status"] == "final"
    assert spo2["effectiveDateTime"] == "2026-11-23T10:14:03.120Z"


@pytest.mark.parametrize("digits", ["97", "97.0", "97.00", "0.5", "100"])
def test_every_digit_is_handed_over(digits: str) -> None:
    spo2 = observation_of(numeric(OXIMETER, SPO2, AT, digits, PERCENT))
    assert str(spo2["valueQuantity"]["value"]) == digits
    assert spo2["valueQuantity"]["code"] == "%"


def test_rates_are_written_as_r4_wants_them() -> None:
    rate = observation_of(numeric(MONITOR, HEART_RATE, AT, "83", BEATS))
    assert rate["valueQuantity"] == {
        "value": 83,
        "unit": "/min",
        "system": systems.UCUM,
        "code": "/min",
    }


@pytest.mark.parametrize(
    ("special", "code"),
    [
        (SpecialValue.NAN, "not-a-number"),
        (SpecialValue.POSITIVE_INFINITY, "positive-infinity"),
        (SpecialValue.NEGATIVE_INFINITY, "negative-infinity"),
        (SpecialValue.NRES, "error"),
        (SpecialValue.RESERVED, "error"),
    ],
)
def test_a_special_value_is_a_reason_and_no_number(special: SpecialValue, code: str) -> None:
    spo2 = observation_of(numeric(OXIMETER, SPO2, AT, special, PERCENT))
    assert "valueQuantity" not in spo2
    assert codes(spo2["dataAbsentReason"]) == [(systems.DATA_ABSENT, code)]


def test_not_at_this_resolution_and_reserved_can_be_told_apart() -> None:
    texts = {
        observation_of(numeric(OXIMETER, SPO2, AT, special, PERCENT))["dataAbsentReason"]["text"]
        for special in SpecialValue
    }
    assert len(texts) == len(SpecialValue)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (MeasurementStatus.INVALID, "error"),
        (MeasurementStatus.NOT_AVAILABLE, "not-performed"),
        (MeasurementStatus.ONGOING, "temp-unknown"),
    ],
)
def test_a_status_without_value_goes_before_the_number(
    status: MeasurementStatus, code: str
) -> None:
    pulse = observation_of(numeric(OXIMETER, PULSE, AT, "70", BEATS, status=status))
    assert "valueQuantity" not in pulse
    assert codes(pulse["dataAbsentReason"]) == [(systems.DATA_ABSENT, code)]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (MeasurementStatus.QUESTIONABLE, "questionable"),
        (MeasurementStatus.CALIBRATION_ONGOING, "calibration-ongoing"),
        (MeasurementStatus.VALIDATED, "validated-data"),
        (MeasurementStatus.EARLY_INDICATION, "early-indication"),
    ],
)
def test_a_status_with_value_is_an_interpretation(status: MeasurementStatus, code: str) -> None:
    pulse = observation_of(numeric(OXIMETER, PULSE, AT, "70", BEATS, status=status))
    assert pulse["valueQuantity"]["value"] == 70
    assert codes(pulse["interpretation"][0]) == [(systems.MEASUREMENT_STATUS, code)]
    is_early = status is MeasurementStatus.EARLY_INDICATION
    assert pulse["status"] == ("preliminary" if is_early else "final")


@pytest.mark.parametrize("status", [MeasurementStatus.TEST_DATA, MeasurementStatus.DEMO_DATA])
def test_test_and_demonstration_data_are_labelled(status: MeasurementStatus) -> None:
    pulse = observation_of(numeric(OXIMETER, PULSE, AT, "70", BEATS, status=status))
    assert pulse["meta"]["security"][0]["code"] == "HTEST"


def test_our_flags_are_told() -> None:
    spo2 = observation_of(numeric(OXIMETER, SPO2, AT, "101", PERCENT, flags=("implausible",)))
    assert codes(spo2["interpretation"][0]) == [(systems.FLAGS, "implausible")]


def test_a_blood_pressure_is_one_panel_with_its_components() -> None:
    panel = observation_of(pressure(AT, "128", "80", "96"))
    assert codes(panel["code"]) == [
        (systems.LOINC, "85354-9"),
        (systems.MDC, "150020"),
        (systems.SNOMED, "75367002"),
    ]
    assert panel["meta"]["profile"] == [f"{R4}bp"]
    assert [codes(part["code"])[0][1] for part in panel["component"]] == [
        "8480-6",
        "8462-4",
        "8478-0",
    ]
    assert [part["valueQuantity"]["code"] for part in panel["component"]] == ["mm[Hg]"] * 3


def test_a_panel_without_diastolic_or_in_kilopascal_claims_no_profile() -> None:
    assert "meta" not in observation_of(pressure(AT, "128"))
    assert "meta" not in observation_of(pressure(AT, "17.1", "10.6", unit=KILOPASCAL))


def test_one_component_may_fail_while_the_others_stand() -> None:
    panel = observation_of(pressure(AT, "92", SpecialValue.NRES, "70"))
    held = [sorted(set(part) - {"code"}) for part in panel["component"]]
    assert held == [["valueQuantity"], ["dataAbsentReason"], ["valueQuantity"]]


def test_a_rhythm_is_a_code() -> None:
    rhythm = observation_of(coded(DEFIBRILLATOR, RHYTHM, AT, V_FIB))
    assert codes(rhythm["code"]) == [(systems.LOINC, "67519-9"), (systems.MDC, "184327")]
    assert codes(rhythm["valueCodeableConcept"]) == [(systems.MDC, str(V_FIB.cf_code))]


def test_a_text_event_keeps_its_words_and_an_empty_one_says_so() -> None:
    told = observation_of(text(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, AT, "charged to 200 J"))
    assert told["valueString"] == "charged to 200 J"
    silent = observation_of(text(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, AT, ""))
    assert codes(silent["dataAbsentReason"]) == [(systems.DATA_ABSENT, "unknown")]


def test_bits_count_from_the_most_significant() -> None:
    status = observation_of(bits(AT, 0x4001))
    assert [codes(part["code"])[0][1] for part in status["component"]] == ["150604.1", "150604.15"]


def test_a_term_of_our_own_stands_under_our_system_with_its_nemsis_element() -> None:
    energy = observation_of(numeric(DEFIBRILLATOR, SHOCK_ENERGY, AT, "200", JOULE))
    assert codes(energy["code"]) == [
        (systems.PRIVATE_TERMS, str(SHOCK_ENERGY.cf_code)),
        (systems.NEMSIS, "eDevice.10"),
    ]
    assert "no term in ISO/IEEE 11073-10101" in energy["code"]["coding"][0]["display"]


def test_unknown_codes_and_units_stay_numbers() -> None:
    odd = observation_of(numeric(OXIMETER, MdcCode(2, 61439), AT, "1.50", UnitCode(9999)))
    assert codes(odd["code"]) == [(systems.MDC, str((2 << 16) + 61439))]
    assert odd["valueQuantity"]["system"] == systems.MDC
    assert odd["valueQuantity"]["code"] == str((4 << 16) + 9999)
    assert str(odd["valueQuantity"]["value"]) == "1.50"


def test_supplemental_types_are_components() -> None:
    spo2 = observation_of(numeric(OXIMETER, SPO2, AT, "97", PERCENT, supplements=(MODALITY_FAST,)))
    (part,) = spo2["component"]
    assert codes(part["code"]) == [(systems.MDC, "68193")]
    assert codes(part["valueCodeableConcept"]) == [(systems.MDC, "150580")]


def test_an_unknown_time_is_said_to_be_unknown() -> None:
    stored = numeric(OXIMETER, SPO2, AT, "97", PERCENT)
    stamp = DeviceTime("absolute", "2000-01-01T00:00:00.00")
    spo2 = observation_of(retimed(stored, ObservedTime(AT, TimeQuality.UNKNOWN, stamp)))
    assert "effectiveDateTime" not in spo2
    assert spo2["_effectiveDateTime"]["extension"][0]["valueCode"] == "unknown"
    assert "2000-01-01T00:00:00.00" in spo2["note"][0]["text"]
    assert "derivedFrom" not in spo2


def test_ticks_of_a_device_without_a_calendar_are_kept_as_they_were_sent() -> None:
    stored = numeric(OXIMETER, SPO2, AT, "97", PERCENT)
    observed = ObservedTime(AT, TimeQuality.DEVICE, DeviceTime.relative(8000))
    spo2 = observation_of(retimed(stored, observed))
    (part,) = spo2["component"]
    assert codes(part["code"]) == [(systems.MDC, "67985")]
    assert part["valueQuantity"]["value"] == 8000
    assert part["valueQuantity"]["code"] == "{tick}"
    assert "derivedFrom" not in spo2


def test_gateway_and_device_are_named() -> None:
    spo2 = observation_of(numeric(OXIMETER, SPO2, AT, "97", PERCENT))
    assert spo2["extension"][0]["url"] == systems.GATEWAY_EXTENSION
    assert spo2["device"]["reference"] != spo2["extension"][0]["valueReference"]["reference"]


def test_a_reading_over_the_api_has_no_gateway() -> None:
    stored = replace(numeric(OXIMETER, SPO2, AT, "97", PERCENT), gateway_id=None)
    assert "extension" not in observation_of(stored)


def test_the_identifier_is_the_measurements_own() -> None:
    stored = numeric(OXIMETER, SPO2, AT, "97", PERCENT)
    assert isinstance(stored.observation, NumericObservation)
    identifier = observation_of(stored)["identifier"][0]
    assert identifier == {
        "system": systems.OBSERVATION,
        "value": str(stored.observation.observation_id),
    }
