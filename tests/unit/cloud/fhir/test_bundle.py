"""The transaction: identity, pages, what it says of people and devices."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.core.encounters.handover import Handover
from cloud.fhir import systems
from cloud.fhir.bundle import HandoverPages, NoSuchPageError, transaction_bundle
from cloud.fhir.json import dumps
from cloud.fhir.names import Named, created
from cloud.fhir.selection import Detail
from tests.fixtures.handovers import START, arrest_handover, handover
from tests.unit.cloud.fhir.reading import Json, bundle_of, codes, resources


def test_the_same_handover_gives_the_same_octets() -> None:
    assert dumps(transaction_bundle(arrest_handover())) == dumps(
        transaction_bundle(arrest_handover())
    )


def test_another_tenant_shares_no_url_and_no_identifier_but_the_measurements() -> None:
    one = bundle_of(arrest_handover(), Detail.TREND)
    other = bundle_of(replace(arrest_handover(), tenant_id="ten_2"), Detail.TREND)
    urls = [{entry["fullUrl"] for entry in bundle["entry"]} for bundle in (one, other)]
    assert not urls[0] & urls[1]


def test_the_bundle_says_that_it_is_pseudonymised() -> None:
    bundle = bundle_of(handover())
    assert [one["code"] for one in bundle["meta"]["security"]] == ["PSEUDED"]
    (patient,) = resources(bundle, "Patient")
    assert set(patient) == {"resourceType", "meta", "identifier", "active", "gender"}
    assert patient["identifier"][0]["value"] == "5f" * 32


@pytest.mark.parametrize(
    ("sex", "gender"),
    [("female", "female"), ("male", "male"), (None, "unknown"), ("intersex", "unknown")],
)
def test_sex_is_told_in_fhirs_words(sex: str | None, gender: str) -> None:
    (patient,) = resources(bundle_of(replace(handover(), sex=sex)), "Patient")
    assert patient["gender"] == gender


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("in_progress", "in-progress"),
        ("ready_for_handover", "in-progress"),
        ("handed_over", "finished"),
        ("completed", "finished"),
        ("cancelled", "cancelled"),
        ("duplicate", "entered-in-error"),
    ],
)
def test_the_encounters_life_is_told_in_fhirs_words(status: str, told: str) -> None:
    ended = replace(handover(), status=status, handover_at=START + timedelta(minutes=40))
    (encounter,) = resources(bundle_of(ended), "Encounter")
    assert encounter["status"] == told
    assert encounter["class"]["code"] == "FLD"
    assert encounter["period"]["end"] == "2026-11-23T10:54:00.000Z"


def test_devices_are_told_with_their_eui_and_versions() -> None:
    devices = resources(bundle_of(handover()), "Device")
    assert len(devices) == 5
    oximeter = devices[0]
    assert oximeter["identifier"][1]["value"] == "00-09-1F-FF-FE-00-00-01"
    assert codes(oximeter["type"]) == [(systems.MDC, "65573")]
    assert codes(oximeter["specialization"][0]["systemType"]) == [(systems.MDC, "528388")]
    assert [codes(one["type"])[0][1] for one in oximeter["version"]] == [
        "531976",
        "531975",
        "531974",
    ]
    assert codes(devices[-1]["type"]) == [(systems.MDC, "531981")]


def test_a_delivered_shock_is_a_procedure_with_its_energy() -> None:
    (shock,) = resources(bundle_of(arrest_handover(), Detail.TREND), "Procedure")
    assert codes(shock["code"]) == [(systems.SNOMED, "426220008")]
    assert shock["status"] == "completed"
    assert shock["performedDateTime"] == "2026-11-23T10:14:40.500Z"
    assert "200 J" in shock["note"][0]["text"]


def handed_over() -> Handover:
    """The arrest after the handover."""
    ended = START + timedelta(minutes=40)
    return replace(arrest_handover(), status="handed_over", handover_at=ended, version=2)


def request_of(bundle: Json, kind: str) -> Json:
    (found,) = [one for one in bundle["entry"] if one["resource"]["resourceType"] == kind]
    return found["request"]


def condition_of(request: Json) -> str:
    condition: str = request.get("ifNoneExist") or request["url"].partition("?")[2]
    return condition


@pytest.mark.parametrize("handed", [arrest_handover(), handed_over()], ids=["open", "closed"])
def test_everything_is_created_conditionally_unless_updates_are_asked_for(handed: Handover) -> None:
    requests = [one["request"] for one in bundle_of(handed, Detail.TREND)["entry"]]
    assert {one["method"] for one in requests} == {"POST"}
    assert all(one["ifNoneExist"] for one in requests)


def test_an_open_encounter_is_created_once_and_a_closed_one_updates_what_was_filed() -> None:
    before = request_of(bundle_of(arrest_handover(), Detail.TREND, update=True), "Encounter")
    after = request_of(bundle_of(handed_over(), Detail.TREND, update=True), "Encounter")
    assert (before["method"], after["method"]) == ("POST", "PUT")
    assert condition_of(before) == condition_of(after)
    assert after == {"method": "PUT", "url": f"Encounter?{condition_of(before)}"}


@pytest.mark.parametrize("detail", list(Detail))
def test_the_report_after_the_handover_is_final_and_replaces_the_preliminary_ones(
    detail: Detail,
) -> None:
    (early,) = resources(bundle_of(arrest_handover(), detail), "Composition")
    (final,) = resources(bundle_of(handed_over(), detail), "Composition")
    assert (early["status"], final["status"]) == ("preliminary", "final")
    assert "relatesTo" not in early
    assert early["identifier"] != final["identifier"]
    assert {one["code"] for one in final["relatesTo"]} == {"replaces"}
    assert early["identifier"] in [one["targetIdentifier"] for one in final["relatesTo"]]
    assert "handed over at 10:54:00 UTC" in final["section"][-1]["text"]["div"]


def test_the_report_of_a_duplicate_takes_back_the_preliminary_one() -> None:
    (early,) = resources(bundle_of(arrest_handover()), "Composition")
    (wrong,) = resources(bundle_of(replace(arrest_handover(), status="duplicate")), "Composition")
    assert wrong["status"] == "entered-in-error"
    assert wrong["identifier"] == early["identifier"]


def test_the_report_names_what_is_missing_and_is_signed_by_nobody() -> None:
    (report,) = resources(bundle_of(arrest_handover(), Detail.TREND), "Composition")
    assert report["status"] == "preliminary"
    assert "attester" not in report
    sections = {section["title"]: section for section in report["section"]}
    assert "500 samples missing" in sections["Completeness of the record"]["text"]["div"]
    assert "shock 1, 200 J" in sections["Procedures"]["text"]["div"]
    assert "Ventricular fibrillation" in sections["Cardiac arrest event"]["text"]["div"]
    assert "emptyReason" in sections["Medications administered"]


def test_the_words_of_the_report_cannot_carry_markup() -> None:
    named = replace(handover(), tenant_name="<script>1</script>", chief_complaint="<b>x</b>")
    (report,) = resources(bundle_of(named), "Composition")
    assert "<script" not in json.dumps(report)


def test_readings_without_value_are_counted_but_not_among_the_numbers() -> None:
    (report,) = resources(bundle_of(arrest_handover(), Detail.TREND), "Composition")
    (vital_signs,) = [one for one in report["section"] if one["title"] == "Vital signs"]
    assert "5 without a value" in vital_signs["text"]["div"]


def test_pages_hold_every_reading_once_and_the_report_once() -> None:
    pages = HandoverPages(arrest_handover(60), detail=Detail.FULL, page_size=37)
    conditions: Counter[str] = Counter()
    reports = 0
    for page in range(1, pages.count + 1):
        bundle = json.loads(dumps(pages.bundle(page)))
        reports += len(resources(bundle, "Composition"))
        conditions.update(
            one["request"]["ifNoneExist"]
            for one in bundle["entry"]
            if "encounter" in one["resource"] and one["resource"]["resourceType"] == "Observation"
        )
    assert reports == 1
    assert set(conditions.values()) == {1}
    assert len(conditions) == pages.total


def test_pages_are_linked() -> None:
    pages = HandoverPages(arrest_handover(60), detail=Detail.FULL, page_size=100)
    bundle = json.loads(dumps(pages.bundle(2, page_url=lambda page: f"https://cloud/?page={page}")))
    links = {one["relation"]: one["url"][-1] for one in bundle["link"]}
    assert links == {"self": "2", "first": "1", "previous": "1", "next": "3", "last": "3"}
    assert bundle["meta"]["tag"][0]["code"] == "full-2-of-3"


@pytest.mark.parametrize("page", [0, -1, 2])
def test_a_page_that_is_not_there_is_refused(page: int) -> None:
    with pytest.raises(NoSuchPageError):
        transaction_bundle(handover(), page=page)


def test_an_unknown_detail_is_refused() -> None:
    with pytest.raises(ValueError, match="everything"):
        transaction_bundle(handover(), detail="everything")


def test_new_readings_make_a_new_bundle_and_bring_the_report_up_to_date() -> None:
    early, late = arrest_handover(60), arrest_handover(61)
    bundles = [bundle_of(one, Detail.TREND, update=True) for one in (early, late)]
    assert bundles[0]["identifier"] != bundles[1]["identifier"]
    reports = [resources(bundle, "Composition")[0] for bundle in bundles]
    assert reports[0]["date"] < reports[1]["date"]
    requests = [request_of(bundle, "Composition") for bundle in bundles]
    assert requests[0] == requests[1]
    assert requests[0]["method"] == "PUT"


@pytest.mark.parametrize("value", ["a+b", "a|b", "a b", "2026-11-23T10:14:05+00:00", ""])
def test_an_identifier_that_would_break_the_condition_never_leaves(value: str) -> None:
    with pytest.raises(AssertionError, match="conditional create"):
        created(
            Named(
                "urn:uuid:0",
                {
                    "resourceType": "Patient",
                    "identifier": [{"system": "urn:oid:1.2", "value": value}],
                },
            )
        )
