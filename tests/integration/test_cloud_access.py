"""Every endpoint as anonymous, stranger, without the scope, and allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from cloud.core.encounters import service as encounters
from cloud.core.encounters.service import NewEncounter
from cloud.core.kernel import audit
from cloud.core.kernel.audit import AuditRow
from protocols.uplink.channels import (
    HTTP_BATCHES_PATH,
    MEDIA_TYPE_BINARY,
    MEDIA_TYPE_COMPACT,
    NEWEST_VERSION,
)
from protocols.uplink.codec import decode_ack, encode_batch
from tests.fixtures.cloud import START, VEHICLE, Installation, batch, numeric
from tests.fixtures.spoilt_audit import unguard

ENROL = {"serial_number": "S-9", "device_class": "oximeter", "manufacturer": "Acme"}
ENCOUNTER = {
    "care_model": "prehospital_emergency",
    "vehicle_id": VEHICLE,
    "crew_ids": ["crew-1"],
    "cad_incident_id": "INC-9",
}
READING = {"mdc_code": "MDC_PULS_OXIM_SAT_O2", "value": 97, "unit_code": "%"}
HANDOVER = {"facility_id": "ED-1", "received_by": "nurse-1"}
ALERT = {"facility_id": "ED-1", "eta": "2026-11-23T10:30:00Z"}
REFUSAL = {"refused": "care", "has_capacity": True, "are_risks_told": True}
ACTS: tuple[tuple[str, dict[str, Any] | None], ...] = (
    ("ready", None),
    ("pre-alert", ALERT),
    ("destination", {"facility_id": "ED-1", "reason": "nearest"}),
    ("handover", HANDOVER),
    ("refusal", REFUSAL),
    ("complete", {"not_conveyed": "referred"}),
    ("cancel", {"reason": "nobody there"}),
    ("patient", {"family_name": "Smith"}),
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation; `{device}` and `{encounter}` stand for ids of mine."""

    method: str
    path: str
    other_scope: str
    ok: int = 200
    body: dict[str, Any] | None = None
    by: str = "client"
    strangers_see: int = 404


ENDPOINTS = [
    Endpoint("GET", "/api/v1/devices", "argus:epcr:read", strangers_see=200),
    Endpoint("POST", "/api/v1/devices/enrol", "argus:devices:read", 201, ENROL, strangers_see=201),
    Endpoint("GET", "/api/v1/devices/{device}", "argus:epcr:read"),
    Endpoint("POST", "/api/v1/devices/{device}/observations", "argus:devices:read", 201, READING),
    Endpoint("GET", "/api/v1/devices/{device}/observations", "argus:epcr:read"),
    Endpoint(
        "POST", "/api/v1/epcr/encounters", "argus:epcr:read", 201, ENCOUNTER, strangers_see=201
    ),
    Endpoint("GET", "/api/v1/epcr/encounters", "argus:epcr:write", strangers_see=200),
    Endpoint("GET", "/api/v1/epcr/encounters/{encounter}", "argus:epcr:write"),
    Endpoint("GET", "/api/v1/epcr/encounters/{encounter}?format=fhir", "argus:epcr:write"),
    Endpoint("GET", "/api/v1/epcr/encounters/{encounter}/fhir-bundle", "argus:epcr:write"),
    *(
        Endpoint(
            "POST", f"/api/v1/epcr/encounters/{{encounter}}/{act}", "argus:epcr:read", 200, body
        )
        for act, body in ACTS
    ),
    *(
        Endpoint("GET", f"/api/v1/epcr/encounters/{{encounter}}/{end}", "argus:epcr:write")
        for end in ("timeline", "versions")
    ),
    Endpoint("GET", "/api/v1/epcr/encounters/{encounter}/patient/history", "argus:epcr:read"),
    Endpoint("GET", "/v1/platform/scopes", "clients:admin", by="admin", strangers_see=200),
    Endpoint("GET", "/v1/platform/apps", "clients:admin", by="admin", strangers_see=200),
]
NAMES = [f"{one.method} {one.path}" for one in ENDPOINTS]


@dataclass(frozen=True, slots=True)
class Ground:
    """A device and an encounter of mine."""

    cloud: Installation
    device: str
    encounter: str

    def credentials(self, endpoint: Endpoint, *, mine: bool = True) -> tuple[str, str]:
        tenant = self.cloud.mine if mine else self.cloud.other
        if endpoint.by == "admin":
            return tenant.admin_client_id, tenant.admin_client_secret
        return tenant.client_id, tenant.client_secret

    async def call(
        self, client: httpx.AsyncClient, endpoint: Endpoint, headers: dict[str, str]
    ) -> httpx.Response:
        path = endpoint.path.format(device=self.device, encounter=self.encounter)
        return await client.request(endpoint.method, path, json=endpoint.body, headers=headers)


@pytest.fixture
async def ground(embedded: Installation) -> Ground:
    async with embedded.client() as client:
        headers = await embedded.headers(client)
        enrolled = await client.post(
            "/api/v1/devices/enrol", json={**ENROL, "serial_number": "S-1"}, headers=headers
        )
        opened = await client.post(
            "/api/v1/epcr/encounters",
            json={**ENCOUNTER, "cad_incident_id": "INC-1"},
            headers=headers,
        )
    return Ground(embedded, enrolled.json()["id"], opened.json()["id"])


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
async def test_anonymous_is_asked_for_a_token(ground: Ground, endpoint: Endpoint) -> None:
    async with ground.cloud.client() as client:
        response = await ground.call(client, endpoint, {})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="vitalwire"'
    if "fhir" in endpoint.path:
        assert response.json()["issue"][0]["code"] == "login"
    else:
        assert response.json()["error"] == "token_required"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
