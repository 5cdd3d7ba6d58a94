"""A sandbox: a tenant in the shadow of a tenant, behind a host of its own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.api.shared.sandbox_host import SandboxHost
from cloud.core.encounters.uplink import record_uplink
from cloud.core.identity.tables import TenantRow
from cloud.core.kernel.audit import AuditRow, verify
from cloud.core.sandbox.emptying import empty
from cloud.core.sandbox.scenarios import SCENARIOS
from cloud.core.webhooks.queueing import follow_webhooks
from cloud.db.base import Base
from cloud.worker.followers import Together
from cloud.worker.outbox_relay import relay_once
from tests.fixtures.administration import APPS, administrator
from tests.fixtures.cloud import START, Installation, batch, numeric

HOST = "sandbox.cloud.test"
SCOPES = [
    "argus:devices:read",
    "argus:devices:write",
    "argus:epcr:read",
    "argus:epcr:write",
    "webhooks:write",
]
DEVICE = {"serial_number": "S-1", "device_class": "oximeter", "manufacturer": "Acme"}


@dataclass(frozen=True, slots=True)
class Developer:
    """Someone with a sandbox token at the sandbox's host."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    path: str

    async def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> httpx.Response:
        """A call to the sandbox."""
        sent = {**self.headers, "Host": HOST, **headers}
        return await self.client.request(method, path, json=body, headers=sent)


async def developer(cloud: Installation, client: httpx.AsyncClient, *scenarios: str) -> Developer:
    admin = await administrator(cloud, client)
    wanted = {
        "name": "Built against",
        "grant_types": ["client_credentials"],
        "requested_scopes": SCOPES,
    }
    made = await admin.made(APPS, wanted)
    path = f"{APPS}/{made['client_id']}"
    await admin.ask("POST", f"{path}/approve-scopes")
    token = await admin.made(
        f"{path}/sandbox-token", {"scenarios": list(scenarios or ("chest_pain",))}
    )
    assert token["sandbox_host"] == HOST
    return Developer(client, {"Authorization": f"Bearer {token['token']}"}, path)


@contextlib.asynccontextmanager
async def both(cloud: Installation) -> AsyncIterator[tuple[httpx.AsyncClient, Developer]]:
    async with cloud.client() as client:
        yield client, await developer(cloud, client)


async def test_the_sandbox_has_data_of_its_own_and_no_other(embedded: Installation) -> None:
    async with both(embedded) as (client, one):
        mine = await embedded.headers(client)
        live = await client.post("/api/v1/devices/enrol", json=DEVICE, headers=mine)
        devices = (await one.ask("GET", "/api/v1/devices")).json()
        assert {each["vehicle_id"] for each in devices} == {"SANDBOX-1"}
        assert live.json()["id"] not in str(devices)
        (encounter,) = (await one.ask("GET", "/api/v1/epcr/encounters")).json()["encounters"]
        played = await one.ask("GET", f"/api/v1/epcr/encounters/{encounter['id']}")
        assert len(played.json()["vitals"]) == 10
        hidden = await one.ask("GET", f"/api/v1/devices/{live.json()['id']}")
        assert hidden.status_code == 404
        same = await one.ask("POST", "/api/v1/devices/enrol", DEVICE)
        assert same.status_code == 201
        assert same.json()["id"] != live.json()["id"]
        seen = (await client.get("/api/v1/devices", headers=mine)).json()
        assert [each["id"] for each in seen] == [live.json()["id"]]
        found = (await client.get("/api/v1/epcr/encounters", headers=mine)).json()["encounters"]
        assert found == []


async def test_every_answer_of_the_sandboxs_host_says_so(embedded: Installation) -> None:
    async with both(embedded) as (client, one):
        for path in ("/api/v1/devices", "/health", "/api/v1/nowhere", "/llms.txt"):
            answer = await one.ask("GET", path)
            assert answer.headers["x-argus-sandbox"] == "true", path
            plain = await client.get(path)
            assert "x-argus-sandbox" not in plain.headers, path
        with_port = await one.ask("GET", "/api/v1/devices", Host=f"{HOST.upper()}:8443")
        assert (with_port.status_code, with_port.headers["x-argus-sandbox"]) == (200, "true")


