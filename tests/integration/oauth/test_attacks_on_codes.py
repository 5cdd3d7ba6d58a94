"""Attacks on authorization codes; the number of each is that of the threat list."""

from __future__ import annotations

import httpx
import pytest

from cloud.core.authorization.authorization_code import challenge_of
from cloud.core.authorization.authorization_requests import (
    PageError,
    ReturnedError,
    read_request,
)
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.profiles import PLATFORM
from tests.fixtures.cloud import START, Installation
from tests.fixtures.oauth import (
    REDIRECT,
    VERIFIER,
    Client,
    People,
    is_good,
    redeem,
    redemption,
)

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def redeemed(
    http: httpx.AsyncClient, client: Client, code: str, **changes: str | None
) -> tuple[int, str]:
    """Status and error of a redemption."""
    answer = await http.post(client.token_path, data={**redemption(code, **changes), **client.form})
    return answer.status_code, answer.json().get("error", "")


async def test_code_replay(embedded: Installation, http: httpx.AsyncClient, people: People) -> None:
    """Attack 1: 400 invalid_grant, and every token of that code ends."""
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    code = people.code(client, user)
    untouched = await redeem(http, client, people.code(client, user))
    body = await redeem(http, client, code)
    refresh = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    fresh = (await http.post(client.token_path, data=refresh, auth=client.auth)).json()
    for token in (body["access_token"], fresh["access_token"], untouched["access_token"]):
        assert await is_good(http, token)
    assert await redeemed(http, client, code) == (400, "invalid_grant")
    assert not await is_good(http, body["access_token"])
    assert not await is_good(http, fresh["access_token"])
    refresh = {"grant_type": "refresh_token", "refresh_token": fresh["refresh_token"]}
    ended = await http.post(client.token_path, data=refresh, auth=client.auth)
    assert (ended.status_code, ended.json()["error"]) == (400, "invalid_grant")
    assert await is_good(http, untouched["access_token"]), "another grant goes on"


async def test_code_of_one_client_redeemed_by_another(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 3: 400 invalid_grant, and the code is burnt."""
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    for thief in (people.client(tenant), people.client(embedded.other.tenant_id)):
        code = people.code(client, user)
        assert await redeemed(http, thief, code) == (400, "invalid_grant")
        assert await redeemed(http, client, code) == (400, "invalid_grant")


async def test_code_injection(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 4: another session's code fails on that session's verifier."""
    tenant = embedded.mine.tenant_id
    client, victim = people.client(tenant), people.person(tenant)
    code = people.code(client, victim, verifier="w" * 43)
    assert await redeemed(http, client, code, code_verifier=VERIFIER) == (400, "invalid_grant")


def asked(
    embedded: Installation, client: Client, *more: tuple[str, str], without: str = ""
) -> None:
    """Read an authorization request with further parameters."""
    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": REDIRECT,
        "state": "s-1",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    pairs = [(name, value) for name, value in parameters.items() if name not in without.split()]
    with embedded.database.reading(now=START) as work:
        read_request(work, PLATFORM, [*pairs, *more], is_pushed=False)


async def test_pkce_downgrade(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 5: without a challenge, without a verifier, or `plain`: 400."""
    tenant = embedded.mine.tenant_id
    user = people.person(tenant)
    relaxed = people.client(tenant, governance=Governance(enforce_pkce=False))
    plain = people.code(relaxed, user, verifier="")
    assert await redeemed(http, relaxed, plain) == (400, "invalid_grant"), "nothing to verify"
    bound = people.code(relaxed, user)
    answer = await redeemed(http, relaxed, bound, code_verifier=None)
    assert answer == (400, "invalid_grant")
    strict, public = people.client(tenant), people.public_client(tenant)
    public_anyway = people.public_client(tenant, governance=Governance(enforce_pkce=False))
    for client in (strict, public, public_anyway):
        for without, more in (
            ("code_challenge code_challenge_method", []),
            ("code_challenge", []),
            ("code_challenge_method", []),
            ("code_challenge_method", [("code_challenge_method", "plain")]),
            ("code_challenge_method", [("code_challenge_method", "s256")]),
            ("code_challenge", [("code_challenge", VERIFIER)]),
            ("code_challenge", [("code_challenge", "")]),
        ):
            with pytest.raises(ReturnedError) as refused:
                asked(embedded, client, *more, without=without)
            assert refused.value.error == "invalid_request"
            assert (refused.value.redirect_uri, refused.value.state) == (REDIRECT, "s-1")
    asked(embedded, strict)


async def test_verifiers_of_another_form(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 6: 400, even where the challenge was made of that very verifier."""
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    for verifier in ("v" * 42, "v" * 129, *("v" * 42 + end for end in ("+", "ä", "v\n", "\x00"))):
        code = people.code(client, user, verifier=verifier)
        answer = await redeemed(http, client, code, code_verifier=verifier)
        assert (verifier, *answer) == (verifier, 400, "invalid_request")
    for verifier in ("~" * 43, "." * 128):
        code = people.code(client, user, verifier=verifier)
        assert (await redeem(http, client, code, code_verifier=verifier))["access_token"]


UNREGISTERED = (
    REDIRECT + "/x",
    REDIRECT + "/../back",
    REDIRECT + "?a=1",
    "https://app.example.test@evil.test/back",
    "https://app.example.test/BACK",
    "https://app.example.test:8443/back",
    REDIRECT + "#part",
    "https://xn--pp-6kc.example.test/back",
    "https://evil.test/",
    "",
)


def test_redirect_addresses_that_are_not_registered(embedded: Installation, people: People) -> None:
    """Attack 7: a page of ours, no redirect."""
    client = people.client(embedded.mine.tenant_id)
    for given in UNREGISTERED:
        with pytest.raises(PageError):
            asked(embedded, client, ("redirect_uri", given), without="redirect_uri")


def test_redirect_address_sent_twice(embedded: Installation, people: People) -> None:
    """Attacks 7 and 10: a parameter that comes twice sends nobody anywhere."""
    client = people.client(embedded.mine.tenant_id)
    for name, value in (("redirect_uri", REDIRECT), ("state", "s-2"), ("scope", "openid")):
        with pytest.raises(PageError):
            asked(embedded, client, (name, value), *([(name, value)] * (name == "scope")))


async def test_redirect_address_differs_at_the_token_endpoint(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 8: 400, whether it is registered too or not."""
    tenant = embedded.mine.tenant_id
    second = "https://app.example.test/second"
    client = people.client(tenant, redirects=(REDIRECT, second))
    user = people.person(tenant)
    for given, error in (
        (second, "invalid_grant"),
        (REDIRECT + "/", "invalid_grant"),
        (REDIRECT.upper(), "invalid_grant"),
        (None, "invalid_request"),
    ):
        code = people.code(client, user)
        assert await redeemed(http, client, code, redirect_uri=given) == (400, error)


async def test_duplicated_parameters(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 10: 400 invalid_request, and the code is still good."""
    tenant = embedded.mine.tenant_id
    client = people.client(tenant)
    code = people.code(client, people.person(tenant))
    form = {**redemption(code), **client.form, "unknown": "1"}
    for name in form:
        twice = str(httpx.QueryParams([*form.items(), (name, form[name])]))
        answer = await http.post(client.token_path, content=twice, headers=FORM)
        assert (name, answer.status_code) == (name, 400)
        assert answer.json()["error"] == "invalid_request"
    assert await redeemed(http, client, code) == (200, "")
