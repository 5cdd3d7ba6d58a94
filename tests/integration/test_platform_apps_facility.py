"""Which facility an application belongs to: an administrator says it, and nobody else."""

from __future__ import annotations

import json

import pytest

from cloud.core.authorization.facilities import facility_of
from cloud.core.kernel.principal import Principal
from tests.fixtures.administration import APPS, Operator, administrator
from tests.fixtures.cloud import Installation


def facility(cloud: Installation, client_id: str, tenant_id: str = "") -> str | None:
    caller = Principal(tenant_id=tenant_id or cloud.mine.tenant_id, client_id=client_id, scopes=())
    with cloud.database.reading(now=cloud.clock()) as work:
        return facility_of(work, caller)


async def test_an_administrator_places_an_application(cloud: Installation) -> None:
    client_id = cloud.mine.client_id
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        path = f"{APPS}/{client_id}/facility"
        assert "facility_id" not in (await admin.ask("GET", f"{APPS}/{client_id}")).json()
        placed = await admin.ask("PUT", path, {"facility_id": " RX1-ED "})
        assert placed.json()["facility_id"] == "RX1-ED"
        assert placed.headers["etag"]
        assert facility(cloud, client_id) == "RX1-ED"
        assert facility(cloud, client_id, cloud.other.tenant_id) is None
        gone = await admin.ask("PUT", path, {"facility_id": None})
        assert "facility_id" not in gone.json()
    assert facility(cloud, client_id) is None
    assert admin.audited()[-2:] == ["app.placed", "app.placed"]
    assert admin.events()[-1] == ("app.updated", client_id)


@pytest.mark.parametrize("body", [{}, {"facility_id": ""}, {"facility_id": "a\nb"}, {"x": 1}])
async def test_a_wrong_placement_is_422(embedded: Installation, body: object) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        path = f"{APPS}/{embedded.mine.client_id}/facility"
        assert (await admin.ask("PUT", path, body)).status_code == 422


async def test_neither_the_application_itself_nor_a_stranger_places_it(
    embedded: Installation,
) -> None:
    async with embedded.client() as client:
        path = f"{APPS}/{embedded.mine.client_id}/facility"
        body = {"facility_id": "RX1-ED"}
        own = await embedded.headers(client)
        assert (await client.put(path, json=body, headers=own)).status_code == 403
        assert (await client.put(path, json=body)).status_code == 401
        stranger = await administrator(embedded, client, of=embedded.other)
        assert (await stranger.ask("PUT", path, body)).status_code == 404


def test_the_operator_places_it_from_the_machine(
    embedded: Installation, operator: Operator
) -> None:
    client_id = embedded.mine.client_id
    code, out, _ = operator("apps", "place", client_id, "--facility", "RX1-ED")
    assert (code, out) == (0, f"{client_id} belongs to RX1-ED\n")
    assert json.loads(operator("apps", "show", client_id)[1])["facility_id"] == "RX1-ED"
    code, _, error = operator("apps", "place", client_id, "--facility", "x" * 81)
    assert (code, "invalid_facility" in error) == (2, True)
    assert operator("apps", "place", client_id, "--nowhere")[1].endswith("no facility\n")
    assert facility(embedded, client_id) is None
