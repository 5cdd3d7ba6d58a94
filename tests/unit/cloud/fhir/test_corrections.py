"""Corrections: filed wrongly is taken back or brought to the right patient, never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import Act, ActKind
from cloud.fhir import systems
from cloud.fhir.selection import Detail
from tests.fixtures.fhir_checks import problems
from tests.fixtures.handovers import START, arrest_handover, ecg
from tests.fixtures.records import at, full_handover
from tests.unit.cloud.fhir.reading import Json, bundle_of, resources


def act(number: int, kind: str, minute: float) -> Act:
    return Act(act_id=UUID(int=number, version=4), kind=kind, at=at(minute), by="crew-11")


def with_acts(handed: Handover, acts: Sequence[Act]) -> Handover:
    return replace(handed, record=replace(handed.record, acts=(*handed.record.acts, *acts)))


def filed(entry: Json) -> str:
    identifiers = entry["resource"]["identifier"]
    return str(next(one["value"] for one in identifiers if one["system"] == systems.FILED))


def unlinked() -> Handover:
    """Handed over as one patient, found to be another afterwards."""
    was = full_handover(is_over=True)
    changed = with_acts(was, [act(200, ActKind.PATIENT_UNLINKED, 60)])
    return replace(changed, patient_pseudonym="6a" * 32)


def test_readings_are_filed_under_their_encounter_and_keep_their_own_identity() -> None:
    one = bundle_of(arrest_handover(60), Detail.TREND)
    other = bundle_of(replace(arrest_handover(60), encounter_id="enc_2"), Detail.TREND)
    readings = [
        [e for e in bundle["entry"] if "oxygensat" in str(e["resource"].get("meta"))]
        for bundle in (one, other)
    ]
    for here, there in zip(*readings, strict=True):
        assert here["resource"]["identifier"][0] == there["resource"]["identifier"][0]
        assert filed(here) != filed(there)
        assert here["request"]["ifNoneExist"].endswith(f"|{filed(here)}")


def test_moved_readings_are_entered_in_error_where_updates_are_asked_for() -> None:
    before = arrest_handover(60)
    cut = START + timedelta(seconds=30)
    early = [one for one in before.observations if one.observation.observed_at.at < cut]
    late = [one for one in before.observations if one.observation.observed_at.at >= cut]
    after = replace(before, observations=early, moved_away=late)
    was = bundle_of(before, Detail.FULL)
    now = bundle_of(after, Detail.FULL, update=True)
    assert problems(now) == []
    wrong = {
        entry["fullUrl"]: entry
        for entry in now["entry"]
        if entry["resource"].get("status") == "entered-in-error"
    }
    assert wrong
    assert {entry["request"]["method"] for entry in wrong.values()} == {"PUT"}
    assert set(wrong) <= {entry["fullUrl"] for entry in was["entry"]}
    kept = {entry["fullUrl"] for entry in now["entry"]} - set(wrong)
    gone = {entry["fullUrl"] for entry in was["entry"]} - kept
    assert set(wrong) == {url for url in gone if url in wrong}
    plain = bundle_of(after, Detail.FULL)
    assert "entered-in-error" not in [one.get("status") for one in resources(plain, "Observation")]


def test_a_strip_that_lost_a_chunk_is_another_and_the_old_one_is_withdrawn() -> None:
    chunks = [ecg(START + timedelta(milliseconds=200 * n)) for n in range(10)]
    before = replace(arrest_handover(60), observations=chunks)
    after = replace(before, observations=chunks[:6], moved_away=chunks[6:])
    old, new = bundle_of(before), bundle_of(after, update=True)
    (was,) = [e for e in old["entry"] if "valueSampledData" in e["resource"]]
    strips = [e for e in new["entry"] if "valueSampledData" in e["resource"]]
    assert {(e["resource"]["status"], e["fullUrl"] == was["fullUrl"]) for e in strips} == {
        ("final", False),
        ("entered-in-error", True),
    }


def test_what_was_filed_for_a_wrong_patient_is_brought_to_the_right_one() -> None:
    was = bundle_of(full_handover(is_over=True), Detail.TREND)
    now = bundle_of(unlinked(), Detail.TREND, update=True)
    assert problems(now) == []
    patients = [resources(bundle, "Patient")[0]["identifier"][0] for bundle in (was, now)]
    assert patients[0] != patients[1]
    methods = {
        entry["resource"]["resourceType"]: entry["request"]["method"] for entry in now["entry"]
    }
    for kind in ("Observation", "Procedure", "MedicationAdministration", "Condition"):
        assert methods[kind] == "PUT"
    assert methods["Patient"] == methods["Organization"] == "POST"


def test_the_report_of_a_wrong_patient_is_entered_in_error_and_another_replaces_it() -> None:
    (final,) = resources(bundle_of(full_handover(is_over=True), Detail.TREND), "Composition")
    reports = resources(bundle_of(unlinked(), Detail.TREND, update=True), "Composition")
    by_status = {one["status"]: one for one in reports}
    assert by_status["amended"]["identifier"] != final["identifier"]
    wrong = [one["identifier"] for one in reports if one["status"] == "entered-in-error"]
    assert final["identifier"] in wrong


def test_acts_before_the_handover_make_no_other_edition() -> None:
    early = with_acts(full_handover(), [act(201, ActKind.PATIENT_CORRECTED, 5)])
    (report,) = resources(bundle_of(early, Detail.TREND), "Composition")
    assert report["status"] == "preliminary"
