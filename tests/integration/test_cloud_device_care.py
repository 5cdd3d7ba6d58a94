"""Devices in their owner's hands over HTTP: assigned, retired, set aside, calibrated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cloud.core.devices.on_board import device_list
from cloud.core.encounters.uplink import record_uplink
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import NumericObservation
from tests.fixtures.api_session import ENROL, Session, reading
from tests.fixtures.cloud import (
    OXIMETER,
    START,
    VEHICLE,
    Installation,
    batch,
    device_info,
    numeric,
)

pytestmark = pytest.mark.long_on_postgresql

WHY = {"reason": "dropped on the floor"}
BATTERY = MdcCode(1, 2460)
SENSOR_CALIBRATION = MdcCode(128, 29428)


@pytest.fixture
async def my(cloud: Installation) -> AsyncIterator[Session]:
    async with cloud.client() as client:
        yield Session(cloud, client, await cloud.headers(client))


def heard(my: Session, *contents: NumericObservation, vehicle: str = VEHICLE) -> None:
    """The oximeter is heard in a vehicle, with what it measured."""
    with my.cloud.database.begin(now=my.cloud.clock()) as work:
        sent = batch(
            my.cloud.mine,
            [device_info(), *contents],
            vehicle_id=vehicle,
            captured_at=my.cloud.clock(),
        )
        record_uplink(work, my.cloud.mine.gateway, sent)


def listed_on_board(my: Session) -> list[str]:
    with my.cloud.database.reading(now=my.cloud.clock()) as work:
        return [one.vehicle_id for one in device_list(work, my.cloud.mine.gateway).devices]


async def test_a_retired_device_takes_no_readings_until_it_is_enrolled_again(my: Session) -> None:
    device_id = await my.enrol()
    path = f"/api/v1/devices/{device_id}"
    for _ in range(2):
        gone = await my.post(f"{path}/retire", WHY)
        assert (gone.status_code, gone.json()["status"]) == (200, "retired")
        assert gone.json()["status_reason"] == WHY["reason"]
    refused = await my.post(f"{path}/observations", reading())
    assert (refused.status_code, refused.json()["error"]) == (409, "device_not_active")
    details = refused.json()["details"]
    assert (details["status"], details["remedy"]["path"]) == ("retired", "/api/v1/devices/enrol")
    for act in ("quarantine", "reinstate"):
        answer = await my.post(f"{path}/{act}", WHY)
        assert (answer.status_code, answer.json()["error"]) == (409, "device_retired")
    again = await my.post("/api/v1/devices/enrol", ENROL)
    assert (again.status_code, again.json()["id"]) == (200, device_id)
    assert (again.json()["status"], "status_reason" in again.json()) == ("active", False)
    assert (await my.post(f"{path}/observations", reading())).status_code == 201


async def test_a_device_retired_here_may_be_enrolled_elsewhere(my: Session) -> None:
    device_id = await my.enrol()
    strangers = await my.cloud.strangers_headers(my.http)
    assert (
        await my.http.post("/api/v1/devices/enrol", json=ENROL, headers=strangers)
    ).status_code == 409
    await my.post(f"/api/v1/devices/{device_id}/retire", WHY)
    theirs = await my.http.post("/api/v1/devices/enrol", json=ENROL, headers=strangers)
    assert (theirs.status_code, theirs.json()["id"] == device_id) == (201, False)
    mine = await my.post("/api/v1/devices/enrol", ENROL)
    assert (mine.status_code, mine.json()["error"]) == (409, "enrolled_elsewhere")


async def test_a_quarantined_device_is_brought_back_by_nothing_but_a_word(my: Session) -> None:
    device_id = await my.enrol()
    path = f"/api/v1/devices/{device_id}"
    heard(my)
    assert listed_on_board(my) == [VEHICLE]
    assert (await my.post(f"{path}/quarantine", WHY)).json()["status"] == "quarantined"
    assert listed_on_board(my) == []
    refused = await my.post(f"{path}/observations", reading())
    assert refused.status_code == 409
    assert refused.json()["details"]["remedy"]["path"] == f"{path}/reinstate"
    heard(my)
    enrolled = await my.post("/api/v1/devices/enrol", ENROL)
    assert (enrolled.status_code, enrolled.json()["error"]) == (409, "device_quarantined")
    assert (await my.get(path)).json()["status"] == "quarantined"
    back = await my.post(f"{path}/reinstate", {"reason": "examined"})
    assert (back.status_code, back.json()["status"]) == (200, "active")
    assert (await my.post(f"{path}/reinstate", WHY)).json()["status_reason"] == "examined"
    assert (await my.post(f"{path}/observations", reading())).status_code == 201


async def test_a_device_only_heard_of_is_set_aside_and_taken_up_again(my: Session) -> None:
    heard(my)
    (device,) = (await my.get("/api/v1/devices")).json()
    path = f"/api/v1/devices/{device['id']}"
    refused = await my.post(f"{path}/reinstate", WHY)
    assert (refused.status_code, refused.json()["error"]) == (409, "device_not_quarantined")
    assert (await my.post(f"{path}/quarantine", WHY)).json()["status"] == "quarantined"
    assert (await my.post(f"{path}/reinstate", WHY)).json()["status"] == "discovered"


async def test_where_a_device_belonged_is_kept_with_its_times(my: Session) -> None:
    device_id = await my.enrol()
    path = f"/api/v1/devices/{device_id}"
    my.cloud.clock.pass_(600)
    moved = await my.post(f"{path}/assign", {"vehicle_id": "AMB-9", "reason": "swapped"})
    assert (moved.status_code, moved.json()["vehicle_id"]) == (200, "AMB-9")
    same = await my.post(f"{path}/assign", {"vehicle_id": "AMB-9"})
    assert same.json() == moved.json()
    my.cloud.clock.pass_(600)
    # It was lent out earlier than anybody said.
    since = (START + timedelta(seconds=300)).isoformat()
    await my.post(f"{path}/assign", {"vehicle_id": "AMB-8", "since": since})
    await my.post(f"{path}/assign", {"vehicle_id": None})
    told = (await my.get(f"{path}/assignments")).json()["assignments"]
    seconds = [
        (one.get("vehicle_id"), one["since"][14:19], one.get("until", "")[14:19]) for one in told
    ]
    assert seconds == [
        (VEHICLE, "00:00", "05:00"),
        ("AMB-8", "05:00", "20:00"),
        ("AMB-9", "10:00", "10:00"),
        (None, "20:00", ""),
    ]
    assert told[2]["reason"] == "swapped"
    assert {one["source"] for one in told} == {"assigned"}
    ahead = (my.cloud.clock() + timedelta(minutes=6)).isoformat()
    refused = await my.post(f"{path}/assign", {"vehicle_id": "AMB-1", "since": ahead})
    assert (refused.status_code, refused.json()["error"]) == (422, "since_ahead")


async def test_a_reading_over_https_goes_to_the_vehicle_its_device_belonged_to_then(
    my: Session,
) -> None:
    device_id = await my.enrol()
    encounter = await my.encounter()
    path = f"/api/v1/devices/{device_id}"
    my.cloud.clock.pass_(600)
    await my.post(f"{path}/assign", {"vehicle_id": "AMB-9"})
    then = (START + timedelta(seconds=60)).isoformat()
    late = await my.post(f"{path}/observations", reading(observed_at=then))
    now = await my.post(f"{path}/observations", reading())
    assert late.json()["encounter_id"] == encounter
    assert "encounter_id" not in now.json()


async def test_a_device_nobody_assigned_belongs_where_it_is_heard(my: Session) -> None:
    heard(my)
    my.cloud.clock.pass_(60)
    heard(my, vehicle="AMB-9")
    (device,) = (await my.get("/api/v1/devices")).json()
    assert (device["vehicle_id"], device["heard_in"]) == ("AMB-9", "AMB-9")
    told = (await my.get(f"/api/v1/devices/{device['id']}/assignments")).json()["assignments"]
    assert [(one["vehicle_id"], one["source"]) for one in told] == [
        (VEHICLE, "heard"),
        ("AMB-9", "heard"),
    ]
    await my.post(f"/api/v1/devices/{device['id']}/assign", {"vehicle_id": VEHICLE})
    heard(my, vehicle="AMB-9")
    (device,) = (await my.get("/api/v1/devices")).json()
    assert (device["vehicle_id"], device["heard_in"]) == (VEHICLE, "AMB-9")


async def test_a_calibration_is_overdue_once_its_day_has_come(my: Session) -> None:
    device_id = await my.enrol()
    path = f"/api/v1/devices/{device_id}/calibrations"
    assert "calibration" not in (await my.get(f"/api/v1/devices/{device_id}")).json()
    told = {
        "calibrated_at": START.isoformat(),
        "due_at": (START + timedelta(hours=1)).isoformat(),
        "reference": "WO-17",
    }
    made = await my.post(path, told)
    assert made.status_code == 201
    assert made.json()["calibration"] == {
        "last_at": "2026-11-23T10:00:00Z",
        "due_at": "2026-11-23T11:00:00Z",
        "is_overdue": False,
        "source": "person",
    }
    earlier = {"calibrated_at": (START - timedelta(days=1)).isoformat()}
    assert (await my.post(path, earlier)).json()["calibration"]["last_at"][:10] == "2026-11-23"
    my.cloud.clock.pass_(3600)
    headers = await my.cloud.headers(my.http)
    device = (await my.http.get(f"/api/v1/devices/{device_id}", headers=headers)).json()
    assert device["calibration"]["is_overdue"] is True
    for asked, found in (("true", [device_id]), ("false", [])):
        listed = await my.http.get(
            "/api/v1/devices", params={"calibration_overdue": asked}, headers=headers
        )
        assert [one["id"] for one in listed.json()] == found
    events = await my.http.get(f"/api/v1/devices/{device_id}/events", headers=headers)
    kinds = [one["kind"] for one in events.json()["events"]]
    assert kinds == ["calibrated", "calibrated", "enrolled"]
    assert events.json()["events"][1]["details"]["reference"] == "WO-17"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"calibrated_at": "2026-11-23T10:05:01Z"}, "calibrated_at_ahead"),
        (
            {"calibrated_at": "2026-11-23T10:00:00Z", "due_at": "2026-11-23T10:00:00Z"},
            "calibration_due",
        ),
        ({"calibrated_at": "1970-01-01T00:00:00Z"}, "invalid_request"),
        ({"calibrated_at": "2026-11-23T10:00:00Z", "by": "me"}, "invalid_request"),
    ],
)
async def test_a_calibration_that_cannot_be_is_refused(
    my: Session, body: dict[str, str], reason: str
) -> None:
    response = await my.post(f"/api/v1/devices/{await my.enrol()}/calibrations", body)
    assert (response.status_code, response.json()["error"]) == (422, reason)


async def test_a_device_tells_its_battery_and_its_calibration_among_its_readings(
    my: Session,
) -> None:
    at = START
    older = at - timedelta(seconds=60)
    heard(
        my,
        numeric("81", at, code=BATTERY),
        numeric("99", older, code=BATTERY),
        numeric("900", at + timedelta(seconds=1), code=BATTERY),
        numeric("100", older, code=SENSOR_CALIBRATION, unit=UnitCode(2130)),
    )
    (device,) = (await my.get("/api/v1/devices")).json()
    assert (device["battery_pct"], device["battery_at"]) == (81, "2026-11-23T10:00:00Z")
    assert device["calibration"] == {
        "last_at": "2026-11-23T09:59:00Z",
        "is_overdue": False,
        "source": "device",
    }
    assert device["system_id"] == str(OXIMETER)


async def test_another_organisations_device_is_not_there(my: Session) -> None:
    device_id = await my.enrol()
    strangers = await my.cloud.strangers_headers(my.http)
    for path, body in (
        ("assign", {"vehicle_id": "AMB-1"}),
        ("retire", WHY),
        ("quarantine", WHY),
        ("reinstate", WHY),
        ("calibrations", {"calibrated_at": START.isoformat()}),
        ("observations:batch", {"observations": [reading()]}),
    ):
        for one in (device_id, "dev_absent"):
            response = await my.http.post(
                f"/api/v1/devices/{one}/{path}", json=body, headers=strangers
            )
            assert (response.status_code, response.json()["error"]) == (404, "device_not_found")
    for path in ("assignments", "events"):
        response = await my.http.get(f"/api/v1/devices/{device_id}/{path}", headers=strangers)
        assert response.status_code == 404
