"""The crew releases a patient: from then on nothing that is measured is that patient's."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from cloud.core.devices.fleet_tables import CommandRow
from cloud.core.encounters.dispatch import tell_gateways
from cloud.core.encounters.handing_over import hand_over
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.observations.tables import ObservationRow
from protocols.model.crew import CrewEvent, CrewEventKind
from tests.fixtures.cloud import START, VEHICLE, Installation, batch, numeric
from tests.integration.test_cloud_crew_events import event, events_of, send
from tests.integration.test_cloud_recording import open_encounter, record


def measure(cloud: Installation, *seconds: float) -> None:
    for one in seconds:
        at = START + timedelta(seconds=one)
        record(cloud, batch(cloud.mine, [numeric("97", at)], captured_at=at))


def charted(cloud: Installation) -> dict[float, str | None]:
    """The encounter of every reading, by the second it was taken."""
    with cloud.database.reading(now=cloud.clock()) as work:
        rows = work.session.scalars(select(ObservationRow))
        return {(row.observed_at - START).total_seconds(): row.encounter_id for row in rows}


def row_of(cloud: Installation, encounter_id: str) -> EncounterRow:
    with cloud.database.reading(now=cloud.clock()) as work:
        row = work.session.get(EncounterRow, encounter_id)
        assert row is not None
        work.session.expunge(row)
        return row


def released(seconds: float, encounter: str) -> CrewEvent:
    return event(CrewEventKind.ENCOUNTER_RELEASED, seconds=seconds, encounter=encounter)


def test_what_comes_after_the_release_waits_for_the_next_patient(cloud: Installation) -> None:
    first = open_encounter(cloud)
    release = released(100, first)
    send(cloud, release)
    drug = event(CrewEventKind.DRUG, seconds=500, text="Adrenaline 1 mg IV")
    send(cloud, drug)
    measure(cloud, 50, 100, 510)
    assert charted(cloud) == {50: first, 100: None, 510: None}
    assert events_of(cloud, first) == [release]
    cloud.clock.pass_(600)
    second = open_encounter(cloud, started_at=START + timedelta(seconds=400), incident="INC-2")
    assert charted(cloud) == {50: first, 100: None, 510: second}
    assert events_of(cloud, second) == [drug]


def test_a_release_that_arrives_late_takes_back_what_was_charted_after_it(
    cloud: Installation,
) -> None:
    first = open_encounter(cloud)
    drug = event(CrewEventKind.DRUG, seconds=500, text="Adrenaline 1 mg IV")
    named = event(CrewEventKind.NOTE, seconds=510, encounter=first)
    send(cloud, drug, named)
    measure(cloud, 50, 510)
    before = row_of(cloud, first)
    release = released(100, first)
    send(cloud, release)
    send(cloud, release)
    measure(cloud, 90)
    assert charted(cloud) == {50: first, 90: first, 510: None}
    assert events_of(cloud, first) == [named, release]
    after = row_of(cloud, first)
    assert (after.released_at, after.version) == (release.at, before.version + 1)


def test_a_release_taken_back_gives_the_patient_the_readings_again(cloud: Installation) -> None:
    first = open_encounter(cloud)
    release = released(100, first)
    note = event(CrewEventKind.NOTE, seconds=120)
    send(cloud, release, note)
    measure(cloud, 50, 150)
    undo = event(CrewEventKind.UNDONE, seconds=130, undoes=release.event_id)
    send(cloud, undo)
    measure(cloud, 160)
    assert charted(cloud) == {50: first, 150: first, 160: first}
    assert note in events_of(cloud, first)
    again = released(155, first)
    send(cloud, again)
    assert charted(cloud) == {50: first, 150: first, 160: None}


def test_what_was_taken_back_before_it_arrived_releases_nobody(cloud: Installation) -> None:
    first = open_encounter(cloud)
    release = released(100, first)
    send(cloud, event(CrewEventKind.UNDONE, seconds=130, undoes=release.event_id))
    send(cloud, release)
    measure(cloud, 150)
    assert charted(cloud) == {150: first}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)])
def test_two_patients_of_a_vehicle_that_was_alone_are_told_apart_in_any_order(
    embedded: Installation, order: tuple[int, ...]
) -> None:
    one, two = str(uuid4()), str(uuid4())
    embedded.clock.pass_(1200)
    deeds = (
        event(CrewEventKind.ENCOUNTER_BEGUN, seconds=10, encounter=one),
        released(100, one),
        event(CrewEventKind.ENCOUNTER_BEGUN, seconds=200, encounter=two),
        event(CrewEventKind.SHOCK, seconds=250, encounter=two),
    )
    measure(embedded, 50, 150, 250)
    for place in order:
        send(embedded, deeds[place])
    measure(embedded, 60, 160, 260)
    with embedded.database.reading(now=embedded.clock()) as work:
        known = {
            row.cad_incident_id.removeprefix("vehicle-"): row.encounter_id
            for row in work.session.scalars(select(EncounterRow))
        }
    first, second = known[one], known[two]
    assert charted(embedded) == {
        **dict.fromkeys((50.0, 60.0), first),
        **dict.fromkeys((150.0, 160.0), None),
        **dict.fromkeys((250.0, 260.0), second),
    }
    assert set(events_of(embedded, first)) == set(deeds[:2])
    assert set(events_of(embedded, second)) == set(deeds[2:])


def test_a_handover_after_the_release_does_not_lengthen_the_stay(cloud: Installation) -> None:
    first = open_encounter(cloud)
    send(cloud, released(100, first))
    cloud.clock.pass_(600)
    with cloud.database.begin(now=cloud.clock()) as work:
        hand_over(work, cloud.mine.caller, first, facility_id="ed", received_by="nurse")
    measure(cloud, 50, 150)
    assert charted(cloud) == {50: first, 150: None}


def test_a_reading_entered_for_a_patient_by_name_stays_with_them(cloud: Installation) -> None:
    first = open_encounter(cloud)
    measure(cloud, 150)
    with cloud.database.begin(now=cloud.clock()) as work:
        (row,) = work.session.scalars(select(ObservationRow))
        row.gateway_id = None
    send(cloud, released(100, first))
    assert charted(cloud) == {150: first}


def test_a_gateway_is_not_told_of_a_patient_its_crew_has_released(embedded: Installation) -> None:
    first = open_encounter(embedded)
    send(embedded, released(100, first))
    gateway = str(embedded.mine.gateway.gateway_id)
    for kind, about in (("epcr.encounter.created", first), ("gateway.moved", gateway)):
        told = DomainEvent(
            event_id=str(uuid4()),
            tenant_id=embedded.mine.caller.tenant_id,
            type=kind,
            resource_type="",
            resource_id=about,
            occurred_at=embedded.clock(),
            data={"vehicle_id": VEHICLE},
        )
        with embedded.database.begin(now=embedded.clock()) as work:
            tell_gateways(told, work)
    assert not bound_commands(embedded)


def bound_commands(cloud: Installation) -> list[str]:
    with cloud.database.reading(now=cloud.clock()) as work:
        return [row.kind for row in work.session.scalars(select(CommandRow))]


def test_a_reading_of_a_clock_that_cannot_be_right_follows_when_it_was_heard(
    cloud: Installation,
) -> None:
    first = open_encounter(cloud)
    wrong = START.replace(year=1970)
    heard = START + timedelta(seconds=150)
    record(cloud, batch(cloud.mine, [numeric("97", wrong)], captured_at=heard))
    release = released(100, first)
    send(cloud, release)
    assert set(charted(cloud).values()) == {None}
    send(cloud, event(CrewEventKind.UNDONE, seconds=130, undoes=release.event_id))
    assert set(charted(cloud).values()) == {first}
