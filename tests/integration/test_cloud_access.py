"""Every endpoint as anonymous, stranger, without the scope, and allowed; and tokens of forgers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc.jwk import RSAKey
from sqlalchemy import select

from cloud.core.authorization.applications import authenticate
from cloud.core.authorization.keys import KeyRing
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.encounters import service as encounters
from cloud.core.encounters.service import NewEncounter
from cloud.core.kernel import audit
from cloud.core.kernel.audit import AuditRow
from cloud.core.kernel.vault import open_vault
from protocols.uplink.channels import HTTP_BATCHES_PATH, MEDIA_TYPE_BINARY
from protocols.uplink.codec import encode_batch
from tests.fixtures.cloud import ISSUER, START, VEHICLE, Installation, batch, numeric

ENROL = {"serial_number": "S-9", "device_class": "oximeter", "manufacturer": "Acme"}
ENCOUNTER = {
    "care_model": "prehospital_emergency",
    "vehicle_id": VEHICLE,
    "crew_ids": ["crew-1"],
    "cad_incident_id": "INC-9",
}
READING = {"mdc_code": "MDC_PULS_OXIM_SAT_O2", "value": 97, "unit_code": "%"}
HANDOVER = {"facility_id": "ED-1", "received_by": "nurse-1"}


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
    Endpoint(
        "POST", "/api/v1/epcr/encounters/{encounter}/handover", "argus:epcr:read", 200, HANDOVER
    ),
    Endpoint("GET", "/v1/platform/scopes", "platform:apps:read", by="admin", strangers_see=200),
    Endpoint("GET", "/v1/platform/apps", "platform:apps:read", by="admin", strangers_see=200),
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


async def test_reads_of_patient_data_are_audited_in_an_unbroken_chain(ground: Ground) -> None:
    async with ground.cloud.client() as client:
        headers = await ground.cloud.headers(client)
        for _ in range(3):
            await client.get(f"/api/v1/epcr/encounters/{ground.encounter}", headers=headers)
    tenant_id = ground.cloud.mine.tenant_id
    with ground.cloud.database.reading(now=START) as work:
        report = audit.verify(work, tenant_id)
    assert (report.entries, report.broken_at) == (5, None)
    with ground.cloud.database.begin(now=START) as work:
        entry = work.session.scalars(select(AuditRow).where(AuditRow.position == 2)).one()
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


async def test_raising_the_epoch_ends_every_token_of_a_client(ground: Ground) -> None:
    async with ground.cloud.client() as client:
        headers = await ground.cloud.headers(client)
        with ground.cloud.database.begin(now=START) as work:
            row = work.session.get(ApplicationRow, ground.cloud.mine.client_id)
            assert row is not None
            row.epoch += 1
        assert (await client.get("/api/v1/devices", headers=headers)).status_code == 401


async def test_a_token_ends_after_an_hour(ground: Ground) -> None:
    async with ground.cloud.client() as client:
        headers = await ground.cloud.headers(client)
        ground.cloud.clock.pass_(3590)
        assert (await client.get("/api/v1/devices", headers=headers)).status_code == 200
        ground.cloud.clock.pass_(20)
        assert (await client.get("/api/v1/devices", headers=headers)).status_code == 401


Forge = Callable[[dict[str, Any], dict[str, Any], RSAKey], str]


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _sign(header: str, payload: str, key: RSAKey) -> str:
    """Sign any text at all: a careful library would refuse to write what forgers do."""
    signed = f"{_encoded(header.encode())}.{_encoded(payload.encode())}"
    private = serialization.load_pem_private_key(key.as_pem(private=True), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    signature = private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encoded(signature)}"


def _unsigned(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    del key
    head = _encoded(json.dumps({**header, "alg": header.get("forged", "none")}).encode())
    return f"{head}.{_encoded(json.dumps(claims).encode())}."


def _payload_changed(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    head, _, signature = _sign(json.dumps(header), json.dumps(claims), key).split(".")
    payload = json.dumps({**claims, "scopes": ["*"]})
    return f"{head}.{_encoded(payload.encode())}.{signature}"


def _spelled(name: str, literal: str) -> Forge:
    """Well signed, with one claim written by hand."""

    def forge(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
        rest = json.dumps({claim: value for claim, value in claims.items() if claim != name})
        return _sign(json.dumps(header), f'{{"{name}":{literal},{rest[1:]}', key)

    return forge


def _signed(header_changes: dict[str, Any] | None = None, **changes: Any) -> Forge:  # noqa: ANN401 - claims have any type
    """Well signed, with other header members or claims; "drop" leaves one out."""

    def forge(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
        merged = ({**header, **(header_changes or {})}, {**claims, **changes})
        head, payload = (
            json.dumps({name: value for name, value in one.items() if value != "drop"})
            for one in merged
        )
        return _sign(head, payload, key)

    return forge


def _public_key_as_secret(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    head = json.dumps({**header, "alg": "HS256"})
    signed = f"{_encoded(head.encode())}.{_encoded(json.dumps(claims).encode())}"
    digest = hmac.new(key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_encoded(digest)}"


def _own_key(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    del key
    return _sign(json.dumps(header), json.dumps(claims), RSAKey.generate_key(2048))


def _own_key_inside(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    del key
    forger = RSAKey.generate_key(2048)
    head = {**header, "jwk": dict(forger.as_dict(private=False))}
    return _sign(json.dumps(head), json.dumps(claims), forger)


NOW = int(START.timestamp())
FORGERIES: dict[str, Forge] = {
    "alg none": _unsigned,
    "alg nOnE": lambda header, claims, key: _unsigned({**header, "forged": "nOnE"}, claims, key),
    "public key as HMAC secret": _public_key_as_secret,
    "another key under our kid": _own_key,
    "key inside the header": _own_key_inside,
    "unknown kid": _signed({"kid": "nobody"}),
    "kid with a path": _signed({"kid": "../../etc/passwd"}),
    "kid a number": _signed({"kid": "1"}),
    "no kid": _signed({"kid": "drop"}),
    "jku": _signed({"jku": "http://169.254.169.254/keys"}),
    "x5u": _signed({"x5u": "http://127.0.0.1/cert"}),
    "id token type": _signed({"typ": "JWT"}),
    "no type": _signed({"typ": "drop"}),
    "other audience": _signed(aud="sa-platform"),
    "audience list": _signed(aud=["vitalwire-argus", "other"]),
    "other issuer": _signed(iss="http://evil.test"),
    "expired": _signed(exp=NOW - 60),
    "exp a text": _signed(exp=str(NOW + 60)),
    "exp missing": _signed(exp="drop"),
    "exp a fraction": _signed(exp=NOW + 60.5),
    "exp true": _signed(exp=True),
    "not yet valid": _signed(nbf=NOW + 600),
    "issued in the future": _signed(iat=NOW + 600),
    "other use": _signed(token_use="refresh"),
    "other subject": _signed(sub="app_other"),
    "unknown client": _signed(sub="app_none", client_id="app_none"),
    "scopes a text": _signed(scopes="*"),
    "old epoch": _signed(epoch=0),
    "epoch a text": _signed(epoch="1"),
    "exp NaN": _spelled("exp", "NaN"),
    "exp 1e400": _spelled("exp", "1e400"),
    "exp twice": _spelled("exp", f'1,"exp":"{NOW + 60}"'),
    "crit": _signed({"crit": ["b64"], "b64": False}),
    "kid deep": _signed({"kid": ["a"]}),
    "a very long header": _signed({"kid": "k" * 5000}),
    "payload changed": _payload_changed,
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_forged_tokens_get_one_constant_answer(embedded: Installation, name: str) -> None:
    parts = embedded.parts
    ring: KeyRing = embedded.app.state.services.tokens.ring
    key = ring.signing_key()
    header = {"alg": "RS256", "typ": "at+jwt", "kid": str(key.kid)}
    mine = embedded.mine
    claims = {
        "iss": ISSUER,
        "sub": mine.client_id,
        "aud": "vitalwire-argus",
        "exp": NOW + 3600,
        "iat": NOW,
        "nbf": NOW,
        "jti": "1",
        "client_id": mine.client_id,
        "tenant_id": mine.tenant_id,
        "scopes": ["argus:devices:read"],
        "token_use": "access",
        "epoch": 1,
    }
    good = _sign(json.dumps(header), json.dumps(claims), key)
    token = FORGERIES[name](header, claims, key)
    assert parts.clock() == START
    async with embedded.client() as client:
        accepted = await client.get("/api/v1/devices", headers={"Authorization": f"Bearer {good}"})
        response = await client.get(
            "/api/v1/devices",
            headers={"Authorization": f"Bearer {token}", "X-Request-ID": "constant"},
        )
    assert accepted.status_code == 200
    assert response.status_code == 401
    assert response.json() == {
        "error": "invalid_token",
        "issue_type": "login",
        "message": "Get a new access token and send it again.",
        "request_id": "constant",
    }


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer ä.b.c", "Bearer " + "a" * 9000],
)
async def test_malformed_authorization_is_an_invalid_token(
    embedded: Installation, value: str
) -> None:
    async with embedded.client() as client:
        response = await client.get("/api/v1/devices", headers=[(b"authorization", value.encode())])
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_token"


async def test_a_token_in_the_query_is_refused_whoever_it_is(embedded: Installation) -> None:
    async with embedded.client() as client:
        headers = await embedded.headers(client)
        response = await client.get("/api/v1/devices?access_token=abc", headers=headers)
    assert (response.status_code, response.json()["error"]) == (400, "token_in_query")


async def test_a_key_of_another_master_key_verifies_but_never_signs(
    embedded: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = KeyRing(embedded.database, embedded.parts.vault, embedded.clock)
    old = first.signing_key()
    embedded.clock.pass_(1)
    elsewhere = open_vault(tmp_path_factory.mktemp("elsewhere"))
    second = KeyRing(embedded.database, elsewhere, embedded.clock)
    new = second.signing_key()
    assert new.kid != old.kid
    assert [document["kid"] for document in second.documents()] == [old.kid, new.kid]
    assert second.public_key(str(old.kid)) is not None
    embedded.clock.pass_(11)
    assert first.signing_key().kid == old.kid
    assert first.public_key(str(new.kid)) is not None


def test_wrong_secret_and_unknown_client_take_alike_long(embedded: Installation) -> None:
    def seconds(client_id: str) -> float:
        with embedded.database.reading(now=START) as work:
            started = time.perf_counter()
            assert authenticate(work, client_id, "wrong") is None
            return time.perf_counter() - started

    known = min(seconds(embedded.mine.client_id) for _ in range(5))
    unknown = min(seconds("app_unknown") for _ in range(5))
    assert unknown > known / 3
    assert known > unknown / 3


def test_an_encounter_created_by_another_tenant_is_not_found(embedded: Installation) -> None:
    wanted = NewEncounter(
        care_model="prehospital_emergency", vehicle_id="V", crew_ids=(), cad_incident_id="I"
    )
    with embedded.database.begin(now=START) as work:
        _, first = encounters.create(work, embedded.mine.caller, embedded.parts.vault, wanted)
        _, second = encounters.create(work, embedded.other.caller, embedded.parts.vault, wanted)
    assert (first, second) == (True, True)
