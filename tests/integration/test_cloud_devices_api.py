"""Devices and their observations over HTTP, to the letter of the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cloud.core.encounters.uplink import record_uplink
from tests.fixtures.api_session import ENROL, Session, reading
from tests.fixtures.cloud import (
    OXIMETER,
    START,
    Installation,
    batch,
    device_info,
    numeric,
)

pytestmark = pytest.mark.long_on_postgresql


@pytest.fixture
async def my(cloud: Installation) -> AsyncIterator[Session]:
    async with cloud.client() as client:
        yield Session(cloud, client, await cloud.headers(client))


async def test_enrolling_again_is_the_same_device(my: Session) -> None:
    first = await my.post("/api/v1/devices/enrol", ENROL)
    again = await my.post(
        "/api/v1/devices/enrol", {**ENROL, "manufacturer": " ACME ", "model": "OX-2"}
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert again.json()["model"] == "OX-2"
    assert again.json()["status"] == "active"


async def test_a_device_of_another_organisation_is_enrolled_elsewhere(my: Session) -> None:
    await my.enrol()
    strangers = await my.cloud.strangers_headers(my.http)
    response = await my.http.post("/api/v1/devices/enrol", json=ENROL, headers=strangers)
    assert response.status_code == 409
    body = response.json()
    assert (body["error"], body["issue_type"]) == ("enrolled_elsewhere", "conflict")
    assert my.cloud.mine.tenant_id not in response.text
    assert "Mine" not in response.text


@pytest.mark.parametrize("system_id", [str(OXIMETER), None])
async def test_a_discovered_device_becomes_active_with_its_data(
    my: Session, system_id: str | None
) -> None:
    with my.cloud.database.begin(now=START) as work:
        sent = batch(my.cloud.mine, [device_info(), numeric("97", START)])
        record_uplink(work, my.cloud.mine.gateway, sent)
    listed = (await my.get("/api/v1/devices")).json()
    assert [(one["status"], one["system_id"]) for one in listed] == [("discovered", str(OXIMETER))]
    refused = await my.post(f"/api/v1/devices/{listed[0]['id']}/observations", reading())
    assert (refused.status_code, refused.json()["error"]) == (409, "device_not_active")
    body = ENROL if system_id is None else {**ENROL, "system_id": system_id}
    enrolled = await my.post("/api/v1/devices/enrol", body)
    assert (enrolled.status_code, enrolled.json()["id"]) == (201, listed[0]["id"])
    held = (await my.get(f"/api/v1/devices/{listed[0]['id']}/observations")).json()
    assert [one["value"] for one in held["observations"]] == [97]


async def test_an_enrolled_device_gets_its_system_id_when_it_is_heard(my: Session) -> None:
    device_id = await my.enrol()
    with my.cloud.database.begin(now=START) as work:
        record_uplink(work, my.cloud.mine.gateway, batch(my.cloud.mine, [device_info()]))
    listed = (await my.get("/api/v1/devices")).json()
    assert [(one["id"], one["system_id"]) for one in listed] == [(device_id, str(OXIMETER))]


async def test_a_system_id_belongs_to_one_device(my: Session) -> None:
    await my.enrol(system_id=str(OXIMETER))
    response = await my.post(
        "/api/v1/devices/enrol", {**ENROL, "serial_number": "S-2", "system_id": str(OXIMETER)}
    )
    assert (response.status_code, response.json()["error"]) == (409, "system_id_taken")


async def test_the_list_is_a_bare_array_with_filters_and_pages(my: Session) -> None:
    for number in range(5):
        await my.enrol(
            serial_number=f"S-{number}",
            device_class="bp" if number % 2 else "ecg",
            vehicle_id=f"V-{number}",
        )
    assert len((await my.get("/api/v1/devices")).json()) == 5
    assert len((await my.get("/api/v1/devices", device_class="bp")).json()) == 2
    assert len((await my.get("/api/v1/devices", vehicle_id="V-3")).json()) == 1
    assert (await my.get("/api/v1/devices", status="offline")).json() == []
    seen, cursor = [], None
    while True:
        page = await my.get("/api/v1/devices", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["id"] for one in page.json()]
        cursor = page.headers.get("x-next-cursor")
        if cursor is None:
            break
        assert 'rel="next"' in page.headers["link"]
    assert len(set(seen)) == len(seen) == 5


async def test_another_tenants_cursor_is_refused(my: Session) -> None:
    for number in range(3):
        await my.enrol(serial_number=f"S-{number}")
    cursor = (await my.get("/api/v1/devices", limit=1)).headers["x-next-cursor"]
    strangers = await my.cloud.strangers_headers(my.http)
    for given, headers in ((cursor, strangers), (cursor[:-2] + "AA", my.headers)):
        response = await my.http.get("/api/v1/devices", params={"cursor": given}, headers=headers)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_cursor")
