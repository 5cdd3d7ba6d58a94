"""Requests that applications leave beforehand (RFC 9126), and what discovery says of it all."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from cloud.core.authorization.profiles import PLATFORM, PORTAL, Profile
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.people_apps import (
    CALLBACK,
    PASSWORD,
    VERIFIER,
    Made,
    asking,
    audited,
    change_application,
    make_application,
    make_person,
    redeem,
)
from tests.fixtures.signed import Key, dpop_proof, new_key
from tests.fixtures.visitor import Seen, Visitor

ADA = "ada@example.org"


@pytest.fixture
async def visitor(embedded: Installation) -> AsyncIterator[Visitor]:
    async with embedded.client() as http:
        yield Visitor(http)


@pytest.mark.parametrize("profile", [PLATFORM, PORTAL], ids=lambda one: str(one.name))
async def test_a_pushed_request_leads_to_one_answer(
    embedded: Installation, visitor: Visitor, profile: Profile
) -> None:
    made = make_application(
        embedded,
        embedded.mine,
        Made(profile=profile, governance={"require_pushed_requests": True}),
    )
    make_person(embedded, embedded.mine)
    direct = await visitor.open(profile.authorize_path, **asking(made))
    assert (direct.told["error"], direct.told["state"]) == ("invalid_request", "s-1")
    form = asking(made, scope="openid")
    pushed = await visitor.http.post(f"{profile.base_path}/par", data=form, auth=made.auth)
    assert (pushed.status_code, pushed.headers["cache-control"]) == (201, "no-store")
    body = pushed.json()
    assert body["expires_in"] == 90
    asked = {"client_id": made.client_id, "request_uri": body["request_uri"]}
    page = await visitor.open(profile.authorize_path, **asked)
    assert "Sign in" in (await visitor.open(profile.authorize_path, **asked)).text
    async with embedded.client() as http:
        stolen = await Visitor(http).open(profile.authorize_path, **asked)
        assert (stolen.status, stolen.address) == (400, "")
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    back = await visitor.decide(consent)
    assert back.told["state"] == "s-1"
    assert (await visitor.decide(consent)).status == 400
    used = await visitor.open(profile.authorize_path, **asked)
    assert (used.status, used.address) == (400, "")
    tokens = await redeem(visitor.http, profile, made, back.told["code"])
    assert tokens["scope"] == "openid"
    assert len(audited(embedded, embedded.mine.tenant_id, "request.pushed")) == 1


async def test_a_pushed_request_says_all_there_is(embedded: Installation, visitor: Visitor) -> None:
    made = make_application(embedded, embedded.mine)
    other = make_application(embedded, embedded.other)
    form = asking(made, scope="openid")
    answer = await visitor.http.post("/oauth/par", data=form, auth=made.auth)
    uri = {"request_uri": answer.json()["request_uri"]}
    mine = {"client_id": made.client_id, **uri}
    for asked in (
        {**mine, "client_id": other.client_id},
        {**mine, "scope": "profile_read"},
        {**mine, "redirect_uri": "https://evil.example/"},
        {**mine, "nonce": "added"},
        {**mine, "prompt": "none"},
        {**mine, "request_uri": f"{mine['request_uri']}x"},
        uri,
    ):
        seen = await visitor.open(PORTAL.authorize_path, **asked)
        assert (seen.status, seen.address, seen.alerts) == (400, "", 1)
    seen = await visitor.open(PLATFORM.authorize_path, **mine)
    assert seen.status == 400
    same = await visitor.open(PORTAL.authorize_path, **{**form, **mine})
    assert "Sign in" in same.text
    embedded.clock.pass_(90)
    late = await visitor.open(PORTAL.authorize_path, **mine)
    assert late.status == 400


async def test_what_would_be_refused_is_refused_when_it_is_pushed(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    other = make_application(embedded, embedded.other)

    async def pushing(auth: tuple[str, str] = made.auth, **more: str) -> tuple[int, str]:
        form = asking(made, **more)
        answer = await visitor.http.post("/oauth/par", data=form, auth=auth)
        return answer.status_code, str(answer.json()["error"])

    assert await pushing(redirect_uri="https://evil.example/") == (400, "invalid_request")
    assert await pushing(scope="cases:read") == (400, "invalid_scope")
    assert await pushing(request_uri="urn:x") == (400, "invalid_request")
    assert await pushing(prompt="none login") == (400, "invalid_request")
    assert await pushing((made.client_id, "wrong")) == (401, "invalid_client")
    bare = await visitor.http.post("/oauth/par", data=asking(made))
    assert (bare.status_code, bare.json()["error"]) == (401, "invalid_client")
    assert await pushing(other.auth) == (401, "invalid_client")
    change_application(embedded, made.client_id, status="pending")
    assert await pushing() == (400, "unauthorized_client")
    refused = audited(embedded, embedded.mine.tenant_id, "request.refused")
    assert [one.note for one in refused].count("invalid_client") == 2
    assert len(await discovered(visitor.http)) == 3


async def discovered(http: httpx.AsyncClient) -> list[Seen]:
    """The addresses that discovery names for people are there."""
    found = (await http.get("/.well-known/openid-configuration")).json()
    names = ("authorization_endpoint", "end_session_endpoint", "userinfo_endpoint")
    seen = [Seen(await http.get(found[name].removeprefix(ISSUER))) for name in names]
    assert [one.status for one in seen] == [400, 200, 401]
    return seen


async def test_a_key_proven_when_pushing_is_the_one_that_redeems(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    key, other = new_key(), new_key()

    def proven(path: str, by: Key) -> dict[str, str]:
        return {"DPoP": dpop_proof(by, "POST", f"{ISSUER}{path}", embedded.clock())}

    async def push(by: Key, **more: str) -> httpx.Response:
        form = asking(made, scope="openid", **more)
        headers = proven("/oauth/par", by)
        return await visitor.http.post("/oauth/par", data=form, auth=made.auth, headers=headers)

    crossed = await push(key, dpop_jkt=other.thumbprint())
    assert crossed.json()["error"] == "invalid_request"
    pushed = await push(key, dpop_jkt=key.thumbprint())
    assert pushed.status_code == 201
    proof = proven("/oauth/par", key)
    for status in (201, 400):
        form = asking(made, scope="openid")
        again = await visitor.http.post("/oauth/par", data=form, auth=made.auth, headers=proof)
        assert again.status_code == status
    asked = {"client_id": made.client_id, "request_uri": pushed.json()["request_uri"]}
    page = await visitor.open(PORTAL.authorize_path, **asked)
    back = await visitor.decide(await visitor.sign_in(page, ADA, PASSWORD))
    form = {
        "grant_type": "authorization_code",
        "code": back.told["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    wrong = proven(PORTAL.token_path, other)
    answer = await visitor.http.post(PORTAL.token_path, data=form, auth=made.auth, headers=wrong)
    assert answer.json()["error"] == "invalid_dpop_proof"
    page = await visitor.open(PORTAL.authorize_path, **asking(made, dpop_jkt=key.thumbprint()))
    back = await visitor.decide(page)
    right = proven(PORTAL.token_path, key)
    form["code"] = back.told["code"]
    answer = await visitor.http.post(PORTAL.token_path, data=form, auth=made.auth, headers=right)
    assert answer.json()["token_type"] == "DPoP"
    headers = {
        "Authorization": f"DPoP {answer.json()['access_token']}",
        "DPoP": dpop_proof(
            key,
            "GET",
            f"{ISSUER}/oauth/userinfo",
            embedded.clock(),
            token=answer.json()["access_token"],
        ),
    }
    assert (await visitor.http.get("/oauth/userinfo", headers=headers)).status_code == 200
    assert (await visitor.http.get("/oauth/userinfo", headers=headers)).status_code == 401
