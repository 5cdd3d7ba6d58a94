"""The record of an encounter, from what dispatch knew and what the vehicle sent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from cloud.core.encounters.record import EncounterRecord
from cloud.core.encounters.recorded import record_of
from cloud.core.encounters.service import find
from protocols.model.crew import CrewEventKind
from tests.fixtures.cloud import START, Installation
from tests.integration.test_cloud_crew_events import event, send
from tests.integration.test_cloud_recording import open_encounter

pytestmark = pytest.mark.long_on_postgresql


def record(cloud: Installation, encounter_id: str) -> EncounterRecord:
    with cloud.database.reading(now=cloud.clock()) as work:
        caller = cloud.mine.caller
        return record_of(work, caller, find(work, caller, encounter_id))


def test_what_the_crew_did_on_the_vehicle_is_in_the_record(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    drug = event(
        CrewEventKind.DRUG,
        text="Adrenaline 600 mcg IM",
        details=(("drug", "Adrenaline"), ("dose", "600 mcg"), ("route", "IM")),
    )
    score = event(
        CrewEventKind.EARLY_WARNING,
        seconds=8,
        details=(("total", "7"), ("scale", "1"), ("pulse", "2"), ("age", "not told")),
    )
    picture = event(
        CrewEventKind.PHOTOGRAPH,
        seconds=9,
        text="The car",
        details=(
            ("attachment", str(uuid4())), ("media_type", "image/png"), ("octets", "12"),
            ("sha256", "0" * 64), ("parts", "1"),
        ),
    )  # fmt: skip
    send(
        cloud,
        drug,
        event(CrewEventKind.SHOCK, seconds=2, details=(("energy", "200"),)),
        event(CrewEventKind.AIRWAY, seconds=3, details=(("device", "OPA"),)),
        event(CrewEventKind.CPR_STARTED, seconds=4),
        event(CrewEventKind.CPR_STOPPED, seconds=5),
        event(CrewEventKind.ECG_TAKEN, seconds=6),
        event(CrewEventKind.NOTE, seconds=7, text="Found on the stairs"),
        score,
        picture,
    )
    told = record(cloud, encounter)
    (medication,) = told.medications
    assert (medication.item_id, medication.by, medication.at) == (drug.event_id, "crew-1", drug.at)
    assert (medication.code.display, medication.dose) == ("Adrenaline", Decimal(600))
    assert (medication.unit, medication.route and medication.route.code) == ("ug", "78421000")
    assert [(one.code.display, one.note) for one in told.procedures] == [
        ("Defibrillation", "200 J"),
        ("Airway: OPA", ""),
        ("Cardiopulmonary resuscitation", "until 2026-11-23T10:00:05+00:00"),
        ("12-lead ECG", ""),
    ]
    assert [one.text for one in told.notes] == ["Found on the stairs"]
    (news2,) = told.vitals
    assert news2.values == (("pulse", Decimal(2)), ("total", Decimal(7)))
    assert (news2.type, news2.unit, news2.note) == ("news2", "{score}", "age not told")
    (photograph,) = told.photographs
    assert (photograph.octets, photograph.sha256, photograph.note) == (12, "0" * 64, "The car")


def test_what_was_undone_does_not_count(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    shock = event(CrewEventKind.SHOCK)
    undo = event(CrewEventKind.UNDONE, seconds=2, undoes=shock.event_id)
    send(cloud, undo)
    send(cloud, shock)
    assert record(cloud, encounter).procedures == ()


def test_the_patients_details_told_last_count_and_each_by_itself(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    send(
        cloud,
        event(
            CrewEventKind.PATIENT_DETAILS,
            seconds=5,
            details=(("sex", "female"), ("identity", "unknown")),
        ),
        event(
            CrewEventKind.PATIENT_DETAILS,
            seconds=3,
            details=(("sex", "male"), ("age_years", "61"), ("allergies", "Penicillin")),
        ),
    )
    told = record(cloud, encounter)
    assert (told.value("patient.sex"), told.value("patient.age_years")) == ("female", 61)
    assert told.fields["patient.sex"].by == "crew-1"
    assert [one.code and one.code.display for one in told.allergies] == ["Penicillin"]


def test_the_first_return_of_circulation_is_the_one_an_arrest_is_told_by(
    cloud: Installation,
) -> None:
    encounter = open_encounter(cloud)
    send(
        cloud,
        event(CrewEventKind.CIRCULATION_RETURNED, seconds=60),
        event(CrewEventKind.CIRCULATION_RETURNED, seconds=30),
    )
    told = record(cloud, encounter)
    assert told.value("arrest.rosc_at") == START + timedelta(seconds=30)
    assert len(told.notes) == 2


@pytest.mark.parametrize(
    ("details", "dose", "unit", "note"),
    [
        ((("dose", "2.50 mg"),), Decimal("2.50"), "mg", ""),
        ((("dose", "100"), ("unit", "ml")), Decimal(100), "mL", ""),
        ((("dose", "0,3 mg"),), Decimal("0.3"), "mg", ""),
        ((("dose", "two sprays"),), None, "", "two sprays"),
        ((("dose", "5"),), None, "", "5"),
        ((("dose", "5 spoons"),), None, "", "5 spoons"),
        ((), None, "", ""),
    ],
)
def test_a_dose_is_read_or_stays_in_the_crews_words(
    embedded: Installation,
    details: tuple[tuple[str, str], ...],
    dose: Decimal | None,
    unit: str,
    note: str,
) -> None:
    encounter = open_encounter(embedded)
    send(embedded, event("drug", details=(("drug", "Salbutamol"), ("route", "by hand"), *details)))
    (found,) = record(embedded, encounter).medications
    assert (found.dose, found.unit, found.note) == (dose, unit, note)
    assert (str(found.dose), found.route and found.route.display) == (str(dose), "by hand")


def test_what_makes_no_sense_makes_no_entry(embedded: Installation) -> None:
    encounter = open_encounter(embedded)
    attachment = ("attachment", "none")
    send(
        embedded,
        event("drug"),
        event("note", text=" "),
        event("early_warning", details=(("total", "many"), ("pulse", "9"))),
        event("photograph", details=(attachment, ("octets", "x"))),
        event(
            "photograph",
            details=(attachment, ("media_type", "image/png"), ("octets", "1"), ("sha256", "0")),
        ),
        event("patient_details", details=(("sex", "of course"), ("age_years", "131"))),
        event("of_a_later_vehicle", text="?"),
    )
    told = record(embedded, encounter)
    assert [*told.medications, *told.notes, *told.vitals, *told.photographs] == []
    assert list(told.fields) == ["crew_ids"]
    assert told.value("crew_ids") == ("crew-1",)
