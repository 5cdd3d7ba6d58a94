"""What is erased is gone from every table; what is held stays, whoever asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from cloud.core.encounters.finding import find
from cloud.core.encounters.patients import unlink
from cloud.core.encounters.record_tables import PatientIdentityRow, PatientRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel import audit
from cloud.core.kernel.audit import AuditRow
from cloud.core.kernel.errors import (
    ConflictError,
    DomainError,
    ExpiredError,
    InvalidError,
    NotFoundError,
)
from cloud.core.kernel.principal import Principal
from cloud.core.retention import erasing, holds, sweeping
from cloud.core.retention.policies import STANDARD
from tests.fixtures.cloud import START, Installation, batch, numeric
from tests.fixtures.held_records import closed_encounter, pictures, traces
from tests.integration.test_cloud_recording import open_encounter

WHY = "asked by the person"
LATER = START + timedelta(hours=5)


def erase(cloud: Installation, encounter_id: str, caller: Principal | None = None) -> None:
    with cloud.database.begin(now=cloud.clock()) as work:
        erasing.erase_encounter(work, caller or cloud.mine.caller, encounter_id, reason=WHY)


def patients(cloud: Installation) -> tuple[int, int]:
    with cloud.database.reading(now=cloud.clock()) as work:
        counts = [
            work.session.scalar(select(func.count()).select_from(table)) or 0
            for table in (PatientRow, PatientIdentityRow)
        ]
    return counts[0], counts[1]


def patient_of(cloud: Installation, encounter_id: str) -> str:
    with cloud.database.reading(now=cloud.clock()) as work:
        patient_id = work.session.get_one(EncounterRow, encounter_id).patient_id
    assert patient_id is not None
    return patient_id


def test_an_erased_encounter_leaves_no_row_and_an_honest_answer(cloud: Installation) -> None:
    mine = closed_encounter(cloud, person="p-1")
    other = closed_encounter(cloud, started_at=LATER, incident="INC-2")
    before = traces(cloud, other)
    assert {"observations", "waveforms", "crew_events", "encounters"} <= set(traces(cloud, mine))
    with cloud.database.begin(now=cloud.clock()) as work:
        planned = erasing.plan_encounter(work, cloud.mine.caller, mine)
    assert (planned.counts["observations"], planned.counts["waveforms"]) == (2, 1)
    assert (planned.counts["attachments"], planned.counts["patients"]) == (1, 1)
    assert patients(cloud) == (1, 1)
    erase(cloud, mine)
    assert traces(cloud, mine) == {}
    assert traces(cloud, other) == before
    assert patients(cloud) == (0, 0)
    assert pictures(cloud) == 1
    with cloud.database.reading(now=cloud.clock()) as work:
        with pytest.raises(ExpiredError, match="encounter_erased"):
            find(work, cloud.mine.caller, mine)
        with pytest.raises(NotFoundError):
            find(work, cloud.other.caller, mine)
        assert audit.verify(work, cloud.mine.tenant_id).broken_at is None
        entry = select(AuditRow.action).where(
            AuditRow.resource_id == mine, AuditRow.action == "erase"
        )
        assert work.session.scalars(entry).all() == ["erase"]
    with pytest.raises(ExpiredError):
        erase(cloud, mine)


def test_a_patient_linked_by_mistake_goes_with_the_encounter_too(cloud: Installation) -> None:
    mine = closed_encounter(cloud, person="p-1")
    with cloud.database.begin(now=cloud.clock()) as work:
        unlink(work, cloud.parts.vault, cloud.mine.caller, mine, "somebody else's wristband")
    assert patients(cloud) == (1, 1)
    erase(cloud, mine)
    assert patients(cloud) == (0, 0)


def test_a_patient_of_another_encounter_stays_when_a_mistaken_link_goes(
    cloud: Installation,
) -> None:
    mistaken = closed_encounter(cloud, person="p-1")
    theirs = closed_encounter(cloud, started_at=LATER, incident="INC-2", person="p-1")
    with cloud.database.begin(now=cloud.clock()) as work:
        unlink(work, cloud.parts.vault, cloud.mine.caller, mistaken, "somebody else's wristband")
    erase(cloud, mistaken)
    assert patients(cloud) == (1, 1)
    erase(cloud, theirs)
    assert patients(cloud) == (0, 0)


def test_what_is_heard_late_of_an_erased_patient_does_not_stay(cloud: Installation) -> None:
    mine = closed_encounter(cloud)
    late = [numeric("91", START + timedelta(seconds=5)), numeric("92", LATER)]
    erase(cloud, mine)
    with cloud.database.begin(now=cloud.clock()) as work:
        sent = batch(cloud.mine, late, captured_at=LATER)
        assert record_uplink(work, cloud.mine.gateway, sent).stored == 2
    assert cloud.rows() == (2, 0)
    with cloud.database.begin(now=cloud.clock()) as work:
        assert sweeping.due(work, cloud.mine.tenant_id, STANDARD).late == 1
        assert sweeping.sweep(work, cloud.mine.tenant_id, STANDARD).late == 1
    assert cloud.rows() == (1, 0)


def test_a_patient_goes_with_all_their_encounters(cloud: Installation) -> None:
    first = closed_encounter(cloud, person="p-1")
    second = closed_encounter(cloud, started_at=LATER, incident="INC-2", person="p-1")
    patient_id = patient_of(cloud, first)
    assert patient_of(cloud, second) == patient_id
    with cloud.database.begin(now=cloud.clock()) as work:
        # The person has another encounter: one of them alone leaves the patient.
        assert erasing.plan_encounter(work, cloud.mine.caller, first).patients == ()
        gone = erasing.erase_patient(work, cloud.mine.caller, patient_id, reason=WHY)
    assert set(gone.encounters) == {first, second}
    assert traces(cloud, first) == traces(cloud, second) == {}
    assert patients(cloud) == (0, 0)


@pytest.mark.parametrize("subject", ["encounter_id", "patient_id"])
def test_a_legal_hold_keeps_what_it_names(cloud: Installation, subject: str) -> None:
    mine = closed_encounter(cloud, person="p-1")
    patient_id = patient_of(cloud, mine)
    named = {subject: mine if subject == "encounter_id" else patient_id}
    with cloud.database.begin(now=cloud.clock()) as work:
        hold = holds.place_hold(work, cloud.mine.caller, **named, reason="court order 7")
        hold_id = hold.hold_id
    before = traces(cloud, mine)
    for act in (erasing.plan_encounter, lambda *given: erasing.erase_encounter(*given, reason=WHY)):
        with (
            pytest.raises(ConflictError, match="legal_hold") as caught,
            cloud.database.begin(now=cloud.clock()) as work,
        ):
            act(work, cloud.mine.caller, mine)
        assert caught.value.details["hold_reason"] == "court order 7"
    assert traces(cloud, mine) == before
    with cloud.database.begin(now=cloud.clock()) as work:
        with pytest.raises(NotFoundError):
            holds.lift_hold(work, cloud.other.caller, hold_id)
        holds.lift_hold(work, cloud.mine.caller, hold_id)
        assert [row.lifted_at for row in holds.holds(work, cloud.mine.caller)] == [cloud.clock()]
        with pytest.raises(ConflictError, match="hold_lifted"):
            holds.lift_hold(work, cloud.mine.caller, hold_id)
    erase(cloud, mine)
    assert traces(cloud, mine) == {}


def test_what_goes_on_is_not_erased_and_what_is_anothers_not_found(cloud: Installation) -> None:
    mine = open_encounter(cloud)
    wrong: tuple[tuple[Principal, type[DomainError]], ...] = (
        (cloud.mine.caller, ConflictError),
        (cloud.other.caller, NotFoundError),
    )
    for caller, error in wrong:
        with pytest.raises(error):
            erase(cloud, mine, caller)
    with cloud.database.begin(now=cloud.clock()) as work:
        for subject in ({}, {"encounter_id": mine, "patient_id": "pat_1"}):
            with pytest.raises(InvalidError, match="one_subject"):
                holds.place_hold(work, cloud.mine.caller, **subject, reason=WHY)
        with pytest.raises(NotFoundError):
            holds.place_hold(work, cloud.mine.caller, patient_id="pat_1", reason=WHY)
        with pytest.raises(NotFoundError):
            holds.place_hold(work, cloud.other.caller, encounter_id=mine, reason=WHY)
