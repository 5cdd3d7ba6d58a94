"""Clients that sign (private_key_jwt), show a certificate (RFC 8705), or prove a key (RFC 9449)."""

from __future__ import annotations

import httpx
import pytest

from cloud.core.authorization.client_authentication import ASSERTION_TYPE
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.profiles import PRIVATE_KEY_JWT
from tests.fixtures.client_certificates import client_certificate
from tests.fixtures.cloud import ISSUER, START, FakeClock, Installation
from tests.fixtures.key_server import KeyServer, opened_to_loopback
from tests.fixtures.oauth import Client, People, redemption, showing
from tests.fixtures.signed import Key, assertion, dpop_proof, key_set, new_key

GRANT = {"grant_type": "client_credentials"}
DEVICES = "/api/v1/devices"


async def by_assertion(http: httpx.AsyncClient, client: Client, text: str) -> httpx.Response:
    form = {**GRANT, "client_assertion_type": ASSERTION_TYPE, "client_assertion": text}
    return await http.post(client.token_path, data=form)


@pytest.mark.parametrize("kind", ["P-256", "RSA-2048", "Ed25519"])
async def test_a_client_signs_with_a_registered_key(
    embedded: Installation, http: httpx.AsyncClient, people: People, kind: str
) -> None:
    key = new_key("k-1", kind=kind)
    client = people.client(
        embedded.mine.tenant_id, methods=(PRIVATE_KEY_JWT,), jwks=key_set(key, new_key("k-2"))
    )
    stranger = people.client(
        embedded.other.tenant_id, methods=(PRIVATE_KEY_JWT,), jwks=key_set(new_key("k-1"))
    )
    for audience in (ISSUER, ISSUER + client.token_path, [ISSUER]):
        answer = await by_assertion(http, client, assertion(client.client_id, key, audience, START))
        assert answer.status_code == 200, answer.text
    for kind_of_token in (None, "client-authentication+jwt"):
        head = {"typ": kind_of_token}
        text = assertion(client.client_id, key, ISSUER, START, header=head)
        answer = await by_assertion(http, client, text)
        assert answer.status_code == 200, answer.text
    answer = await by_assertion(http, client, assertion(stranger.client_id, key, ISSUER, START))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_hospitals_keys_are_fetched_and_followed_when_they_change(
    embedded: Installation, http: httpx.AsyncClient, people: People, key_server: KeyServer
) -> None:
    old, new = new_key("old", kind="P-384"), new_key("new")
    client = people.client(
        embedded.mine.tenant_id,
        methods=(PRIVATE_KEY_JWT,),
        jwks_uri=key_server.url,
        scopes=("system/Observation.rs", "system/Encounter.rs"),
    )
    key_server.document = key_set(old)
    head = {"alg": "ES384", "jku": key_server.url}
    async with opened_to_loopback(embedded) as hospital:
        for _ in range(3):
            text = assertion(client.client_id, old, ISSUER + client.token_path, START, header=head)
            answer = await by_assertion(hospital, client, text)
            assert answer.status_code == 200, answer.text
        assert key_server.calls == 1
        assert answer.json()["scope"] == "system/Observation.rs system/Encounter.rs"
        key_server.document = key_set(new)
        now = assertion(client.client_id, new, ISSUER, START)
        assert (await by_assertion(hospital, client, now)).status_code == 401
        embedded.clock.pass_(60)
        later = assertion(client.client_id, new, ISSUER, embedded.clock())
        assert (await by_assertion(hospital, client, later)).status_code == 200
        assert key_server.calls == 2
        elsewhere = {"jku": "https://evil.test/jwks.json"}
        forged = assertion(client.client_id, new, ISSUER, embedded.clock(), header=elsewhere)
        assert (await by_assertion(hospital, client, forged)).status_code == 401
    guarded = assertion(client.client_id, new, ISSUER, embedded.clock())
    answer = await by_assertion(http, client, guarded)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert key_server.calls == 2, "loopback was not opened there"


