"""The report: every section, each with words and entries or a reason, and its editions."""

from __future__ import annotations

import json

import pytest

from cloud.core.encounters.handover import Handover
from cloud.fhir.selection import Detail
from tests.fixtures.handovers import handover
from tests.fixtures.records import full_handover, known_identity
from tests.unit.cloud.fhir.reading import Json, bundle_of, resources

SECTIONS = {
    *("67666-8", "67660-1", "67664-3", "67665-0", "67667-6", "67842-5", "67844-1", "48765-2"),
    *("67840-9", "67843-3", "8716-3", "29545-1", "67849-0", "29554-3", "67663-5", "67799-7"),
    *("11374-6", "67661-9", "67781-5", "18776-5"),
}


def report_of(handed: Handover) -> Json:
    (report,) = resources(bundle_of(handed, Detail.TREND), "Composition")
    return report


def section(report: Json, title: str) -> Json:
    return next(one for one in report["section"] if one["title"] == title)


@pytest.mark.parametrize(
    "handed",
    [handover(), full_handover(), full_handover(identity=known_identity(), is_over=True)],
    ids=["nothing", "pseudonymised", "identified"],
)
def test_every_section_is_there_with_words_and_entries_or_a_reason(handed: Handover) -> None:
    sections = [one for one in report_of(handed)["section"] if "code" in one]
    assert {one["code"]["coding"][0]["code"] for one in sections} == SECTIONS
    for one in sections:
        assert one["text"]["div"]
        assert ("entry" in one) != ("emptyReason" in one)


def test_nothing_taken_down_is_told_in_words() -> None:
    report = report_of(handover())
    assert "nobody asked" in section(report, "Allergies")["text"]["div"]
    asked = section(report, "Allergies")["emptyReason"]["coding"][0]["code"]
    assert asked == "notasked"


def test_the_words_alone_tell_the_story() -> None:
    report = report_of(full_handover(identity=known_identity(), is_over=True))
    told = {one["title"]: one["text"]["div"] for one in report["section"]}
    assert "Adrenaline 1.0 mg intravenous" in told["Medications administered"]
    assert "not done: contraindication noted" in told["Medications administered"]
    assert "3 attempts, successful" in told["Procedures"]
    assert "Primary impression: Myocardial infarction" in told["Situation"]
    assert "Call received: 2026-11-23 10:05:00 UTC" in told["Times"]
    assert "CPR before the crew came: yes" in told["Cardiac arrest event"]
    assert "seen by the greengrocer" in told["Narrative"]
    assert "&lt;keys&gt;" in told["Narrative"]
    assert "cath lab" in told["Plan of care"]
    assert "systolic 142, diastolic 86, mean 105 mmHg" in told["Vital signs"]
    assert "unable to complete" in told["Vital signs"]


def test_free_text_is_withheld_from_partners() -> None:
    report = report_of(full_handover(is_over=True))
    written = section(report, "Narrative")
    assert written["emptyReason"]["coding"][0]["code"] == "withheld"
    whole = json.dumps(report)
    for words in ("greengrocer", "keys", "STEMI, ROSC", "Dr Lee", "relief car"):
        assert words not in whole


def test_a_signed_handover_is_attested() -> None:
    (attester,) = report_of(full_handover(is_over=True))["attester"]
    assert (attester["mode"], attester["time"]) == ("professional", "2026-11-23T10:54:00.000Z")
    assert "reference" in attester["party"]
    (known,) = report_of(full_handover(identity=known_identity(), is_over=True))["attester"]
    assert known["party"] == {"display": "Dr Lee"}


def test_an_amended_record_replaces_those_before_it() -> None:
    final = report_of(full_handover(is_over=True))
    once = report_of(full_handover(is_over=True, amendments=["dose"]))
    twice = report_of(full_handover(is_over=True, amendments=["dose", "time"]))
    assert [one["status"] for one in (final, once, twice)] == ["final", "amended", "amended"]
    replaced = [one["targetIdentifier"] for one in twice["relatesTo"]]
    assert final["identifier"] in replaced
    assert once["identifier"] in replaced
    assert twice["identifier"] not in replaced


def test_identified_reports_are_marked_restricted() -> None:
    assert report_of(full_handover())["confidentiality"] == "N"
    assert report_of(full_handover(identity=known_identity()))["confidentiality"] == "R"
