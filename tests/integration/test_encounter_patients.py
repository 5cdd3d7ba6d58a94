"""Whose encounter it is: unknown, partly known, known; the wrong one; and who may see it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from cloud.core.encounters import handing_over, patients
from cloud.core.encounters.finding import find
from cloud.core.encounters.gathering import gather_handover
from cloud.core.encounters.identities import identity_of
from cloud.core.encounters.patients import ToldPatient, links_of
from cloud.core.encounters.projections import project
from cloud.core.encounters.record import PatientIdentity
from cloud.core.encounters.record_tables import PatientIdentityRow, PatientRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.versions import versions_of
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.scopes import EPCR_HANDOVER, EPCR_READ
from tests.fixtures.cloud import Installation
from tests.fixtures.patients import (
    FACILITY,
    NHS_NUMBER,
    SMITH,
    audited,
    events_of,
    hospital,
    open_encounter,
)

pytestmark = pytest.mark.long_on_postgresql

PARTLY = PatientIdentity(family_name="Smith", sex="female")


def identify(cloud: Installation, encounter: str, **told: Any) -> EncounterRow:  # noqa: ANN401 - as ToldPatient takes it
    with cloud.database.begin(now=cloud.clock()) as work:
        return patients.identify(
            work, cloud.parts.vault, cloud.mine.caller, encounter, ToldPatient(**told)
        )


def correct(cloud: Installation, encounter: str, identity: PatientIdentity) -> EncounterRow:
    with cloud.database.begin(now=cloud.clock()) as work:
        return patients.correct(
            work, cloud.parts.vault, cloud.mine.caller, encounter, identity, "misheard"
        )


def unlink(cloud: Installation, encounter: str) -> EncounterRow:
    with cloud.database.begin(now=cloud.clock()) as work:
        return patients.unlink(work, cloud.parts.vault, cloud.mine.caller, encounter, "wrong bag")


def known(cloud: Installation, row: EncounterRow) -> tuple[str, PatientIdentity | None]:
    with cloud.database.reading(now=cloud.clock()) as work:
        patient = patients.patient_of(work, cloud.mine.caller, row)
        status = "nobody" if patient is None else patient.status
        return status, identity_of(work, cloud.parts.vault, cloud.mine.caller, row.patient_id)


def hand_over(cloud: Installation, encounter: str) -> None:
    with cloud.database.begin(now=cloud.clock()) as work:
        handing_over.hand_over(
            work, cloud.mine.caller, encounter, facility_id=FACILITY, received_by="nurse-1"
        )


def test_somebody_unknown_becomes_known_bit_by_bit(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    row = identify(cloud, encounter, identity=PatientIdentity(sex="female"))
    assert (known(cloud, row)[0], row.sex) == ("unknown", "female")
    assert known(cloud, identify(cloud, encounter, identity=PARTLY))[0] == "partly_known"
    row = identify(cloud, encounter, identity=SMITH)
    assert known(cloud, row) == ("known", SMITH)
    assert row.version == 4
    with cloud.database.reading(now=cloud.clock()) as work:
        sealed = work.session.scalars(select(PatientIdentityRow.sealed)).all()
        assert len(sealed) == 3
        assert not any(b"Smith" in one or NHS_NUMBER.encode() in one for one in sealed)
    told = str(events_of(cloud))
    assert "patient_identified" in told
    assert "Smith" not in told
    assert NHS_NUMBER not in told
    assert audited(cloud)[-3:] == ["identify-patient"] * 3


def test_what_is_said_otherwise_is_not_believed_silently(embedded: Installation) -> None:
    encounter = open_encounter(embedded)
    identify(embedded, encounter, identity=SMITH)
    with pytest.raises(DomainError) as error:
        identify(embedded, encounter, identity=replace(SMITH, family_name="Smyth"))
    assert (error.value.reason, error.value.details) == (
        "identity_differs",
        {"fields": ["family_name"]},
    )
    row = correct(embedded, encounter, replace(SMITH, family_name="Smyth"))
    assert known(embedded, row)[1] == replace(SMITH, family_name="Smyth")
    assert events_of(embedded)[-1].data["act"] == "patient_corrected"


@pytest.mark.parametrize("number", ["9434765918", "12", "943476591X"])
def test_a_mistyped_nhs_number_is_refused(embedded: Installation, number: str) -> None:
    encounter = open_encounter(embedded)
    with pytest.raises(DomainError, match="invalid_nhs_number"):
        identify(embedded, encounter, identity=PatientIdentity(nhs_number=number))
    with pytest.raises(DomainError, match="nothing_told"):
        identify(embedded, encounter)
    with pytest.raises(DomainError, match="no_patient"):
        correct(embedded, encounter, SMITH)
    with pytest.raises(DomainError, match="no_patient"):
        unlink(embedded, encounter)


def test_a_verified_number_is_one_patient_and_an_unverified_one_is_not(cloud: Installation) -> None:
    first = open_encounter(cloud, patient=ToldPatient(identity=SMITH))
    second = open_encounter(cloud, "INC-2")
    unverified = PatientIdentity(nhs_number="943 476 5919", birth_date="1981-04-12")
    row = identify(cloud, second, identity=unverified)
    status, identity = known(cloud, row)
    assert (status, identity and identity.nhs_number_status) == ("partly_known", "unverified")
    mine = find_row(cloud, first)
    before = row.patient_id
    assert row.patient_id != mine.patient_id
    verified = replace(unverified, nhs_number_status="verified")
    row = identify(cloud, second, identity=verified)
    assert (row.patient_id, row.patient_pseudonym) == (mine.patient_id, mine.patient_pseudonym)
    assert known(cloud, row)[1] == SMITH
    with cloud.database.reading(now=cloud.clock()) as work:
        links = links_of(work, cloud.mine.caller, second)
        assert [(one.patient_id, one.reason) for one in links] == [
            (before, "same_person"),
            (mine.patient_id, ""),
        ]
        assert links[0].until == cloud.clock()
        merged = work.session.get(PatientRow, before)
        assert merged is not None
        assert merged.merged_into == mine.patient_id
    assert events_of(cloud)[-1].data["merged_patient_id"] == before


def test_one_number_with_two_dates_of_birth_is_nobody_yet(embedded: Installation) -> None:
    open_encounter(embedded, patient=ToldPatient(identity=SMITH))
    second = open_encounter(embedded, "INC-2")
    with pytest.raises(DomainError) as error:
        identify(embedded, second, identity=replace(SMITH, birth_date="1918-04-12"))
    assert error.value.details == {"fields": ["birth_date"]}
    assert find_row(embedded, second).patient_id is None


def test_a_number_of_somebody_else_cannot_be_corrected_to(embedded: Installation) -> None:
    open_encounter(embedded, patient=ToldPatient(identity=SMITH))
    second = open_encounter(embedded, "INC-2", patient=ToldPatient(identity=PARTLY))
    with pytest.raises(DomainError, match="another_patient"):
        correct(embedded, second, SMITH)


def test_a_callers_own_id_is_one_patient_in_all_encounters(embedded: Installation) -> None:
    first, second = (
        find_row(embedded, open_encounter(embedded, f"INC-{n}", patient=ToldPatient(person_id="P")))
        for n in range(2)
    )
    assert first.patient_id == second.patient_id
    third = open_encounter(embedded, "INC-3", patient=ToldPatient(identity=PARTLY))
    assert identify(embedded, third, person_id="P").patient_id == first.patient_id
    with pytest.raises(DomainError) as error:
        identify(embedded, third, person_id="Q")
    assert error.value.details == {"fields": ["person_id"]}


def test_the_wrong_patient_stays_in_history_and_the_hospital_is_told(cloud: Installation) -> None:
    encounter = open_encounter(cloud, patient=ToldPatient(identity=SMITH))
    before = find_row(cloud, encounter)
    hand_over(cloud, encounter)
    row = unlink(cloud, encounter)
    assert (row.patient_id, row.sex) == (None, None)
    assert row.patient_pseudonym != before.patient_pseudonym
    told = events_of(cloud)[-1]
    assert told.type == "epcr.encounter.updated"
    assert (
        told.data.items()
        >= {
            "act": "patient_unlinked",
            "patient_id": before.patient_id,
            "entered_in_error": True,
            "facility_id": FACILITY,
        }.items()
    )
    right = identify(cloud, encounter, identity=PatientIdentity(family_name="Jones"))
    with cloud.database.reading(now=cloud.clock()) as work:
        links = links_of(work, cloud.mine.caller, encounter)
        assert [(one.patient_id, one.reason, one.until is None) for one in links] == [
            (before.patient_id, "wrong bag", False),
            (right.patient_id, "", True),
        ]
        smith = identity_of(work, cloud.parts.vault, cloud.mine.caller, before.patient_id)
        assert smith == SMITH
        kept = versions_of(work, cloud.mine.caller, encounter)
        assert [(one.kind, one.reason) for one in kept] == [
            ("handed_over", ""),
            ("patient_unlinked", "wrong bag"),
            ("patient_identified", ""),
        ]


def test_only_the_destination_sees_who_it_is(cloud: Installation) -> None:
    encounter = open_encounter(cloud, patient=ToldPatient(identity=SMITH))
    at_hospital = hospital(cloud)
    with cloud.database.begin(now=cloud.clock()) as work:
        with pytest.raises(DomainError, match="encounter_not_found"):
            find(work, at_hospital, encounter)
        row = find(work, cloud.mine.caller, encounter)
        with pytest.raises(DomainError, match="not_the_destination"):
            project(work, cloud.parts.vault, at_hospital, row)
    hand_over(cloud, encounter)
    both = replace(at_hospital, scopes=(EPCR_READ, EPCR_HANDOVER))
    reader = replace(at_hospital, scopes=(EPCR_READ,))
    seen = {}
    with cloud.database.begin(now=cloud.clock()) as work:
        row = find(work, at_hospital, encounter)
        for name, caller in (("hospital", at_hospital), ("both", both), ("reader", reader)):
            seen[name] = project(work, cloud.parts.vault, caller, row)
    assert seen["hospital"].identity == seen["both"].identity == SMITH
    assert seen["reader"].identity is None
    outline = seen["reader"].patient
    assert (outline.status, outline.age_band, outline.postcode_area) == ("known", "45-49", "LS")
    hospital(cloud, "RX2-ED")
    with cloud.database.begin(now=cloud.clock()) as work:
        row = find(work, both, encounter)
        assert project(work, cloud.parts.vault, both, row).identity is None


def test_an_identified_export_is_audited_by_its_own_name_and_told(cloud: Installation) -> None:
    encounter = open_encounter(cloud, patient=ToldPatient(identity=SMITH))
    hand_over(cloud, encounter)
    version = find_row(cloud, encounter).version
    reader = replace(cloud.mine.caller, scopes=(EPCR_READ,))
    at_hospital = hospital(cloud)
    for caller, is_first in ((reader, True), (at_hospital, True), (at_hospital, False)):
        with cloud.database.begin(now=cloud.clock()) as work:
            handover = gather_handover(
                work, cloud.parts.vault, caller, encounter, "full", is_first_page=is_first
            )
        assert (handover.identity == SMITH) == (caller is at_hospital)
        assert handover.patient is not None
        assert handover.version == version
    assert audited(cloud)[-4:] == [
        "export-full",
        "export-identified-full",
        "tell-export",
        "export-identified-full",
    ]
    told = [event for event in events_of(cloud) if event.type == "epcr.encounter.handed_over"]
    assert [event.data.get("is_export", False) for event in told] == [False, True]


def find_row(cloud: Installation, encounter: str) -> EncounterRow:
    with cloud.database.reading(now=cloud.clock()) as work:
        return find(work, cloud.mine.caller, encounter)
