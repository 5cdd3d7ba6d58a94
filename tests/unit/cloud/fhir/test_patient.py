"""Who the patient is, in either projection, and the encounter around."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from cloud.core.encounters.record import EncounterRecord, Field, PatientIdentity
from cloud.fhir import systems
from cloud.fhir.selection import Detail
from tests.fixtures.handovers import START, handover
from tests.fixtures.records import at, full_handover, known_identity, outline
from tests.unit.cloud.fhir.reading import Json, bundle_of, codes, resources


def patient_of(identity: PatientIdentity | None) -> Json:
    handed = replace(handover(), patient=outline(), identity=identity)
    (patient,) = resources(bundle_of(handed), "Patient")
    return patient


def test_partners_see_an_age_band_a_sex_and_an_area() -> None:
    patient = patient_of(None)
    assert patient["extension"] == [{"url": systems.AGE_BAND, "valueString": "60-64"}]
    assert patient["address"] == [{"postalCode": "LS"}]
    assert patient["gender"] == "female"
    assert set(patient) == {
        *("resourceType", "meta", "extension", "identifier", "active", "gender", "address")
    }


def test_the_hospital_sees_the_person() -> None:
    patient = patient_of(known_identity())
    assert patient["name"] == [{"use": "usual", "family": "Hargreaves", "given": ["Edith"]}]
    assert patient["birthDate"] == "1961-04"
    assert patient["address"] == [
        {"line": ["14 Quarry Lane"], "city": "Leeds", "postalCode": "LS6 2AB"}
    ]
    assert patient["contact"][0]["name"] == {"text": "Alf Hargreaves"}
    assert patient["contact"][0]["telecom"] == [{"system": "phone", "value": "0113 496 0002"}]
    assert patient["generalPractitioner"] == [{"display": "Quarry Lane Surgery"}]


@pytest.mark.parametrize(("status", "code"), [("verified", "01"), ("unverified", "02")])
def test_a_number_stands_with_how_sure_it_is_and_is_never_the_condition(
    status: Literal["verified", "unverified"], code: str
) -> None:
    known = replace(known_identity(), nhs_number_status=status)
    patient = patient_of(known)
    pseudonym, number = patient["identifier"]
    assert pseudonym["system"] == systems.PATIENT_PSEUDONYM
    assert number["value"] == "9434765919"
    told = number["extension"][0]["valueCodeableConcept"]
    assert codes(told) == [(systems.NHS_NUMBER_STATUS, code)]
    bundle = bundle_of(replace(handover(), identity=known))
    conditions = [json.dumps(one["request"]) for one in bundle["entry"]]
    assert not any("9434765919" in one for one in conditions)


def test_nobody_known_is_said_to_be_unknown() -> None:
    patient = patient_of(PatientIdentity())
    (name,) = patient["name"]
    assert name["extension"][0]["valueCode"] == "unknown"
    assert [one["url"] for one in patient["extension"]] == [
        systems.NHS_NUMBER_UNAVAILABLE_EXTENSION
    ]
    assert len(patient["identifier"]) == 1


def test_a_death_is_told_with_its_time() -> None:
    dead = PatientIdentity(deceased_at=START)
    assert patient_of(dead)["deceasedDateTime"] == "2026-11-23T10:14:00.000Z"


def encounter_of(handed: object) -> Json:
    (encounter,) = resources(bundle_of(handed, Detail.TREND), "Encounter")  # type: ignore[arg-type] # a handover
    return encounter


def test_the_encounter_begins_with_the_call_and_tells_its_statuses() -> None:
    encounter = encounter_of(full_handover(is_over=True))
    assert encounter["period"] == {
        "start": "2026-11-23T10:05:00.000Z",
        "end": "2026-11-23T10:54:00.000Z",
    }
    assert [one["status"] for one in encounter["statusHistory"]] == [
        "planned",
        "arrived",
        "in-progress",
    ]
    assert encounter["priority"]["coding"][0]["code"] == "EM"


def test_the_primary_impression_comes_first_and_what_was_ruled_out_is_no_diagnosis() -> None:
    bundle = bundle_of(full_handover(), Detail.TREND)
    by_url = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
    (encounter,) = resources(bundle, "Encounter")
    named = [
        by_url[one["condition"]["reference"]]["code"]["text"] for one in encounter["diagnosis"]
    ]
    assert named == ["Myocardial infarction", "Cardiac arrest"]
    assert [one["rank"] for one in encounter["diagnosis"]] == [1, 2]


def test_the_patient_was_on_scene_in_the_vehicle_and_at_the_destination() -> None:
    bundle = bundle_of(full_handover(is_over=True), Detail.TREND)
    by_url = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
    (encounter,) = resources(bundle, "Encounter")
    kinds = [
        by_url[one["location"]["reference"]]["type"][0]["coding"][0]["code"]
        for one in encounter["location"]
    ]
    assert kinds == ["ACC", "AMB", "ER"]
    assert encounter["location"][1]["period"] == {
        "start": "2026-11-23T10:32:00.000Z",
        "end": "2026-11-23T10:46:00.000Z",
    }


def test_times_in_a_wrong_order_make_no_history_and_no_period_runs_backwards() -> None:
    told = {"times.call": at(50), "times.on_scene": at(30), "times.left_scene": at(10)}
    fields = {path: Field(path=path, value=value, at=at(1)) for path, value in told.items()}
    handed = replace(
        handover(),
        status="handed_over",
        handover_at=START + timedelta(minutes=40),
        record=EncounterRecord(fields=fields),
    )
    encounter = encounter_of(handed)
    assert encounter["period"]["start"] == "2026-11-23T10:14:00.000Z"
    assert "statusHistory" not in encounter
    assert encounter["location"][0]["period"] == {"start": "2026-11-23T10:44:00.000Z"}


def test_later_pages_carry_what_the_encounter_names() -> None:
    handed = full_handover(seconds=60)
    bundle = bundle_of(handed, page=1)
    assert bundle["meta"]["tag"][0]["code"].startswith("full-1-of-")
    second = bundle_of(handed, page=2) if "1-of-1" not in str(bundle["meta"]) else bundle
    urls = {one["fullUrl"] for one in second["entry"]}
    (encounter,) = resources(second, "Encounter")
    assert {one["condition"]["reference"] for one in encounter["diagnosis"]} <= urls
