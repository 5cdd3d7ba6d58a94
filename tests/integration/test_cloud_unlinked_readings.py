"""Readings nobody can place wait in the tray with their reason, until somebody says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cloud.core.encounters.ending import cancel, mark_duplicate
from cloud.core.encounters.handing_over import hand_over
from protocols.model.crew import CrewEvent, CrewEventKind
from protocols.model.observation import MeasurementStatus
from tests.fixtures.api_session import Session, reading
from tests.fixtures.cloud import (
    DEFIBRILLATOR,
    VEHICLE,
    Installation,
    device_info,
    numeric,
    waveform,
)
from tests.fixtures.tray import (
    TRAY,
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


async def test_the_tray_tells_stretches_with_counts_and_first_and_last_values(my: Session) -> None:
    heard(my, device_info())
    measured(my, 0, 10, 20, 900, 910)
    heard(my, waveform(at(5)), seconds=6)
    found = await tray(my)
    assert [(one["observations"], one["waveforms"]) for one in found].count((0, 1)) == 1
    first, second = [one for one in found if one["observations"]]
    assert (first["reason"], first["vehicle_id"]) == ("no_encounter", VEHICLE)
    assert (first["observations"], second["observations"]) == (3, 2)
    (kind,) = first["kinds"]
    assert (kind["mdc_code"], kind["count"]) == ("MDC_PULS_OXIM_SAT_O2", 3)
    assert (kind["first"]["value"], kind["last"]["value"]) == (50.0, 50.2)
    assert (first["since"], first["until"]) == (
        "2026-11-23T10:00:00Z",
        "2026-11-23T10:00:20.000001Z",
    )
    assert "true start" in first["advice"]
    paged, cursor = [], None
    while True:
        page = await my.get(TRAY, limit=1, **({"cursor": cursor} if cursor else {}))
        paged += page.json()["stretches"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert paged == found


async def test_a_minute_in_which_the_reason_changes_is_told_apart(my: Session) -> None:
    measured(my, 1, 2)
    encounter = await opened(my, 3, "INC-1")
    measured(my, 4)
    with my.cloud.database.begin(now=at(5)) as work:
        hand_over(work, my.cloud.mine.caller, encounter, facility_id="ED", received_by="N")
    measured(my, 5, 6, 7)
    later = await opened(my, 8, "INC-2")
    with my.cloud.database.begin(now=at(9)) as work:
        hand_over(work, my.cloud.mine.caller, later, facility_id="ED", received_by="N")
    measured(my, 9)
    assert await waits(my) == [("no_encounter", 2), ("released", 3), ("released", 1)]
    assert [one["since"][17:] for one in await tray(my)] == ["01Z", "05Z", "09Z"]


async def test_the_tray_is_asked_by_vehicle_device_reason_and_time(my: Session) -> None:
    measured(my, 0)
    heard(my, numeric("61", at(0), device=DEFIBRILLATOR), vehicle="AMB-8", seconds=0)
    (there,) = await tray(my, vehicle_id="AMB-8")
    assert await tray(my, device_id=there["device_id"]) == [there]
    assert len(await tray(my, reason="no_encounter")) == 2
    assert await tray(my, reason="released") == []
    assert await tray(my, since="2026-11-23T10:00:01Z") == []
    assert await tray(my, until="2026-11-23T10:00:00Z") == []
    for wrong in (
        {"reason": "bored"},
        {"since": "2026-11-23T10:00:01Z", "until": "2026-11-23T10:00:01Z"},
        {"since": "2026-09-01T10:00:01Z"},
        {"since": "yesterday"},
        {"encounter": "enc_1"},
    ):
        assert (await my.get(TRAY, **wrong)).status_code == 422, wrong
    strangers = await my.cloud.strangers_headers(my.http)
    theirs = await my.http.get(TRAY, headers=strangers)
    assert theirs.json()["stretches"] == []


async def test_each_reading_says_why_it_waits(my: Session) -> None:
    measured(my, 0)
    heard(my, replace(numeric("1", at(5)), status=MeasurementStatus.TEST_DATA))
    heard(my, numeric("2", datetime(1970, 1, 1, tzinfo=UTC)), seconds=6)
    encounter = await opened(my, 10, "INC-1")
    measured(my, 20)
    await my.post(
        f"/api/v1/epcr/encounters/{encounter}/handover",
        {"facility_id": "ED", "received_by": "N"},
    )
    my.cloud.clock.pass_(60)
    measured(my, 1850)
    found = {one["reason"]: one for one in await tray(my)}
    assert set(found) == {"no_encounter", "test_data", "clock_wrong", "released"}
    assert found["clock_wrong"]["since"] == "2026-11-23T10:00:06Z"
    assert found["released"]["candidates"] == [encounter]


async def test_of_two_open_encounters_neither_is_guessed(my: Session) -> None:
    first = await opened(my, 0, "INC-1")
    measured(my, 10)
    second = await opened(my, 100, "INC-2")
    measured(my, 50, 110)
    assert charted(my) == {10: first, 50: first, 110: None}
    (stretch,) = await tray(my)
    assert stretch["reason"] == "several_encounters"
    assert stretch["candidates"] == [second, first]
    link = {name: stretch[name] for name in ("vehicle_id", "since", "until")}
    await moved(my, **link, device_ids=[stretch["device_id"]], to_encounter_id=first)
    assert charted(my) == {10: first, 50: first, 110: first}


async def test_what_nobody_could_tell_apart_is_bound_once_one_of_the_two_has_ended(
    my: Session,
) -> None:
    first = await opened(my, 0, "INC-1")
    second = await opened(my, 100, "INC-2")
    measured(my, 110, 300)
    with my.cloud.database.begin(now=at(200)) as work:
        caller = my.cloud.mine.caller
        hand_over(work, caller, first, facility_id="ED", received_by="N")
    assert charted(my) == {110: None, 300: None}
    settled(my)
    assert charted(my) == {110: None, 300: second}


async def test_an_encounter_that_never_was_stands_in_nobodys_way(my: Session) -> None:
    first = await opened(my, 0, "INC-1")
    second = await opened(my, 100, "INC-2")
    with my.cloud.database.begin(now=at(200)) as work:
        cancel(work, my.cloud.mine.caller, second, reason="stood down")
    measured(my, 150, 250)
    assert charted(my) == {150: None, 250: first}


async def test_the_crews_word_says_which_of_two_it_is(my: Session) -> None:
    first = await opened(my, 0, "INC-1")
    second = await opened(my, 100, "INC-2")
    word = event(CrewEventKind.ENCOUNTER_CONFIRMED, seconds=200, encounter=second)
    heard(my, word, seconds=200)
    measured(my, 50, 150, 250)
    assert charted(my) == {50: first, 150: None, 250: second}
    heard(my, undoing(word, 260), seconds=260)
    measured(my, 270)
    assert charted(my)[270] is None


def undoing(word: CrewEvent, seconds: float) -> CrewEvent:
    return event(CrewEventKind.UNDONE, seconds=seconds, undoes=word.event_id)


async def test_what_a_duplicate_holds_goes_to_the_encounter_that_counts(my: Session) -> None:
    first = await opened(my, 0, "INC-1")
    measured(my, 10)
    with my.cloud.database.begin(now=at(60)) as work:
        hand_over(work, my.cloud.mine.caller, first, facility_id="ED", received_by="N")
    twice = await opened(my, 70, "INC-2")
    measured(my, 80)
    assert charted(my) == {10: first, 80: twice}
    with my.cloud.database.begin(now=at(200)) as work:
        mark_duplicate(work, my.cloud.mine.caller, twice, of=first)
    settled(my)
    measured(my, 90)
    assert charted(my) == {10: first, 80: first, 90: first}
    (listed,) = (await my.get("/api/v1/epcr/reading-moves")).json()["moves"]
    assert (listed["reason"], listed["by"]) == ("duplicate", "service:binding")


async def test_an_encounter_nobody_ended_is_in_nobodys_way_for_ever(my: Session) -> None:
    await opened(my, -13 * 3600, "INC-1")
    second = await opened(my, 0, "INC-2")
    measured(my, 10)
    assert charted(my) == {10: second}


async def test_what_a_device_of_another_vehicle_measures_waits_until_it_is_assigned(
    my: Session,
) -> None:
    encounter = await opened(my, 0, "INC-1")
    device_id = await my.enrol(vehicle_id="AMB-9", system_id="FE-ED-AB-EE-DE-AD-77-C3")
    since = {"vehicle_id": "AMB-9", "since": at(-60).isoformat()}
    await my.post(f"/api/v1/devices/{device_id}/assign", since)
    measured(my, 10, 100)
    assert charted(my) == {10: None, 100: None}
    assert await waits(my) == [("device_elsewhere", 2)]
    lent = {"vehicle_id": VEHICLE, "since": at(50).isoformat(), "reason": "lent"}
    assert (await my.post(f"/api/v1/devices/{device_id}/assign", lent)).status_code == 200
    settled(my)
    assert charted(my) == {10: None, 100: encounter}


async def test_what_a_device_remembered_from_another_vehicle_waits(my: Session) -> None:
    encounter = await opened(my, 0, "INC-1")
    my.cloud.clock.at = at(10)
    measured(my, 10, vehicle="AMB-9")
    my.cloud.clock.at = at(600)
    heard(my, numeric("91", at(5)), numeric("92", at(590)), seconds=600)
    my.cloud.clock.at = at(1800)
    assert charted(my) == {10: None, 5: None, 590: encounter}
    assert {one["reason"] for one in await tray(my, vehicle_id=VEHICLE)} == {"device_moved"}


async def test_what_a_device_set_aside_measures_waits(my: Session) -> None:
    encounter = await opened(my, 0, "INC-1")
    heard(my, device_info())
    (device,) = (await my.get("/api/v1/devices")).json()
    path = f"/api/v1/devices/{device['id']}"
    await my.post(f"{path}/quarantine", {"reason": "fell"})
    my.cloud.clock.pass_(60)
    measured(my, 10, 1830)
    assert charted(my) == {10: encounter, 1830: None}
    assert await waits(my) == [("device_quarantined", 1)]
    await my.post(f"{path}/reinstate", {"reason": "examined"})
    my.cloud.clock.pass_(60)
    measured(my, 1900, 1840)
    assert charted(my) == {10: encounter, 1830: None, 1840: None, 1900: encounter}


async def test_a_device_of_no_vehicle_waits_until_it_has_one(my: Session) -> None:
    device_id = await my.enrol(vehicle_id=None)
    encounter = await opened(my, 0, "INC-1")
    path = f"/api/v1/devices/{device_id}"
    await my.post(f"{path}/observations", reading(observed_at=at(100).isoformat()))
    assert await waits(my) == [("no_vehicle", 1)]
    await my.post(f"{path}/assign", {"vehicle_id": VEHICLE, "since": at(50).isoformat()})
    settled(my)
    assert charted(my) == {100: encounter}
