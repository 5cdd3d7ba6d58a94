"""Two applications of the portal cannot find out that they serve the same person."""

from __future__ import annotations

import json

import httpx

from cloud.core.authorization.revocations import BOUND
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.oauth import Client, People, redeem
from tests.integration.oauth.test_code_grant import claims_of, refreshed

SAME = {
    # Who issues, for whom, when and under which rules: alike for everybody.
    *("iss", "exp", "iat", "nbf", "auth_time", "token_use", "epoch"),
    *("org_id", "tenant_id", "scope", "scopes"),
}


async def test_no_claim_of_two_applications_names_the_same_person(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """OIDC Core 8: pairwise, in the access token and the session's name as well."""
    tenant = embedded.mine.tenant_id
    clients = [people.client(tenant, profile="portal") for _ in range(2)]
    user = people.person(tenant, "patient")
    session = people.session(user)
    codes = [people.code(client, user, session_id=session) for client in clients]
    bodies = [await redeem(http, client, code) for client, code in zip(clients, codes, strict=True)]
    bodies[0] = (await refreshed(http, clients[0], bodies[0]["refresh_token"])).json()
    for name, same in (("access_token", SAME | {"aud"}), ("id_token", SAME)):
        one, two = [await claims_of(http, body[name]) for body in bodies]
        assert set(one) == set(two)
        assert {claim for claim in one if one[claim] == two[claim]} <= same
        told = json.dumps([one, two])
        assert user not in told
        assert session not in told


async def test_the_session_has_one_name_at_each_application(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    tenant = embedded.mine.tenant_id
    client, other = (people.client(tenant, profile="portal") for _ in range(2))
    user = people.person(tenant, "patient")
    session = people.session(user)

    async def name_of(asking: Client, *, session_id: str) -> str:
        body = await redeem(http, asking, people.code(asking, user, session_id=session_id))
        return str((await claims_of(http, body["id_token"]))["sid"])

    name = await name_of(client, session_id=session)
    assert name == await name_of(client, session_id=session)
    assert name != await name_of(client, session_id=people.session(user))
    assert name != await name_of(other, session_id=session)


async def test_what_ends_for_the_person_ends_for_the_token_that_does_not_name_them(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    client = people.client(embedded.mine.tenant_id, profile="portal")
    for changes in ({"status": "suspended"}, {"epoch": 2}):
        user = people.person(embedded.mine.tenant_id, "patient")
        body = await redeem(http, client, people.code(client, user))
        bearer = {"Authorization": f"Bearer {body['access_token']}"}
        assert (await http.get("/oauth/userinfo", headers=bearer)).status_code == 200
        people.change_person(user, **changes)
        embedded.clock.pass_(BOUND.total_seconds())
        assert (await http.get("/oauth/userinfo", headers=bearer)).status_code == 401


async def test_the_platform_names_the_person(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Its applications are the tenant's own; clinicians are named on what they do."""
    client, user = people.client(embedded.mine.tenant_id), people.person(embedded.mine.tenant_id)
    body = await redeem(http, client, people.code(client, user))
    claims = await claims_of(http, body["access_token"])
    assert (claims["iss"], claims["sub"], claims["user_id"]) == (ISSUER, user, user)
