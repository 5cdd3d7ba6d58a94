"""What an operator takes back from people and issuers, and what ends with it."""

from __future__ import annotations

import json
from functools import partial

import httpx
import pytest
from sqlalchemy import select

from cloud.core.identity.tables import ExternalIdentityRow, MembershipRow, UserRow
from tests.fixtures.administration import Operator
from tests.fixtures.cloud import START, Installation
from tests.fixtures.oauth import People
from tests.integration.oauth.test_exchange import IDP, Ground

SAME = ("--issuer", IDP, "--subject", "dr-1")


@pytest.fixture
def ground(embedded: Installation, http: httpx.AsyncClient, people: People) -> Ground:
    return Ground(embedded, http, people)


@pytest.fixture
def users(operator: Operator) -> Operator:
    """The operator's `users`."""
    return partial(operator, "users")


async def delegated(ground: Ground) -> str:
    """A token for the clinician; the door that refuses its scope takes it."""
    answer = await ground.exchange(ground.id_token())
    assert answer.status_code == 200, answer.text
    token = str(answer.json()["access_token"])
    assert await status(ground, token) == 403
    return token


async def status(ground: Ground, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return (await ground.http.get("/v1/auth/scopes", headers=headers)).status_code


def later(ground: Ground) -> None:
    """Longer than another process needs to hear of it: the commands are one."""
    ground.cloud.clock.pass_(6)


async def test_roles_are_changed_and_tokens_from_before_end(
    ground: Ground, users: Operator
) -> None:
    token = await delegated(ground)
    code, out, _ = users("set-roles", ground.user, "--role", "reviewer", "--role", "analyst")
    assert (code, out.endswith(" is reviewer analyst\n")) == (0, True)
    later(ground)
    assert await status(ground, token) == 401
    again = await ground.exchange(ground.id_token())
    assert again.json()["scope"] == "cases:read"
    assert users("set-roles", ground.user)[1].endswith(" is nothing here\n")
    assert (await ground.exchange(ground.id_token())).json()["error"] == "invalid_grant"
    assert users("set-roles", ground.user, tenant=ground.cloud.other.tenant_id)[0] == 2


async def test_identities_are_linked_and_unlinked(ground: Ground, users: Operator) -> None:
    token = await delegated(ground)
    other = ground.cloud.other.tenant_id
    code, _, error = users("unlink", ground.user, *SAME, tenant=other)
    assert (code, "user_not_found" in error) == (2, True)
    assert users("unlink", ground.user, *SAME)[0] == 0
    code, _, error = users("unlink", ground.user, *SAME)
    assert (code, "identity_not_found" in error) == (2, True)
    later(ground)
    assert await status(ground, token) == 401
    assert (await ground.exchange(ground.id_token())).json()["error"] == "invalid_grant"
    assert users("link", ground.user, *SAME)[0] == 0
    await delegated(ground)
    someone = ground.people.person(ground.cloud.mine.tenant_id, "clinician")
    code, _, error = users("link", someone, *SAME)
    assert (code, "identity_taken" in error) == (2, True)
    listed = [json.loads(line) for line in users("list")[1].splitlines()]
    assert [one["identities"] for one in listed if one["user_id"] == ground.user] == [
        [{"issuer": IDP, "subject": "dr-1"}]
    ]


async def test_an_issuer_that_is_not_trusted_any_more_ends_with_its_tokens(
    ground: Ground, users: Operator
) -> None:
    token = await delegated(ground)
    (line,) = users("issuers")[1].splitlines()
    shown = json.loads(line)
    assert (shown["issuer"], shown["kids"], shown["jwks_uri"]) == (IDP, ["idp-1"], None)
    other = ground.cloud.other.tenant_id
    assert users("issuers", tenant=other)[1] == ""
    assert "issuer_not_found" in users("untrust", "--issuer", IDP, tenant=other)[2]
    assert await status(ground, token) == 403
    assert users("untrust", "--issuer", IDP)[0] == 0
    later(ground)
    assert await status(ground, token) == 401
    assert (await ground.exchange(ground.id_token())).json()["error"] == "invalid_grant"
    assert "issuer_not_found" in users("untrust", "--issuer", IDP)[2]


async def test_a_person_who_is_deleted_leaves_an_id_and_nothing_else(
    ground: Ground, users: Operator
) -> None:
    token = await delegated(ground)
    assert users("delete", ground.user)[1] == f"{ground.user} is deleted\n"
    later(ground)
    assert await status(ground, token) == 401
    assert (await ground.exchange(ground.id_token())).json()["error"] == "invalid_grant"
    for act in ("delete", "resume", "suspend"):
        assert "user_not_found" in users(act, ground.user)[2]
    assert ground.user not in users("list")[1]
    with ground.cloud.database.reading(now=START) as work:
        row = work.session.get_one(UserRow, ground.user)
        assert (row.given_name, row.family_name, row.password_hash) == ("", "", None)
        assert row.email == f"{ground.user}@deleted.invalid"
        for table in (MembershipRow, ExternalIdentityRow):
            assert not work.session.scalars(select(table).where(table.user_id == ground.user)).all()