async def test_each_host_refuses_the_others_tokens(embedded: Installation) -> None:
    async with both(embedded) as (client, one):
        live = await embedded.headers(client)
        for path in ("/api/v1/devices", "/fhir/R4/Encounter", "/v1/webhooks", "/v1/platform/apps"):
            refused = await one.ask("GET", path, **live)
            assert refused.status_code == 403, path
            assert refused.headers["x-argus-sandbox-reason"] == "live-token-on-sandbox-host"
            assert refused.headers["x-argus-sandbox"] == "true"
            alike = await client.get(path, headers=one.headers)
            assert alike.status_code == 403, path
            assert alike.headers["x-argus-sandbox-reason"] == "sandbox-token-on-live-host"
        for path in ("/v1/oauth/token", "/v1/uplink/batches", "/v1/auth/scopes", "/board/events"):
            away = await one.ask("POST", path, {})
            assert away.status_code == 403, path
            assert away.headers["x-argus-sandbox-reason"] == "live-address-on-sandbox-host"
        nobody = await client.get("/api/v1/devices", headers={"Host": HOST})
        assert nobody.status_code == 401
        assert "x-argus-sandbox-reason" not in nobody.headers


async def test_replays_are_equal_octet_by_octet(embedded: Installation) -> None:
    async with both(embedded) as (_, one):
        key = {"Idempotency-Key": "once"}
        first = await one.ask("POST", "/api/v1/devices/enrol", DEVICE, **key)
        again = await one.ask("POST", "/api/v1/devices/enrol", DEVICE, **key)
        assert first.status_code == again.status_code == 201
        assert first.content == again.content
        assert again.headers["idempotency-replayed"] == "true"


async def test_what_happens_in_the_sandbox_is_told_to_its_webhooks_alone(
    embedded: Installation,
) -> None:
    async with both(embedded) as (client, one):
        wanted = {"url": "https://hooks.example/vitalwire", "events": ["device.enrolled"]}
        made = await one.ask("POST", "/v1/webhooks", wanted)
        assert made.status_code == 201, made.text
        # What the scenario brought happened before there was a webhook, and is told to nobody.
        relay_once(embedded.database, embedded.clock, (), ())
        await one.ask("POST", "/api/v1/devices/enrol", DEVICE)
        mine = await embedded.headers(client)
        await client.post("/api/v1/devices/enrol", json=DEVICE, headers=mine)
        relay_once(embedded.database, embedded.clock, (), (Together(follow_webhooks),))
        told = await one.ask("GET", f"/v1/webhooks/{made.json()['id']}/deliveries")
        assert [each["event"] for each in told.json()["deliveries"]] == ["device.enrolled"]


async def test_the_tenant_may_be_named_as_it_is_known(embedded: Installation) -> None:
    async with both(embedded) as (_, one):
        own = {"X-Tenant-ID": embedded.mine.tenant_id}
        assert (await one.ask("GET", "/api/v1/devices", **own)).status_code == 200
        other = {"X-Tenant-ID": embedded.other.tenant_id}
        refused = await one.ask("GET", "/api/v1/devices", **other)
        assert (refused.status_code, refused.json()["error"]) == (403, "tenant_mismatch")


async def test_a_reset_empties_the_sandbox_and_nothing_else(embedded: Installation) -> None:
    async with both(embedded) as (client, one):
        mine = await embedded.headers(client)
        await client.post("/api/v1/devices/enrol", json=DEVICE, headers=mine)
        await one.ask("POST", "/api/v1/devices/enrol", DEVICE)
        done = await one.ask("POST", "/v1/sandbox/reset", {"scenarios": ["low_saturation"]})
        assert (done.status_code, done.json()["scenarios"]) == (200, ["low_saturation"])
        devices = (await one.ask("GET", "/api/v1/devices")).json()
        assert [each["vehicle_id"] for each in devices] == ["SANDBOX-2"]
        assert len((await client.get("/api/v1/devices", headers=mine)).json()) == 1
        await one.ask("POST", "/v1/sandbox/reset", {})
        assert (await one.ask("GET", "/api/v1/devices")).json() == []
        refused = await client.post("/v1/sandbox/reset", json={}, headers=mine)
        assert (refused.status_code, refused.json()["error"]) == (403, "sandbox_only")
        unknown = await one.ask("POST", "/v1/sandbox/reset", {"scenarios": ["a_song"]})
        assert (unknown.status_code, unknown.json()["error"]) == (422, "unknown_scenario")
        assert unknown.json()["details"]["known"] == [scenario.name for scenario in SCENARIOS]
    with embedded.database.reading(now=embedded.clock()) as work:
        told = work.session.scalars(
            select(AuditRow.tenant_id).where(AuditRow.action == "sandbox.reset")
        ).all()
        assert told.count(embedded.mine.tenant_id) == 2
        for tenant_id in set(told):
            assert verify(work, tenant_id).broken_at is None


