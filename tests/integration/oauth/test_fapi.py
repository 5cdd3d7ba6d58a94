"""What FAPI 2.0 Security Profile (section 5.3.2) asks of a server, for a client held to it.

Nobody certified it; where we differ for everybody, `docs/reference/standards.md` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from cloud.core.authorization.authorization_code import challenge_of
from cloud.core.authorization.client_authentication import ASSERTION_TYPE
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.profiles import PLATFORM, PRIVATE_KEY_JWT
from tests.fixtures.cloud import ISSUER, FakeClock, Installation
from tests.fixtures.oauth import REDIRECT, VERIFIER, Client, People, redemption
from tests.fixtures.quick_hashes import quick_hash
from tests.fixtures.signed import Key, assertion, dpop_proof, key_set, new_key
from tests.fixtures.visitor import Seen, Visitor

PASSWORD = "correct horse battery"
EMAIL = "ada@example.org"


@dataclass(frozen=True, slots=True)
class Strict:
    """A client that pushes, signs and proves; and somebody who allows it what it asks."""

    http: httpx.AsyncClient
    clock: FakeClock
    client: Client
    key: Key
    proof_key: Key

    def form(self, audience: object = ISSUER, **more: str) -> dict[str, str]:
        text = assertion(self.client.client_id, self.key, audience, self.clock())
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text, **more}

    def proof(self, path: str) -> dict[str, str]:
        return {"DPoP": dpop_proof(self.proof_key, "POST", ISSUER + path, self.clock())}

    async def push(self, **more: str) -> httpx.Response:
        form = {
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": "argus:devices:read",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            "state": "s-1",
            **more,
        }
        sent = self.form() | {name: value for name, value in form.items() if value}
        return await self.http.post("/v1/oauth/par", data=sent, headers=self.proof("/v1/oauth/par"))

    async def allowed(self) -> Seen:
        uri = (await self.push()).json()["request_uri"]
        visitor = Visitor(self.http)
        page = await visitor.open(
            PLATFORM.authorize_path, client_id=self.client.client_id, request_uri=uri
        )
        if page.address:
            return page  # signed in and allowed before
        page = await visitor.sign_in(page, EMAIL, PASSWORD)
        return page if page.address else await visitor.decide(page)

    async def redeem(self, code: str, **headers: str) -> httpx.Response:
        form = {**redemption(code), **self.form()}
        return await self.http.post(PLATFORM.token_path, data=form, headers=headers)


@pytest.fixture
def strict(embedded: Installation, http: httpx.AsyncClient, people: People) -> Strict:
    key = new_key("k")
    user_id = people.person(embedded.mine.tenant_id)
    people.change_person(user_id, email=EMAIL, password_hash=quick_hash(PASSWORD))
    client = people.client(
        embedded.mine.tenant_id,
        methods=(PRIVATE_KEY_JWT,),
        jwks=key_set(key),
        governance=Governance(require_pushed_requests=True, require_dpop=True),
    )
    return Strict(http, embedded.clock, client, key, new_key())


async def test_general_requirements(strict: Strict) -> None:
    """5.3.2.1: metadata, no password grant, bound tokens only, proof by key, issuer as audience."""
    document = (await strict.http.get("/.well-known/oauth-authorization-server")).json()
    for member in (
        "authorization_endpoint",
        "token_endpoint",
        "pushed_authorization_request_endpoint",
        "jwks_uri",
    ):
        assert document[member].startswith(document["issuer"])
    assert document["authorization_response_iss_parameter_supported"] is True
    assert "password" not in document["grant_types_supported"]
    form = strict.form(grant_type="password", username="a", password="b")
    password = await strict.http.post(
        PLATFORM.token_path, data=form, headers=strict.proof(PLATFORM.token_path)
    )
    assert password.json()["error"] == "unsupported_grant_type"
    grant = strict.form(grant_type="client_credentials")
    unbound = await strict.http.post(PLATFORM.token_path, data=grant)
    assert (unbound.status_code, unbound.json()["error"]) == (400, "invalid_dpop_proof")
    grant = strict.form(grant_type="client_credentials")
    bound = await strict.http.post(
        PLATFORM.token_path, data=grant, headers=strict.proof(PLATFORM.token_path)
    )
    assert bound.json()["token_type"] == "DPoP"
    secret = {"grant_type": "client_credentials", "client_id": strict.client.client_id}
    refused = await strict.http.post(PLATFORM.token_path, data={**secret, "client_secret": "a"})
    assert refused.status_code == 401
    for audience in (ISSUER + "/v1/oauth/par", ISSUER + "/", [ISSUER, "https://evil.test"]):
        form = strict.form(audience, grant_type="client_credentials")
        refused = await strict.http.post(PLATFORM.token_path, data=form)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(("seconds", "status"), [(10, 200), (61, 401)])
async def test_clocks_ahead(strict: Strict, seconds: int, status: int) -> None:
    """5.3.2.1: iat and nbf up to ten seconds ahead are taken, more than a minute is not."""
    now = int(strict.clock().timestamp())
    claims: dict[str, Any] = {"iat": now + seconds, "nbf": now + seconds}
    text = assertion(strict.client.client_id, strict.key, ISSUER, strict.clock(), **claims)
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": text,
    }
    answer = await strict.http.post(
        PLATFORM.token_path, data=form, headers=strict.proof(PLATFORM.token_path)
    )
    assert answer.status_code == status


async def test_code_flow(strict: Strict) -> None:
    """5.3.2.2: pushed and authenticated, S256, `iss`, codes of a minute, bound to the key."""
    parameters = {
        "client_id": strict.client.client_id,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    unpushed = await Visitor(strict.http).open(PLATFORM.authorize_path, **parameters)
    assert unpushed.told["error"] == "invalid_request"
    for changes in (
        {"redirect_uri": ""},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"response_type": "code id_token"},
        {"request_uri": "urn:example:1"},
    ):
        answer = await strict.push(**changes)
        assert (changes, answer.status_code) == (changes, 400)
    nobody = await strict.http.post("/v1/oauth/par", data=parameters)
    assert nobody.status_code == 401
    assert (await strict.push()).json()["expires_in"] < 600
    first = await strict.allowed()
    assert first.status in (200, 302)
    assert (first.told["iss"], first.told["state"]) == (ISSUER, "s-1")
    other = {"DPoP": dpop_proof(new_key(), "POST", ISSUER + PLATFORM.token_path, strict.clock())}
    stolen = await strict.redeem(first.told["code"], **other)
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_dpop_proof")
    second = await strict.allowed()
    proof = strict.proof(PLATFORM.token_path)
    tokens = await strict.redeem(second.told["code"], **proof)
    assert (tokens.status_code, tokens.json()["token_type"]) == (200, "DPoP")
    third = await strict.allowed()
    strict.clock.pass_(60)
    late = await strict.redeem(third.told["code"], **strict.proof(PLATFORM.token_path))
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")
