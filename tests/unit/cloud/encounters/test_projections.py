"""What partners are shown is what may be shown, by name: whatever else there is stays away."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cloud.core.encounters.deeds import plain_deed
from cloud.core.encounters.projections import plain_act, pseudonymised
from cloud.core.encounters.record import (
    Act,
    ActKind,
    Allergy,
    Coded,
    EncounterRecord,
    Field,
    History,
    Impression,
    Medication,
    Note,
    Photograph,
    Procedure,
    Vital,
)
from cloud.core.encounters.record_codec import record_document
from protocols.model.crew import CrewEvent, CrewEventKind

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
ID = UUID(int=7)
SECRET = "Jo Smith, 1 High Street"
DRUG = Coded("Adrenaline", "387362001")
CREW = ["crew-1"]


def secretive() -> EncounterRecord:
    """A record whose every free text names somebody."""
    entry: dict[str, Any] = {"item_id": ID, "at": AT, "by": SECRET, "note": SECRET}
    return EncounterRecord(
        fields={
            path: Field(path=path, value=value, at=AT, by=SECRET)
            for path, value in {
                "narrative": SECRET,
                "patient.age_years": 45,
                "something_new": SECRET,
                "acuity": "critical",
                "times.call": AT,
                "arrest.etiology": "cardiac",
            }.items()
        },
        vitals=(Vital(**entry, type="avpu", values=(("level", "A"),)),),
        medications=(Medication(**entry, code=DRUG),),
        procedures=(Procedure(**entry, code=DRUG, complication=SECRET),),
        impressions=(Impression(**entry, code=DRUG),),
        allergies=(Allergy(**entry, status="allergic", code=DRUG, reaction=SECRET),),
        history=(History(**entry, kind="condition", code=DRUG),),
        photographs=(
            Photograph(**entry, attachment_id=ID, media_type="image/png", octets=9, sha256=SECRET),
        ),
        notes=(Note(**entry, text=SECRET),),
        acts=tuple(
            Act(act_id=ID, kind=kind, at=AT, by="app_1", data={"reason": SECRET, "summary": SECRET})
            for kind in (*ActKind, "unheard_of")
        ),
    )


def test_no_free_text_no_picture_and_no_typed_name_is_left() -> None:
    shown = pseudonymised(secretive(), CREW)
    assert "Smith" not in str(record_document(shown))
    assert set(shown.fields) == {"acuity", "times.call", "arrest.etiology"}
    assert (shown.notes, shown.photographs) == ((), ())
    lists = ("vitals", "medications", "procedures", "impressions", "allergies", "history")
    assert all(len(getattr(shown, name)) == 1 for name in lists)


def test_who_of_the_crew_did_something_stays() -> None:
    vital = Vital(item_id=ID, at=AT, by="crew-1", type="avpu", values=(("level", "A"),))
    assert pseudonymised(EncounterRecord(vitals=(vital,)), CREW).vitals == (vital,)


def test_every_list_of_a_record_is_thought_of() -> None:
    known = {
        "fields",
        "vitals",
        "medications",
        "procedures",
        "impressions",
        "allergies",
        "history",
        "photographs",
        "notes",
        "acts",
    }
    assert {one.name for one in dataclasses.fields(EncounterRecord)} == known


def test_an_act_keeps_its_codes_and_ids() -> None:
    act = Act(
        act_id=ID,
        kind=ActKind.HANDED_OVER,
        at=AT,
        by="app_1",
        data={"facility_id": "RX1", "received_by": SECRET, "signature": {"sha256": "ab"}},
    )
    assert plain_act(act).data == {"facility_id": "RX1"}


def test_a_deed_keeps_what_its_kind_may_tell() -> None:
    told = CrewEvent(
        event_id=ID,
        kind=CrewEventKind.PATIENT_DETAILS,
        at=AT,
        by=SECRET,
        vehicle_id="AMB-7",
        text=SECRET,
        details=(("sex", "female"), ("identity", SECRET), ("age_years", "45")),
    )
    shown = plain_deed(told, CREW)
    assert (shown.by, shown.text, shown.details) == ("", "", (("sex", "female"),))
    unheard = dataclasses.replace(told, kind="unheard_of", by="crew-1")
    assert (plain_deed(unheard, CREW).details, plain_deed(unheard, CREW).by) == ((), "crew-1")