async def test_a_tenant_has_one_sandbox_for_all_its_applications(embedded: Installation) -> None:
    async with embedded.client() as client:
        for _ in range(2):
            await developer(embedded, client)
    with embedded.database.reading(now=embedded.clock()) as work:
        owners = work.session.scalars(
            select(TenantRow.sandbox_of).where(TenantRow.sandbox_of.is_not(None))
        ).all()
    assert owners == [embedded.mine.tenant_id]


async def test_there_is_no_sandbox_of_administration(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        path = f"{APPS}/{embedded.mine.admin_client_id}"
        refused = await admin.ask("POST", f"{path}/sandbox-token", {"scenarios": ["empty"]})
        assert (refused.status_code, refused.json()["error"]) == (422, "scope_not_approved")


async def test_a_revoked_sandbox_token_is_over(embedded: Installation) -> None:
    async with both(embedded) as (client, one):
        admin = await administrator(embedded, client)
        (listed,) = (await admin.ask("GET", f"{one.path}/service-tokens")).json()["service_tokens"]
        await admin.ask("DELETE", f"{one.path}/service-tokens/{listed['jti']}")
        embedded.clock.pass_(60)
        assert (await one.ask("GET", "/api/v1/devices")).status_code == 401


async def test_emptying_reaches_every_table_that_a_tenant_can_fill(cloud: Installation) -> None:
    """On both databases: what an integrator brought is gone, the neighbour's stays."""
    async with cloud.client() as client:
        for headers in (await cloud.headers(client), await cloud.strangers_headers(client)):
            await client.post("/api/v1/devices/enrol", json=DEVICE, headers=headers)
    for tenant in (cloud.mine, cloud.other):
        with cloud.database.begin(now=cloud.clock()) as work:
            record_uplink(work, tenant.gateway, batch(tenant, [numeric("97", START)]))
    emptied = cloud.mine.tenant_id
    with cloud.database.begin(now=cloud.clock()) as work:
        before = held(work.session, cloud.other.tenant_id)
        assert held(work.session, emptied)["devices"] == 2
        assert before["observations"] == 1
        empty(work, emptied)
        assert set(held(work.session, emptied)) <= {"audit_entries", "audit_heads", "tenants"}
        assert held(work.session, cloud.other.tenant_id) == before


def held(session: Session, tenant_id: str) -> dict[str, int]:
    """How many rows a tenant has, by table."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if "tenant_id" in table.c:
            counted = select(func.count()).where(table.c.tenant_id == tenant_id)
            found[table.name] = session.scalar(counted) or 0
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize(
    ("issuer", "setting", "host"),
    [
        ("https://api.example", "", "sandbox.api.example"),
        ("http://127.0.0.1:8000", "", "sandbox.localhost:8000"),
        ("http://[::1]:8000", "", "sandbox.localhost:8000"),
        ("https://api.example", "try.example", "try.example"),
    ],
)
def test_the_host_is_known_from_the_issuer_or_the_setting(
    issuer: str, setting: str, host: str
) -> None:
    found = SandboxHost.of(issuer, setting)
    assert found.netloc == host
    assert found.is_asked(host.upper())
    assert found.is_asked(f"{host.partition(':')[0]}.:1234")
    assert not found.is_asked("api.example")
    assert not found.is_asked("")
