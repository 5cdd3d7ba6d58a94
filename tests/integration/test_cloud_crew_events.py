"""What the crew did, from the gateway's batch to the encounter's answer and the board."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from cloud.core.encounters import crew
from cloud.core.encounters.service import view
from cloud.core.encounters.uplink import record_uplink
from cloud.core.observations.service import record_batch
from protocols.model.crew import AttachmentPart, CrewEvent, CrewEventKind
from protocols.uplink.messages import Content, UplinkAck
from tests.fixtures.cloud import START, VEHICLE, Installation, batch, numeric
from tests.integration.test_cloud_recording import encounter_of, open_encounter, record


def event(kind: str, *, seconds: float = 1, **given: object) -> CrewEvent:
    told = CrewEvent(
        event_id=uuid4(),
        kind=kind,
        at=START + timedelta(seconds=seconds),
        by="crew-1",
        vehicle_id=VEHICLE,
    )
    return replace(told, **given)  # type: ignore[arg-type]  # the fields of a crew event


def send(cloud: Installation, *contents: Content) -> UplinkAck:
    return record(cloud, batch(cloud.mine, list(contents)))


def events_of(cloud: Installation, encounter_id: str) -> list[CrewEvent]:
    with cloud.database.reading(now=cloud.clock()) as work:
        rows = crew.crew_events(work, cloud.mine.caller, encounter_id)
        return [crew.to_event(row) for row in rows]


def test_events_are_stored_once_whatever_is_sent_again(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    drug = event(CrewEventKind.DRUG, text="Adrenaline 1 mg IV", details=(("dose", "1"),))
    undo = event(CrewEventKind.UNDONE, seconds=2, undoes=drug.event_id)
    ack = send(cloud, drug, numeric("97", START + timedelta(seconds=1)), undo)
    assert (ack.stored, ack.repeated, ack.rejected) == (3, 0, ())
    again = send(cloud, undo, drug)
    assert (again.stored, again.repeated) == (0, 2)
    assert events_of(cloud, encounter) == [drug, undo]


def test_an_event_follows_the_reference_the_crew_worked_under(cloud: Installation) -> None:
    first = open_encounter(cloud)
    second = open_encounter(cloud, started_at=START + timedelta(minutes=5), incident="INC-2")
    late = event("note", seconds=600, encounter=first)
    unknown = event("note", seconds=600, encounter="enc_of_nobody")
    send(cloud, late, unknown)
    assert events_of(cloud, first) == [late]
    assert events_of(cloud, second) == [unknown]


def test_an_encounter_begun_on_board_takes_what_the_vehicle_measured_since(
    cloud: Installation,
) -> None:
    own = str(uuid4())
    early = event("note", seconds=20)
    send(cloud, numeric("97", START + timedelta(seconds=30)), early)
    begun = event(
        CrewEventKind.ENCOUNTER_BEGUN,
        seconds=10,
        encounter=own,
        details=(("crew_1", "crew-1"), ("crew_2", "crew-2")),
    )
    shock = event(CrewEventKind.SHOCK, seconds=40, encounter=own)
    send(cloud, begun, shock)
    send(cloud, begun)
    (encounter,) = encounter_of(cloud)
    assert encounter is not None
    assert events_of(cloud, encounter) == [early, begun, shock]
    with cloud.database.begin(now=cloud.clock()) as work:
        row = view(work, cloud.parts.vault, cloud.mine.caller, encounter).row
        assert (row.crew_ids, row.started_at) == (["crew-1", "crew-2"], begun.at)


def test_an_encounter_opened_later_claims_the_events_before_the_next(cloud: Installation) -> None:
    mine, theirs = event("note", seconds=30), event("note", seconds=900)
    send(cloud, mine, theirs)
    cloud.clock.pass_(1200)
    second = open_encounter(cloud, started_at=START + timedelta(minutes=10), incident="INC-2")
    first = open_encounter(cloud)
    assert events_of(cloud, first) == [mine]
    assert events_of(cloud, second) == [theirs]


def test_what_can_never_be_stored_is_named_and_its_neighbours_are_kept(
    cloud: Installation,
) -> None:
    encounter = open_encounter(cloud)
    good = event("note")
    bad: list[Content] = [
        event("note", text="a\x00b"),
        event("k" * 41),
        event("note", details=(("x", "y" * 5000),)),
        event(CrewEventKind.ENCOUNTER_BEGUN, seconds=3600, encounter="x"),
        event(CrewEventKind.ENCOUNTER_BEGUN, encounter="x" * 80),
        AttachmentPart(attachment_id=UUID(int=1), part=0, parts=99_999, octets=b""),
    ]
    ack = send(cloud, good, *bad)
    assert ack.stored == 1
    assert [row.reason for row in ack.rejected] == ["unstorable_text", *["out_of_range"] * 5]
    assert [row.sequence for row in ack.rejected] == [2, 3, 4, 5, 6, 7]
    assert events_of(cloud, encounter) == [good]


def test_a_file_is_whole_once_all_its_pieces_are_here(cloud: Installation) -> None:
    whole = uuid4()
    pieces = [
        AttachmentPart(attachment_id=whole, part=part, parts=2, octets=bytes([part]) * 3)
        for part in range(2)
    ]

    def read() -> bytes | None:
        with cloud.database.reading(now=cloud.clock()) as work:
            return crew.attachment(work, cloud.mine.caller, whole)

    assert read() is None
    send(cloud, pieces[1])
    assert read() is None
    ack = send(cloud, pieces[0], pieces[1])
    assert (ack.stored, ack.repeated) == (1, 1)
    assert read() == b"\0\0\0\1\1\1"
    with cloud.database.reading(now=cloud.clock()) as work:
        assert crew.attachment(work, cloud.other.caller, whole) is None


def test_readings_alone_take_no_event(embedded: Installation) -> None:
    sent = batch(embedded.mine, [event("note"), numeric("97", START)])
    with embedded.database.begin(now=embedded.clock()) as work:
        ack = record_batch(work, embedded.mine.gateway, sent)
    assert ack.stored == 1
    assert [row.reason for row in ack.rejected] == ["not_a_reading"]


async def test_the_encounters_answer_holds_its_events(embedded: Installation) -> None:
    encounter = open_encounter(embedded)
    drug = event(CrewEventKind.DRUG, text="Adrenaline 1 mg IV", details=(("dose", "1"),))
    undo = event(CrewEventKind.UNDONE, seconds=2, undoes=drug.event_id)
    send(embedded, drug, undo)
    async with embedded.client() as client:
        headers = await embedded.headers(client, "argus:epcr:read")
        answer = await client.get(f"/api/v1/epcr/encounters/{encounter}", headers=headers)
        bundle = await client.get(
            f"/api/v1/epcr/encounters/{encounter}/fhir-bundle", headers=headers
        )
    assert bundle.status_code == 200
    first, second = answer.json()["events"]
    assert first == {
        "id": str(drug.event_id),
        "kind": "drug",
        "at": "2026-11-23T10:00:01Z",
        "by": "crew-1",
        "details": {"dose": "1"},
    }
    assert second["undoes"] == str(drug.event_id)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_uplink_order_does_not_matter(embedded: Installation, order: tuple[int, int]) -> None:
    encounter = open_encounter(embedded)
    pair = (event("shock"), event("rosc", seconds=2))
    for place in order:
        with embedded.database.begin(now=embedded.clock()) as work:
            record_uplink(work, embedded.mine.gateway, batch(embedded.mine, [pair[place]]))
    assert set(events_of(embedded, encounter)) == set(pair)