async def test_a_stranger_sees_nothing_of_mine(ground: Ground, endpoint: Endpoint) -> None:
    absent = Ground(ground.cloud, "dev_absent", "enc_absent")
    async with ground.cloud.client() as client:
        headers = await ground.cloud.token(client, *ground.credentials(endpoint, mine=False))
        headers["X-Request-ID"] = "same"
        response = await ground.call(client, endpoint, headers)
        if endpoint.strangers_see == 404:
            assert response.content == (await absent.call(client, endpoint, headers)).content
    assert response.status_code == endpoint.strangers_see
    text = response.text
    assert ground.device not in text
    assert ground.encounter not in text
    assert ground.cloud.mine.tenant_id not in text


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
async def test_a_token_without_the_scope_is_refused_and_the_refusal_audited(
    ground: Ground, endpoint: Endpoint
) -> None:
    async with ground.cloud.client() as client:
        headers = await ground.cloud.token(
            client, *ground.credentials(endpoint), scope=endpoint.other_scope
        )
        response = await ground.call(client, endpoint, headers)
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
    with ground.cloud.database.reading(now=START) as work:
        denied = work.session.scalars(select(AuditRow).where(AuditRow.outcome == "denied")).all()
        assert [entry.action for entry in denied] == [endpoint.method.lower()]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
async def test_the_right_caller_is_answered(ground: Ground, endpoint: Endpoint) -> None:
    async with ground.cloud.client() as client:
        headers = await ground.cloud.token(client, *ground.credentials(endpoint))
        response = await ground.call(client, endpoint, headers)
    assert response.status_code == endpoint.ok, response.text


async def test_a_gateway_sends_its_own_batches_and_nobody_elses(embedded: Installation) -> None:
    octets = encode_batch(batch(embedded.mine, [numeric("97", START)]))
    headers = {"Content-Type": MEDIA_TYPE_BINARY}

    async def status(client: httpx.AsyncClient, authorization: dict[str, str]) -> int:
        response = await client.post(
            HTTP_BATCHES_PATH, content=octets, headers={**headers, **authorization}
        )
        return response.status_code

    async with embedded.client() as client:
        mine, other = embedded.mine, embedded.other
        assert await status(client, {}) == 401
        assert await status(client, await embedded.headers(client)) == 403
        stranger = await embedded.token(client, other.gateway_id, other.gateway_secret)
        assert await status(client, stranger) == 403
        assert embedded.rows() == (0, 0)
        own = await embedded.token(client, mine.gateway_id, mine.gateway_secret)
        assert await status(client, own) == 200
        assert embedded.rows() == (1, 0)


async def test_a_compact_batch_belongs_to_whose_token_brought_it(embedded: Installation) -> None:
    octets = encode_batch(batch(embedded.mine, [numeric("97", START)]), NEWEST_VERSION)
    async with embedded.client() as client:
        token = await embedded.token(client, embedded.mine.gateway_id, embedded.mine.gateway_secret)
        headers = {"Content-Type": MEDIA_TYPE_COMPACT, **token}
        response = await client.post(HTTP_BATCHES_PATH, content=octets, headers=headers)
        assert response.headers["content-type"] == MEDIA_TYPE_BINARY
        ack = decode_ack(response.content)
        assert (ack.stored, ack.accepts) == (1, NEWEST_VERSION)
        spoilt = await client.post(HTTP_BATCHES_PATH, content=octets[:-3], headers=headers)
        assert (spoilt.status_code, spoilt.json()["error"]) == (400, "undecodable_batch")
    assert embedded.rows() == (1, 0)


async def test_reads_of_patient_data_are_audited_in_an_unbroken_chain(ground: Ground) -> None:
    async with ground.cloud.client() as client:
        headers = await ground.cloud.headers(client)
        for _ in range(3):
            await client.get(f"/api/v1/epcr/encounters/{ground.encounter}", headers=headers)
    tenant_id = ground.cloud.mine.tenant_id
    with ground.cloud.database.reading(now=START) as work:
        report = audit.verify(work, tenant_id)
    # The encounter, what it was opened with, two tokens and three reads.
    assert (report.entries, report.broken_at) == (4 + 7, None)
    with ground.cloud.database.begin(now=START) as work:
        unguard(work.session.connection())
        entry = work.session.scalars(
            select(AuditRow).where(AuditRow.position == 2, AuditRow.tenant_id == tenant_id)
        ).one()
        entry.client_id = "somebody_else"
    with ground.cloud.database.reading(now=START) as work:
        assert audit.verify(work, tenant_id).broken_at == 2


async def test_the_tenant_header_must_name_the_tokens_tenant(ground: Ground) -> None:
    async with ground.cloud.client() as client:
        headers = await ground.cloud.headers(client)
        for value, status in (
            (ground.cloud.mine.tenant_id, 200),
            (ground.cloud.other.tenant_id, 403),
        ):
            response = await client.get(
                "/api/v1/devices", headers={**headers, "x-tenant-ID": value}
            )
            assert response.status_code == status
    assert response.json()["error"] == "tenant_mismatch"


def test_an_encounter_created_by_another_tenant_is_not_found(embedded: Installation) -> None:
    wanted = NewEncounter(
        care_model="prehospital_emergency", vehicle_id="V", crew_ids=(), cad_incident_id="I"
    )
    with embedded.database.begin(now=START) as work:
        _, first = encounters.create(work, embedded.mine.caller, embedded.parts.vault, wanted)
        _, second = encounters.create(work, embedded.other.caller, embedded.parts.vault, wanted)
    assert (first, second) == (True, True)