async def test_a_registered_certificate_is_the_only_way_from_then_on(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    client = people.client(embedded.mine.tenant_id)
    certificate = client_certificate().der
    people.certificate(client, certificate)
    secret = await http.post(client.token_path, data=GRANT, auth=client.auth)
    assert (secret.status_code, secret.json()["error"]) == (401, "mtls_required")
    form = {**GRANT, "client_id": client.client_id}
    async with showing(embedded.app, certificate, issuer=ISSUER) as connection:
        answer = await connection.post(client.token_path, data=form)
        assert answer.status_code == 200, answer.text
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await connection.get(DEVICES, headers=headers)).status_code == 200
        # The portal's surfaces take no certificates.
        portal = await connection.post("/oauth/token", data=form)
        assert portal.json()["error"] == "invalid_client"
    other = people.client(embedded.other.tenant_id)
    async with showing(embedded.app, certificate, issuer=ISSUER) as connection:
        form = {**GRANT, "client_id": other.client_id}
        assert (await connection.post(other.token_path, data=form)).status_code == 401


class Prover:
    """A client's key and the calls it signs."""

    def __init__(self, http: httpx.AsyncClient, client: Client, at: FakeClock) -> None:
        self.http = http
        self.client = client
        self.key: Key = new_key()
        self.at = at

    async def token(self, form: dict[str, str]) -> httpx.Response:
        url = ISSUER + self.client.token_path
        headers = {"DPoP": dpop_proof(self.key, "POST", url, self.at())}
        sent = {**form, **self.client.form}
        return await self.http.post(self.client.token_path, data=sent, headers=headers)

    async def call(self, token: str, path: str = DEVICES) -> httpx.Response:
        proof = dpop_proof(self.key, "GET", ISSUER + path, self.at(), token=token)
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        return await self.http.get(path, headers=headers)


async def test_a_token_of_a_proof_is_good_with_fresh_proofs(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    client = people.client(embedded.mine.tenant_id, governance=Governance(require_dpop=True))
    prover = Prover(http, client, embedded.clock)
    without = await http.post(client.token_path, data=GRANT, auth=client.auth)
    assert (without.status_code, without.json()["error"]) == (400, "invalid_dpop_proof")
    body = (await prover.token(GRANT)).json()
    assert body["token_type"] == "DPoP"
    for _ in range(2):
        assert (await prover.call(body["access_token"])).status_code == 200
    absent = await prover.call(body["access_token"], f"{DEVICES}/dev%20%c3%a4")
    assert absent.status_code == 404, "an address is signed as it is sent"
    facts = await http.post(
        "/v1/oauth/introspect", data={"token": body["access_token"]}, auth=client.auth
    )
    assert facts.json()["token_type"] == "DPoP"
    assert facts.json()["cnf"] == {"jkt": prover.key.thumbprint()}


async def test_a_public_clients_refresh_tokens_stay_bound_to_its_first_key(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    tenant = embedded.mine.tenant_id
    client = people.public_client(tenant)
    prover = Prover(http, client, embedded.clock)
    code = people.code(client, people.person(tenant), dpop_thumbprint=str(prover.key.thumbprint()))
    answer = await prover.token(redemption(code))
    assert answer.status_code == 200, answer.text
    form = {"grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"]}
    thief = Prover(http, client, embedded.clock)
    stolen = await thief.token(form)
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_dpop_proof")
    bare = await http.post(client.token_path, data={**form, "client_id": client.client_id})
    assert bare.json()["error"] == "invalid_dpop_proof"
    fresh = await prover.token(form)
    assert fresh.status_code == 200
    assert (await prover.call(fresh.json()["access_token"])).status_code == 200


async def test_a_code_for_one_key_is_not_redeemed_with_another(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    tenant = embedded.mine.tenant_id
    client = people.client(tenant)
    prover = Prover(http, client, embedded.clock)
    code = people.code(client, people.person(tenant), dpop_thumbprint="x" * 43)
    answer = await prover.token(redemption(code))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
