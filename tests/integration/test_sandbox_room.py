"""A sandbox holds so much and no more, until it is emptied."""

from __future__ import annotations

from dataclasses import replace

from cloud.api.shared.sandbox_room import LOOKED_AT_EVERY, SandboxRoom
from cloud.core.authorization.tokens import TokenService
from cloud.core.sandbox.room import Room, is_full
from tests.fixtures.cloud import Installation
from tests.integration.test_sandbox import DEVICE, Developer, both

OBSERVATION = {"mdc_code": "MDC_PULS_OXIM_SAT_O2", "value": 97, "unit_code": "%"}


async def test_it_is_full_of_any_of_what_it_holds(cloud: Installation) -> None:
    """As `chest_pain` leaves it: two devices, an encounter, ten readings."""
    async with both(cloud) as (_, one):
        sandbox_id = sandbox_of(cloud, one)
        with cloud.database.begin(now=cloud.clock()) as work:
            assert not is_full(work, sandbox_id, Room())
            assert not is_full(work, sandbox_id, Room(devices=3, encounters=2, readings=11))
            assert is_full(work, sandbox_id, Room(devices=2))
            assert is_full(work, sandbox_id, Room(encounters=1))
            assert is_full(work, sandbox_id, Room(readings=10))
            assert not is_full(work, cloud.other.tenant_id, Room(devices=1, readings=1))


async def test_nothing_is_added_to_a_full_one_and_all_else_goes_on(
    embedded: Installation,
) -> None:
    services = embedded.app.state.services
    small = SandboxRoom(embedded.database, embedded.clock, Room(devices=3))
    embedded.app.state.services = replace(services, sandbox_room=small)
    async with both(embedded) as (client, one):
        device = (await one.ask("POST", "/api/v1/devices/enrol", DEVICE)).json()["id"]
        readings = f"/api/v1/devices/{device}/observations"
        # Looked at a moment ago: the answer holds for ten seconds.
        assert (await one.ask("POST", readings, OBSERVATION)).status_code == 201
        embedded.clock.pass_(LOOKED_AT_EVERY)
        for path, body in ((readings, OBSERVATION), ("/api/v1/devices/enrol", DEVICE)):
            refused = await one.ask("POST", path, body)
            assert (refused.status_code, refused.json()["error"]) == (409, "sandbox_full")
        assert (await one.ask("GET", "/api/v1/devices")).status_code == 200
        asked = await one.ask("POST", "/graphql", {"query": "{ __typename }"})
        assert asked.json() == {"data": {"__typename": "Query"}}
        live = await embedded.headers(client)
        added = await client.post("/api/v1/devices/enrol", json=DEVICE, headers=live)
        assert added.status_code == 201
        emptied = await one.ask("POST", "/v1/sandbox/reset", {"scenarios": ["empty"]})
        assert emptied.status_code == 200
        assert (await one.ask("POST", "/api/v1/devices/enrol", DEVICE)).status_code == 201


def sandbox_of(cloud: Installation, one: Developer) -> str:
    token = one.headers["Authorization"].partition(" ")[2]
    tokens: TokenService = cloud.app.state.services.tokens
    return tokens.verify(token, audiences=("sandbox",)).tenant_id
