"""Codes become tokens, refresh tokens become fresh ones (RFC 6749, 4.1 and 6; RFC 7636; OIDC)."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select

from cloud.core.authorization.governance import Governance
from cloud.core.authorization.id_tokens import read_id_token_hint
from cloud.core.kernel.audit import AuditRow
from tests.fixtures.cloud import ISSUER, START, Installation
from tests.fixtures.oauth import PLATFORM_SCOPES, Client, People, is_good, redeem, redemption
from tests.fixtures.signed import encoded

NOW = int(START.timestamp())


async def claims_of(http: httpx.AsyncClient, token: str) -> dict[str, Any]:
    """The claims of a token, checked with the published keys."""
    keys = KeySet.import_key_set((await http.get("/.well-known/jwks.json")).json())
    return jwt.decode(token, keys, algorithms=["RS256", "ES256"]).claims


async def refreshed(
    http: httpx.AsyncClient, client: Client, token: str, **more: str
) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, **more}
    return await http.post(client.token_path, data=form, auth=client.auth)


async def test_a_platform_code_gives_tokens_that_stand_for_the_person(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    body = await redeem(http, client, people.code(client, user))
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert body["scope"] == " ".join(PLATFORM_SCOPES)
    assert "id_token" not in body
    claims = await claims_of(http, body["access_token"])
    assert (claims["sub"], claims["user_id"], claims["client_id"]) == (user, user, client.client_id)
    assert (claims["tenant_id"], claims["aud"], claims["auth_time"]) == (
        tenant,
        "vitalwire-argus",
        NOW,
    )
    assert await is_good(http, body["access_token"])
    with embedded.database.reading(now=START) as work:
        entry = work.session.scalars(
            select(AuditRow).where(AuditRow.token_id == claims["jti"], AuditRow.tenant_id == tenant)
        ).first()
        assert entry is not None
        assert (entry.action, entry.user_id, entry.outcome) == ("token.issued", user, "success")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_a_portal_code_gives_an_id_token_with_a_subject_of_its_own(
    embedded: Installation, http: httpx.AsyncClient, people: People, algorithm: str
) -> None:
    tenant = embedded.mine.tenant_id
    client = people.public_client(tenant, profile="portal", id_token_algorithm=algorithm)
    other = people.public_client(tenant, profile="portal", redirects=("https://two.test/back",))
    user = people.person(tenant, "patient")
    body = await redeem(http, client, people.code(client, user, nonce="n-1"))
    assert (body["expires_in"], body["created_at"]) == (7200, NOW)
    claims = await claims_of(http, body["id_token"])
    digest = hashlib.sha256(body["access_token"].encode()).digest()
    assert claims.pop("sid")
    subject = claims.pop("sub")
    assert claims == {
        "iss": ISSUER,
        "aud": client.client_id,
        "exp": NOW + 600,
        "iat": NOW,
        "auth_time": NOW,
        "nonce": "n-1",
        "at_hash": encoded(digest[:16]),
    }
    access = await claims_of(http, body["access_token"])
    assert access["sub"] == subject
    assert user not in (subject, access["sub"])
    code = people.code(other, user, redirect_uri="https://two.test/back")
    elsewhere = await redeem(http, other, code, redirect_uri="https://two.test/back")
    assert (await claims_of(http, elsewhere["id_token"]))["sub"] != subject
    assert not await is_good(http, body["access_token"]), "the platform is not its audience"
    ring = embedded.app.state.services.tokens.ring
    hint = read_id_token_hint(ring, body["id_token"], issuer=ISSUER)
    assert hint is not None
    assert hint["sub"] == subject
    for wrong in (body["access_token"], "abc", "ä", body["id_token"][:-4] + "AAAA", "a" * 9000):
        assert read_id_token_hint(ring, wrong, issuer=ISSUER) is None
    assert read_id_token_hint(ring, body["id_token"], issuer="https://other.test") is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": None}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code": "vwo_unknown"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"redirect_uri": "https://app.example.test/other"}, "invalid_grant"),
    ],
)
async def test_a_redemption_that_lacks_or_changes_something_is_refused(
    embedded: Installation,
    http: httpx.AsyncClient,
    people: People,
    changes: dict[str, str | None],
    error: str,
) -> None:
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    form = redemption(people.code(client, user), **changes)
    answer = await http.post(client.token_path, data=form, auth=client.auth)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_code_ends_after_a_minute_and_with_the_person(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    late, gone, shrunk = (people.code(client, user) for _ in range(3))
    embedded.clock.pass_(60)
    answer = await http.post(client.token_path, data=redemption(late), auth=client.auth)
    assert answer.json()["error"] == "invalid_grant"
    embedded.clock.pass_(-60)
    people.change(client, approved_scopes=["argus:acqi:read"])
    answer = await http.post(client.token_path, data=redemption(shrunk), auth=client.auth)
    assert answer.json()["error"] == "invalid_grant"
    people.change_person(user, status="suspended")
    answer = await http.post(client.token_path, data=redemption(gone), auth=client.auth)
    assert answer.json()["error"] == "invalid_grant"


async def test_a_code_of_one_surface_is_no_good_at_another(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    tenant = embedded.mine.tenant_id
    client = people.client(tenant, profiles=["platform", "portal"])
    code = people.code(client, people.person(tenant))
    answer = await http.post("/oauth/token", data=redemption(code), auth=client.auth)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_without_pkce_where_an_administrator_allows_it(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    tenant = embedded.mine.tenant_id
    client = people.client(tenant, governance=Governance(enforce_pkce=False))
    user = people.person(tenant)
    body = await redeem(http, client, people.code(client, user, verifier=""), code_verifier=None)
    assert await is_good(http, body["access_token"])


async def test_each_refresh_token_gives_a_new_pair_and_never_more_than_was_allowed(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    body = await redeem(http, client, people.code(client, user))
    fresh = await refreshed(http, client, body["refresh_token"], scope="argus:devices:read")
    assert fresh.json()["scope"] == "argus:devices:read"
    assert fresh.json()["refresh_token"] != body["refresh_token"]
    again = await refreshed(http, client, fresh.json()["refresh_token"])
    assert again.json()["scope"] == " ".join(PLATFORM_SCOPES)
    assert await is_good(http, again.json()["access_token"])
    for form in ({"refresh_token": "vwr_unknown"}, {}):
        answer = await http.post(
            client.token_path, data={"grant_type": "refresh_token", **form}, auth=client.auth
        )
        assert answer.status_code == 400


async def test_a_refresh_token_ends_after_thirty_days_and_with_the_clients_flag(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    body = await redeem(http, client, people.code(client, user))
    embedded.clock.pass_(30 * 86_400)
    answer = await refreshed(http, client, body["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    people.change(client, governance=Governance(allow_refresh_tokens=False).stored())
    without = await redeem(http, client, people.code(client, user))
    assert "refresh_token" not in without


async def test_the_portal_forgives_a_lost_answer_for_a_minute_and_five_times(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    tenant = embedded.mine.tenant_id
    client = people.client(tenant, profile="portal")
    user = people.person(tenant, "patient")
    first = (await redeem(http, client, people.code(client, user)))["refresh_token"]
    statuses = [(await refreshed(http, client, first)).status_code for _ in range(7)]
    assert statuses == [200] * 6 + [400]
    second = (await redeem(http, client, people.code(client, user)))["refresh_token"]
    newest = (await refreshed(http, client, second)).json()["refresh_token"]
    embedded.clock.pass_(61)
    assert (await refreshed(http, client, second)).status_code == 400
    assert (await refreshed(http, client, newest)).status_code == 400, "the family has ended"


async def test_the_other_tenants_client_and_people_are_as_if_they_were_not(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    mine, other = embedded.mine.tenant_id, embedded.other.tenant_id
    client, stranger = people.client(mine), people.client(other)
    user = people.person(mine)
    body = await redeem(http, client, people.code(client, user))
    absent = await refreshed(http, stranger, "vwr_unknown")
    answer = await refreshed(http, stranger, body["refresh_token"])
    assert (answer.status_code, answer.content) == (absent.status_code, absent.content)
    code = people.code(client, user)
    answers = [
        await http.post(stranger.token_path, data=redemption(one), auth=stranger.auth)
        for one in (code, "vwo_unknown")
    ]
    assert answers[0].content == answers[1].content
