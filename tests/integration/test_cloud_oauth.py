"""The token endpoint and the published keys, by RFC 6749, 7517 and 8414."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from urllib.parse import quote_plus

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from cloud.core.authorization.tables import ApplicationRow
from tests.fixtures.cloud import ISSUER, START, Installation

TOKEN = "/v1/oauth/token"
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def http(embedded: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded.client() as client:
        yield client


async def test_a_token_says_everything_the_contract_names(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    mine = embedded.mine
    response = await http.post(TOKEN, data=GRANT, auth=(mine.client_id, mine.client_secret))
    body = response.json()
    assert response.headers["cache-control"] == "no-store"
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert body["scope"] == " ".join(mine.scopes)
    keys = KeySet.import_key_set((await http.get("/.well-known/jwks.json")).json())
    token = jwt.decode(body["access_token"], keys, algorithms=["RS256"])
    assert token.header["typ"] == "at+jwt"
    now = int(START.timestamp())
    claims = token.claims
    assert len(claims.pop("jti")) == 36
    assert claims == {
        "iss": ISSUER,
        "sub": mine.client_id,
        "aud": "vitalwire-argus",
        "exp": now + 3600,
        "iat": now,
        "nbf": now,
        "client_id": mine.client_id,
        "tenant_id": mine.tenant_id,
        "org_id": mine.tenant_id,
        "scope": " ".join(mine.scopes),
        "scopes": mine.scopes,
        "token_use": "access",
        "epoch": 1,
    }


async def test_credentials_may_come_in_the_form(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    mine = embedded.mine
    form = {**GRANT, "client_id": mine.client_id, "client_secret": mine.client_secret}
    assert (await http.post(TOKEN, data=form)).status_code == 200


async def test_a_gateway_gets_its_own_scope_only(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    mine = embedded.mine
    response = await http.post(TOKEN, data=GRANT, auth=(mine.gateway_id, mine.gateway_secret))
    assert response.json()["scope"] == "gateway:uplink"


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ("argus:devices:read", 200),
        ("argus:devices:read argus:devices:read", 200),
        ("argus:devices:*", 400),
        ("*", 400),
        ("argus:platform:admin", 400),
        ("argus:devices:read system/*.*", 400),
        ("argus:devices:rea", 400),
        ("ARGUS:DEVICES:READ", 400),
        ("argus:devices:read\x07", 400),
    ],
)
async def test_only_granted_scopes_are_given(
    embedded: Installation, http: httpx.AsyncClient, scope: str, status: int
) -> None:
    mine = embedded.mine
    response = await http.post(
        TOKEN, data={**GRANT, "scope": scope}, auth=(mine.client_id, mine.client_secret)
    )
    assert response.status_code == status
    if status == 200:
        assert response.json()["scope"] == "argus:devices:read"
    else:
        assert response.json()["error"] == "invalid_scope"


async def test_unknown_client_and_wrong_secret_get_the_same_answer(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    answers = [
        await http.post(TOKEN, data=GRANT, auth=(client_id, "wrong"), headers={"X-Request-ID": "1"})
        for client_id in (embedded.mine.client_id, "app_unknown", "a\x00b", "é")
    ]
    assert {one.content for one in answers} == {answers[0].content}
    assert {one.status_code for one in answers} == {401}
    assert answers[0].json()["error"] == "invalid_client"
    assert answers[0].headers["www-authenticate"] == 'Basic realm="vitalwire"'


async def test_form_encoded_basic_credentials_are_understood(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    mine = embedded.mine
    text = f"{quote_plus(mine.client_id)}:{quote_plus(mine.client_secret)}"
    headers = {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}
    assert (await http.post(TOKEN, data=GRANT, headers=headers)).status_code == 200


@pytest.mark.parametrize("header", ["Basic ???", "Basic " + "YQ==", "Bearer abc", "Basic"])
async def test_broken_basic_credentials_are_an_invalid_client(
    http: httpx.AsyncClient, header: str
) -> None:
    response = await http.post(TOKEN, data=GRANT, headers={"Authorization": header})
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


async def test_requests_that_break_the_rules_say_which(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    mine = embedded.mine
    auth = (mine.client_id, mine.client_secret)
    both = {**GRANT, "client_id": mine.client_id, "client_secret": mine.client_secret}
    twice = b"grant_type=client_credentials&grant_type=client_credentials"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answers = {
        "two ways": await http.post(TOKEN, data=both, auth=auth),
        "no grant": await http.post(TOKEN, data={"scope": "x"}, auth=auth),
        "json": await http.post(TOKEN, json=GRANT, auth=auth),
        "query": await http.post(TOKEN + "?client_secret=x", data=GRANT, auth=auth),
        "twice": await http.post(TOKEN, content=twice, headers=form, auth=auth),
    }
    assert {name: (one.status_code, one.json()["error"]) for name, one in answers.items()} == (
        dict.fromkeys(answers, (400, "invalid_request"))
    )
    password = await http.post(TOKEN, data={"grant_type": "password"}, auth=auth)
    assert password.json()["error"] == "unsupported_grant_type"
    many = "&".join(f"a{number}=1" for number in range(2000)).encode()
    flooded = await http.post(TOKEN, content=many, headers=form, auth=auth)
    assert (flooded.status_code, flooded.json()["error"]) == (400, "invalid_request")
    assert set(flooded.json()) == {"error", "error_description"}
    for body in (b"", b"grant_type="):
        nothing = await http.post(TOKEN, content=body, headers=form, auth=auth)
        assert nothing.status_code == 400
        assert nothing.json() == {
            "error": "invalid_request",
            "error_description": "Send grant_type.",
        }


async def test_an_application_that_is_not_approved_gets_no_token(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    mine = embedded.mine
    with embedded.database.begin(now=START) as work:
        row = work.session.get(ApplicationRow, mine.client_id)
        assert row is not None
        row.status = "pending"
    response = await http.post(TOKEN, data=GRANT, auth=(mine.client_id, mine.client_secret))
    assert (response.status_code, response.json()["error"]) == (400, "unauthorized_client")


async def test_both_key_addresses_give_the_same_octets(http: httpx.AsyncClient) -> None:
    first = await http.get("/.well-known/jwks.json")
    second = await http.get("/v1/auth/jwks.json")
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    key = first.json()["keys"][0]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    assert "d" not in key
    unchanged = await http.get(
        "/v1/auth/jwks.json", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    for held in ("*", f'"x", W/{first.headers["etag"]}'):
        again = await http.get("/.well-known/jwks.json", headers={"If-None-Match": held})
        assert again.status_code == 304
    for path in ("/.well-known/jwks.json", "/v1/auth/jwks.json"):
        head = await http.head(path)
        assert (head.status_code, head.headers["etag"]) == (200, first.headers["etag"])


async def test_the_metadata_names_what_is_there(http: httpx.AsyncClient) -> None:
    document = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert document["issuer"] == ISSUER
    assert document["token_endpoint"] == ISSUER + TOKEN
    assert "client_credentials" in document["grant_types_supported"]
    assert "argus:epcr:read" in document["scopes_supported"]
    assert "gateway:uplink" not in document["scopes_supported"]
