"""A person says whose readings are: linked, moved, put back; encounters that change vehicle."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from cloud.core.devices.fleet_tables import CommandRow
from cloud.core.devices.gateways import create_gateway, note_gateway
from cloud.core.encounters.rebinding import Move, move_readings
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.principal import gateway_principal
from protocols.model.codes import SystemId
from protocols.model.crew import CrewEventKind
from protocols.model.observation import MeasurementStatus
from tests.fixtures.api_session import Session
from tests.fixtures.cloud import (
    DEFIBRILLATOR,
    VEHICLE,
    Installation,
    batch,
    numeric,
    waveform,
)
from tests.fixtures.tray import (
    at,
    charted,
    heard,
    measured,
    moved,
    opened,
    settled,
    tray,
    waits,
)
from tests.integration.test_cloud_crew_events import event


@pytest.fixture
async def my(cloud: Installation) -> AsyncIterator[Session]:
    cloud.clock.pass_(1800)
    async with cloud.client() as client:
        yield Session(cloud, client, await cloud.headers(client))


async def test_a_move_takes_what_it_names_and_tells_both_encounters(my: Session) -> None:
    first = await opened(my, 0, "INC-1")
    measured(my, 10, 20, 30)
    heard(my, waveform(at(15)), numeric("60", at(15), device=DEFIBRILLATOR), seconds=16)
    await my.post(
        f"/api/v1/epcr/encounters/{first}/handover", {"facility_id": "ED", "received_by": "N"}
    )
    second = await opened(my, 40, "INC-2")
    before = (await my.get(f"/api/v1/epcr/encounters/{first}")).json()["version"]
    devices = (await my.get("/api/v1/devices")).json()
    oximeter = next(one["id"] for one in devices if one["system_id"].endswith("C3"))
    made = await moved(
        my,
        from_encounter_id=first,
        to_encounter_id=second,
        device_ids=[oximeter],
        since=at(20).isoformat(),
        until=at(30).isoformat(),
        reason="the second patient's finger",
    )
    assert (made["observations"], made["waveforms"]) == (1, 0)
    assert made["devices"] == [
        {"device_id": oximeter, "vehicle_id": VEHICLE, "observations": 1, "waveforms": 0}
    ]
    assert charted(my) == {10: first, 15: first, 20: second, 30: first}
    after = (await my.get(f"/api/v1/epcr/encounters/{first}")).json()["version"]
    assert after == before + 1
    for encounter in (first, second):
        listed = (await my.get("/api/v1/epcr/reading-moves", encounter_id=encounter)).json()
        assert listed["moves"] == [made]
    everything = await moved(my, from_encounter_id=first, reason="all of it")
    assert (everything["observations"], everything["waveforms"]) == (3, 1)
    assert charted(my) == {10: None, 15: None, 20: second, 30: None}
    listed = (await my.get("/api/v1/epcr/reading-moves")).json()["moves"]
    assert [one["reason"] for one in listed] == ["all of it", "the second patient's finger"]
    page = (await my.get("/api/v1/epcr/reading-moves", limit=1)).json()
    rest = await my.get("/api/v1/epcr/reading-moves", limit=1, cursor=page["next_cursor"])
    assert [*page["moves"], *rest.json()["moves"]] == listed
    assert rest.json()["next_cursor"] is None


async def test_what_was_put_back_is_claimed_by_nobody_and_stays_by_its_word(my: Session) -> None:
    first = await opened(my, 0, "INC-1")
    measured(my, 10)
    await moved(my, from_encounter_id=first, reason="a crew member tried it on")
    assert await waits(my) == [("put_back", 1)]
    # It arrives late and is of the same stretch.
    measured(my, 20)
    await my.post(
        f"/api/v1/epcr/encounters/{first}/handover", {"facility_id": "ED", "received_by": "N"}
    )
    settled(my)
    await opened(my, 5, "INC-2")
    assert charted(my) == {10: None, 20: None}
    assert await waits(my) == [("put_back", 2)]


async def test_readings_that_arrive_after_a_move_follow_it(my: Session) -> None:
    first = await opened(my, 0, "INC-1")
    measured(my, 10, 30)
    second = await opened(my, 1000, "INC-2")
    bounds = {"since": at(5).isoformat(), "until": at(25).isoformat()}
    await moved(my, 201, from_encounter_id=first, to_encounter_id=second, **bounds)
    measured(my, 20, 40)
    assert charted(my) == {10: second, 20: second, 30: first, 40: first}


async def test_what_was_on_its_way_into_the_store_during_a_move_follows_it(my: Session) -> None:
    if my.cloud.database.engine.dialect.name != "postgresql":
        # SQLite has one writer at a time: nothing is on its way.
        return
    first = await opened(my, 0, "INC-1")
    measured(my, 10)
    second = await opened(my, 1000, "INC-2")
    wanted = Move(
        from_encounter_id=first,
        to_encounter_id=second,
        since=at(0),
        until=at(30),
        reason="by sight",
    )
    with my.cloud.database.begin(now=my.cloud.clock()) as ingest:
        sent = batch(my.cloud.mine, [numeric("98", at(20))], captured_at=at(20))
        record_uplink(ingest, my.cloud.mine.gateway, sent)
        with my.cloud.database.begin(now=my.cloud.clock()) as work:
            move_readings(work, my.cloud.mine.caller, wanted)
    assert charted(my) == {10: second, 20: first}
    settled(my)
    assert charted(my) == {10: second, 20: second}


async def test_a_late_release_leaves_what_was_given_by_a_person(my: Session) -> None:
    first = await opened(my, 0, "INC-1")
    measured(my, -20, 10, 110, 120)
    bounds = {"since": at(-30).isoformat(), "until": at(0).isoformat()}
    await moved(my, 201, to_encounter_id=first, vehicle_id=VEHICLE, **bounds)
    await moved(
        my,
        from_encounter_id=first,
        since=at(115).isoformat(),
        until=at(125).isoformat(),
        reason="not theirs",
    )
    await moved(
        my,
        to_encounter_id=first,
        vehicle_id=VEHICLE,
        since=at(115).isoformat(),
        until=at(125).isoformat(),
        reason="theirs after all",
    )
    heard(my, event(CrewEventKind.ENCOUNTER_RELEASED, seconds=100, encounter=first), seconds=130)
    assert charted(my) == {-20: first, 10: first, 110: None, 120: first}


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({}, 422, "invalid_request"),
        ({"to_encounter_id": "mine"}, 422, "invalid_move"),
        ({"to_encounter_id": "mine", "from_encounter_id": "mine"}, 422, "invalid_request"),
        ({"to_encounter_id": "mine", "vehicle_id": "AMB-X"}, 422, "nothing_to_move"),
        ({"to_encounter_id": "enc_absent", "vehicle_id": VEHICLE}, 404, "encounter_not_found"),
        ({"from_encounter_id": "enc_absent"}, 404, "encounter_not_found"),
        ({"from_encounter_id": "mine", "until": at(0).isoformat()}, 422, "invalid_move"),
        ({"from_encounter_id": "mine", "until": at(8 * 86400).isoformat()}, 422, "invalid_move"),
        ({"from_encounter_id": "mine", "reason": " "}, 422, "invalid_request"),
        ({"from_encounter_id": "mine", "by": "me"}, 422, "invalid_request"),
    ],
)
async def test_a_move_that_cannot_be_is_refused_and_moves_nothing(
    my: Session, body: dict[str, str], status: int, reason: str
) -> None:
    measured(my, -10)
    mine = await opened(my, 0, "INC-1")
    measured(my, 10)
    spelled = {name: mine if value == "mine" else value for name, value in body.items()}
    refused = await moved(my, status, **spelled)
    assert refused["error"] == reason
    assert charted(my) == {-10: None, 10: mine}


async def test_another_organisations_readings_are_not_there_to_move(my: Session) -> None:
    mine = await opened(my, 0, "INC-1")
    measured(my, 10)
    body = {
        "from_encounter_id": mine,
        "since": at(0).isoformat(),
        "until": at(60).isoformat(),
        "reason": "theft",
    }
    headers = await my.cloud.strangers_headers(my.http)
    refused = await my.http.post("/api/v1/epcr/reading-moves", json=body, headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (404, "encounter_not_found")
    listed = await my.http.get("/api/v1/epcr/reading-moves", headers=headers)
    assert listed.json()["moves"] == []


async def test_a_test_is_made_no_patients_reading(my: Session) -> None:
    mine = await opened(my, 0, "INC-1")
    heard(my, replace(numeric("1", at(5)), status=MeasurementStatus.TEST_DATA), seconds=6)
    refused = await moved(my, 422, to_encounter_id=mine, vehicle_id=VEHICLE)
    assert refused["error"] == "nothing_to_move"


async def test_a_reading_of_a_wrong_clock_is_linked_by_when_it_was_heard(my: Session) -> None:
    heard(my, numeric("2", datetime(1970, 1, 1, tzinfo=UTC)), seconds=6)
    heard(my, numeric("3", at(86400)), seconds=7)
    mine = await opened(my, 100, "INC-1")
    (stretch,) = await tray(my)
    assert (stretch["reason"], stretch["observations"]) == ("clock_wrong", 2)
    link = {name: stretch[name] for name in ("vehicle_id", "since", "until")}
    made = await moved(my, **link, to_encounter_id=mine)
    assert made["observations"] == 2
    assert await tray(my) == []


async def test_an_encounter_goes_on_in_another_vehicle_and_what_follows_goes_with_it(
    my: Session,
) -> None:
    first = await opened(my, 0, "INC-1")
    other = SystemId.parse("02" * 8)

    def there(*seconds: float) -> None:
        for second in seconds:
            one = numeric("70", at(second), device=other)
            heard(my, one, vehicle="AMB-9", seconds=second)

    measured(my, 10, 110)
    there(50.5, 120.5)
    path = f"/api/v1/epcr/encounters/{first}/vehicle"
    body = {"vehicle_id": "AMB-9", "at": at(100).isoformat(), "reason": "engine failed"}
    answer = await my.post(path, body)
    assert (answer.status_code, answer.json()["vehicle_id"]) == (200, "AMB-9"), answer.text
    assert (await my.post(path, body)).json()["version"] == answer.json()["version"]
    measured(my, 20, 130)
    there(60.5, 140.5)
    assert charted(my) == {
        **dict.fromkeys((10, 20, 120.5, 140.5), first),
        **dict.fromkeys((110, 130, 50.5, 60.5), None),
    }
    assert {one["reason"] for one in await tray(my, vehicle_id=VEHICLE)} == {"encounter_moved"}
    assert {one["reason"] for one in await tray(my, vehicle_id="AMB-9")} == {"no_encounter"}
    # The vehicle it left takes the next patient.
    second = await opened(my, 105, "INC-2")
    assert charted(my)[110] == second
    early = await my.post(path, {"vehicle_id": VEHICLE, "at": at(50).isoformat()})
    assert (early.status_code, early.json()["error"]) == (422, "at_before_vehicle")


async def test_both_vehicles_gateways_are_told_of_an_encounter_that_changes_vehicle(
    my: Session,
) -> None:
    mine, database = my.cloud.mine, my.cloud.database
    with database.begin(now=my.cloud.clock()) as work:
        note_gateway(work, mine.gateway, VEHICLE)
        made = create_gateway(work, tenant_id=mine.tenant_id, name="The other", has_secret=False)
        other = gateway_principal(tenant_id=mine.tenant_id, gateway_id=made.client_id)
        note_gateway(work, other, "AMB-9")
    encounter = await opened(my, 0, "INC-1")
    settled(my)
    path = f"/api/v1/epcr/encounters/{encounter}/vehicle"
    assert (await my.post(path, {"vehicle_id": "AMB-9"})).status_code == 200
    settled(my)
    with database.reading(now=my.cloud.clock()) as work:
        rows = work.session.scalars(select(CommandRow))
        told = {(row.gateway_id, row.kind) for row in rows}
    assert told == {
        (mine.gateway_id, "encounter.bind"),
        (mine.gateway_id, "encounter.release"),
        (made.client_id, "encounter.bind"),
    }


async def test_a_move_says_nothing_of_what_is_still_to_be_measured(my: Session) -> None:
    encounter = await opened(my, 0, "INC-1")
    measured(my, 10)
    made = await moved(my, from_encounter_id=encounter, reason="not theirs")
    assert made["until"] == "2026-11-23T10:30:00Z"
    my.cloud.clock.pass_(60)
    measured(my, 1830)
    assert charted(my) == {10: None, 1830: encounter}


async def test_a_vehicle_that_has_the_incident_already_keeps_its_own(my: Session) -> None:
    first = await opened(my, 0, "INC-1")
    other = await opened(my, 0, "INC-1", vehicle="AMB-9")
    path = f"/api/v1/epcr/encounters/{first}/vehicle"
    refused = await my.post(path, {"vehicle_id": "AMB-9"})
    assert (refused.status_code, refused.json()["error"]) == (409, "incident_taken")
    assert refused.json()["details"] == {"encounter_id": other}
    await my.post(
        f"/api/v1/epcr/encounters/{first}/handover", {"facility_id": "ED", "received_by": "N"}
    )
    closed = await my.post(path, {"vehicle_id": "AMB-5"})
    assert (closed.status_code, closed.json()["error"]) == (409, "encounter_closed")
