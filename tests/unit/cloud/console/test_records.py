"""What people told, as the board shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from cloud.api.console.records import (
    age_years,
    identity_payload,
    nhs_words,
    patient_words,
    record_payload,
    text_of,
)
from cloud.core.encounters.record import (
    Act,
    ActKind,
    Coded,
    EncounterRecord,
    Field,
    PatientIdentity,
)
from cloud.core.encounters.tables import EncounterRow
from tests.fixtures.handovers import START
from tests.unit.cloud.report.test_handover_pdf import ADA, told


def act(kind: ActKind, minutes: float, **data: object) -> Act:
    at = START + timedelta(minutes=minutes)
    return Act(act_id=UUID(int=int(minutes)), kind=kind, at=at, by="crew-11", data=data)


def test_everything_told_is_there_in_words() -> None:
    shown: Any = record_payload(told())
    given, refused = shown["medications"]
    assert (given["text"], given["dose"]) == ("Adrenaline", "1.0 mg IV")
    assert refused["absent"] == "not done: refused"
    assert shown["procedures"][0]["dose"] == "successful, 2 attempts"
    findings = {one["text"]: one["dose"] for one in shown["vitals"]}
    assert findings["GCS"] == "3 (eye 1)"
    assert findings["Blood pressure"] == "90/50 mmHg"
    assert findings["AVPU"] == "level P"
    assert findings["Peak flow"] == "300 L/min"
    assert [one["text"] for one in shown["allergies"]] == ["Allergies not asked", "Latex"]
    assert shown["history"][0]["kind"] == "condition"
    assert shown["notes"][0]["before"] is True
    assert shown["narrative"] == "Found by a neighbour."
    assert shown["pre_alert"]["text"] == ""
    assert (shown["handover"], shown["acknowledged"]) == (None, None)


def test_the_newest_pre_alert_handover_and_acknowledgement_count() -> None:
    acts = (
        act(ActKind.PRE_ALERT, 1, summary="first"),
        act(ActKind.PRE_ALERT, 2, summary="second", resources=["anaesthetist"]),
        act(ActKind.ACKNOWLEDGED, 3, of="pre_alert", acknowledged_by="Dr Osei"),
        act(ActKind.HANDED_OVER, 4, received_by="ward"),
        act(ActKind.EXPORTED, 5),
    )
    shown: Any = record_payload(EncounterRecord(acts=acts))
    assert shown["pre_alert"]["text"] == "second"
    assert shown["pre_alert"]["resources"] == ["anaesthetist"]
    assert (shown["acknowledged"]["of"], shown["acknowledged"]["by"]) == ("pre_alert", "Dr Osei")
    assert shown["handover"]["by"] == "ward"
    assert [one["kind"] for one in shown["acts"]] == [one.kind for one in acts[:-1]]


def test_the_patient_is_a_sex_and_a_band_of_age() -> None:
    row = EncounterRow(encounter_id="enc_1", sex="female")
    years = Field(path="patient.age_years", value=67, at=START)
    record = EncounterRecord(fields={"patient.age_years": years})
    assert age_years(record) == 67
    assert patient_words(row, record) == "female, 65-69 years"
    assert patient_words(EncounterRow(encounter_id="enc_1"), EncounterRecord()) == ""


def test_who_it_is_is_written_as_on_a_wristband() -> None:
    assert identity_payload(ADA)["name"] == "EXAMPLE, Nell"
    assert nhs_words(ADA) == "943 476 5919 (unverified)"
    assert nhs_words(replace(ADA, nhs_number="12")) == "12 (unverified)"
    nobody = identity_payload(PatientIdentity())
    assert (nobody["name"], nobody["nhs_number"]) == ("Name not known", "")


def test_a_value_is_told_by_its_name() -> None:
    assert text_of(Coded("", code="x")) == "x"
    assert text_of({"display": "", "code": "y"}) == "y"
    assert text_of(None) == ""
    assert text_of(7) == "7"
