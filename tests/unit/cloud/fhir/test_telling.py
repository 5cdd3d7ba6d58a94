"""What crews told: each fact with its codes, what was not done with its reason."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cloud.core.encounters.record import VITAL_TYPES, NotValue, PertinentNegative
from cloud.fhir import systems
from cloud.fhir.absences import not_done_reason, not_value_reason
from cloud.fhir.finding_terms import FINDINGS
from cloud.fhir.names import KINDS
from cloud.fhir.selection import Detail
from tests.fixtures.records import CREW, full_handover, known_identity
from tests.unit.cloud.fhir.reading import Json, bundle_of, codes, resources


@pytest.fixture(scope="module")
def bundle() -> Json:
    return bundle_of(full_handover(seconds=60), Detail.TREND)


@pytest.fixture(scope="module")
def identified() -> Json:
    handed = full_handover(seconds=60, identity=known_identity(), is_over=True)
    return bundle_of(handed, Detail.TREND)


def finding(bundle: Json, text: str, number: int = 0) -> Json:
    by_hand = [one for one in resources(bundle, "Observation") if "device" not in one]
    return [one for one in by_hand if one["code"]["text"] == text][number]


def test_every_type_of_finding_has_a_row_and_every_resource_a_known_type(bundle: Json) -> None:
    assert set(FINDINGS) == set(VITAL_TYPES)
    assert {one["resource"]["resourceType"] for one in bundle["entry"]} <= set(KINDS.values())


def test_saturation_by_hand_has_both_loinc_codes_its_term_and_snomed(bundle: Json) -> None:
    spo2 = finding(bundle, "Oxygen saturation")
    assert codes(spo2["code"]) == [
        (systems.LOINC, "2708-6"),
        (systems.LOINC, "59408-5"),
        (systems.MDC, "150456"),
        (systems.SNOMED, "431314004"),
    ]
    assert spo2["meta"]["profile"] == ["http://hl7.org/fhir/StructureDefinition/oxygensat"]
    assert str(spo2["valueQuantity"]["value"]) == "91.0"
    assert spo2["extension"] == [{"url": systems.BEFORE_ARRIVAL, "valueBoolean": True}]


def test_the_unit_picks_the_code_of_glucose(bundle: Json) -> None:
    moles, mass = (finding(bundle, "Capillary glucose", number) for number in (0, 1))
    assert codes(moles["code"])[0] == (systems.LOINC, "14743-9")
    assert codes(mass["code"])[0] == (systems.LOINC, "41653-7")


def test_half_a_blood_pressure_claims_no_profile_and_none_says_why(bundle: Json) -> None:
    whole, none, half = (finding(bundle, "Blood pressure", number) for number in range(3))
    assert "profile" in whole["meta"]
    assert "meta" not in half
    assert "meta" not in none
    assert none["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
    assert "component" not in none


def test_the_coma_score_is_its_total_with_three_parts(bundle: Json) -> None:
    score = finding(bundle, "Glasgow coma score")
    assert score["valueQuantity"] == {
        "value": 10,
        "unit": "score",
        "system": systems.UCUM,
        "code": "{score}",
    }
    parts = [codes(part["code"])[0][1] for part in score["component"]]
    assert parts == ["9267-6", "9270-0", "9268-4"]


def test_news2_is_its_total_with_uk_cores_sub_scores(bundle: Json) -> None:
    score = finding(bundle, "NEWS2 total score")
    assert score["valueQuantity"]["value"] == Decimal(13)
    coded = [codes(part["code"])[0] for part in score["component"] if "coding" in part["code"]]
    assert len(coded) == 7
    assert {system for system, _ in coded} == {systems.SNOMED}
    assert score["component"][-1]["valueCodeableConcept"] == {"text": "high"}


def test_the_level_of_consciousness_is_coded(bundle: Json) -> None:
    level = finding(bundle, "Level of consciousness (ACVPU)")
    assert codes(level["valueCodeableConcept"]) == [(systems.SNOMED, "300202002")]


def test_oxygen_flow_stands_for_itself(bundle: Json) -> None:
    assert codes(finding(bundle, "Oxygen flow")["code"]) == [(systems.LOINC, "3151-8")]
    assert "component" not in finding(bundle, "Oxygen saturation")


def test_each_time_is_an_observation_and_a_missing_one_says_why(bundle: Json) -> None:
    call = finding(bundle, "Call received")
    assert codes(call["code"]) == [(systems.LOINC, "69469-5")]
    assert call["valueDateTime"] == "2026-11-23T10:05:00.000Z"
    handed_over = finding(bundle, "Patient handed over at destination")
    assert codes(handed_over["code"]) == [(systems.NEMSIS, "eTimes.12")]
    assert codes(handed_over["dataAbsentReason"])[1] == (systems.NEMSIS, "7701003")


def test_a_medicine_not_given_says_why_and_one_given_before_says_so(bundle: Json) -> None:
    given, before, refused, small, *_ = resources(bundle, "MedicationAdministration")
    assert given["status"] == "completed"
    assert str(given["dosage"]["dose"]["value"]) == "1.0"
    assert "context" in given
    assert before["extension"] == [{"url": systems.BEFORE_ARRIVAL, "valueBoolean": True}]
    assert "performer" not in before
    assert refused["status"] == "not-done"
    assert codes(refused["statusReason"][0]) == [(systems.NEMSIS, "8801001")]
    assert small["dosage"]["dose"]["code"] == "ug"


def test_a_dose_in_a_unit_nobody_knows_stays_words(bundle: Json) -> None:
    *_, last = resources(bundle, "MedicationAdministration")
    assert last["dosage"]["dose"] == {"value": 2, "unit": "puffs"}


def test_every_attempt_is_a_procedure_and_only_the_last_succeeded(bundle: Json) -> None:
    tries = [
        one
        for one in resources(bundle, "Procedure")
        if one["code"]["text"] == "Peripheral venous cannulation"
    ]
    assert [codes(one["outcome"])[0][1] for one in tries] == [
        "385671000",
        "385671000",
        "385669000",
    ]
    assert ["complication" in one for one in tries] == [False, False, True]
    assert len({one["identifier"][0]["value"] for one in tries}) == 3


def test_a_procedure_refused_is_not_done_and_has_no_outcome(bundle: Json) -> None:
    (refused,) = [one for one in resources(bundle, "Procedure") if one["status"] == "not-done"]
    assert refused["statusReason"]["text"] == "Refused"
    assert "outcome" not in refused


def test_impressions_are_provisional_and_what_was_ruled_out_is_refuted(bundle: Json) -> None:
    conditions = {one["code"]["text"]: one for one in resources(bundle, "Condition")}
    status = {
        name: one["verificationStatus"]["coding"][0]["code"] for name, one in conditions.items()
    }
    assert status == {
        "Cardiac arrest": "provisional",
        "Myocardial infarction": "provisional",
        "Stroke": "refuted",
        "Hypertension": "unconfirmed",
        "Cardiac pacemaker": "unconfirmed",
        "Diabetes": "refuted",
    }


def test_none_known_and_nobody_asked_are_different_codes(bundle: Json) -> None:
    allergies = [one["code"] for one in resources(bundle, "AllergyIntolerance")]
    assert [codes(one)[0][1] for one in allergies] == [
        "91936005",
        "no-known-allergies",
        "no-allergy-info",
    ]


def test_what_the_patient_takes_is_a_statement(bundle: Json) -> None:
    (statement,) = resources(bundle, "MedicationStatement")
    assert statement["medicationCodeableConcept"] == {"text": "Ramipril"}


def test_a_typed_name_and_free_text_are_for_the_hospital_alone(
    bundle: Json, identified: Json
) -> None:
    weight = finding(bundle, "Body weight")
    assert weight["performer"] != [{"display": "Jo from the relief car"}]
    assert "note" not in weight
    told = finding(identified, "Body weight")
    assert told["performer"] == [{"display": "Jo from the relief car"}]
    assert told["note"] == [{"text": "guessed"}]


def test_the_crew_are_known_by_their_ids(bundle: Json) -> None:
    members = [one["identifier"][1]["value"] for one in resources(bundle, "Practitioner")]
    assert members == list(CREW)
    assert all("name" not in one for one in resources(bundle, "Practitioner"))


@pytest.mark.parametrize("reason", list(PertinentNegative))
def test_every_pertinent_negative_has_nemsis_code(reason: PertinentNegative) -> None:
    assert not_done_reason(reason)["coding"]


@pytest.mark.parametrize("reason", list(NotValue))
def test_every_not_value_has_a_reason(reason: NotValue) -> None:
    assert not_value_reason(reason)["coding"]
