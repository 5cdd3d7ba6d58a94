"""What can no longer be used is dropped; what is in use stays, a month long if need be."""

from __future__ import annotations

from datetime import timedelta

import httpx
from sqlalchemy import delete, func, select

from cloud.core.authorization.forgetting import forget_over
from cloud.core.authorization.grant_tables import (
    AuthorizationCodeRow,
    GrantRow,
    PushedRequestRow,
    RefreshTokenRow,
    RevokedTokenRow,
    SessionRow,
)
from cloud.core.authorization.profiles import PORTAL
from cloud.core.identity.tables import MembershipRow
from tests.fixtures.cloud import Installation
from tests.fixtures.people_apps import (
    PASSWORD,
    MadeApplication,
    asking,
    make_application,
    make_person,
    redeem,
)
from tests.fixtures.visitor import Visitor

TABLES = (
    PushedRequestRow,
    RevokedTokenRow,
    AuthorizationCodeRow,
    RefreshTokenRow,
    GrantRow,
    SessionRow,
)
HOURS = 3600.0
DAYS = 24 * HOURS


def kept(cloud: Installation) -> list[int]:
    """How many rows each table has."""
    with cloud.database.reading(now=cloud.clock()) as work:
        return [work.session.scalar(select(func.count()).select_from(one)) or 0 for one in TABLES]


def forget(cloud: Installation) -> list[int]:
    """As the worker does; what is left."""
    with cloud.database.begin(now=cloud.clock()) as work:
        forget_over(work)
    return kept(cloud)


async def signed_in(cloud: Installation, http: httpx.AsyncClient) -> tuple[MadeApplication, str]:
    """An application with a refresh token that a person allowed it, by a pushed request."""
    made = make_application(cloud, cloud.mine)
    make_person(cloud, cloud.mine)
    visitor = Visitor(http)
    pushed = await http.post("/oauth/par", data=asking(made), auth=made.auth)
    asked = {"client_id": made.client_id, "request_uri": pushed.json()["request_uri"]}
    page = await visitor.open(PORTAL.authorize_path, **asked)
    back = await visitor.decide(await visitor.sign_in(page, "ada@example.org", PASSWORD))
    tokens = await redeem(http, PORTAL, made, back.told["code"])
    form = {"token": str(tokens["access_token"])}
    assert (await http.post("/oauth/revoke", data=form, auth=made.auth)).status_code == 200
    return made, str(tokens["refresh_token"])


async def refreshed(http: httpx.AsyncClient, made: MadeApplication, token: str) -> httpx.Response:
    """A new pair for a refresh token."""
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await http.post(PORTAL.token_path, data=form, auth=made.auth)


async def test_what_is_over_goes_and_what_is_in_use_stays(cloud: Installation) -> None:
    async with cloud.client() as http:
        made, token = await signed_in(cloud, http)
        assert kept(cloud) == [1, 1, 1, 1, 1, 1]
        assert forget(cloud) == [1, 1, 1, 1, 1, 1]
        cloud.clock.pass_(29 * DAYS)
        assert forget(cloud) == [0, 0, 1, 1, 1, 1]
        answer = await refreshed(http, made, token)
        assert answer.status_code == 200
        cloud.clock.pass_(5 * DAYS)
        assert forget(cloud) == [0, 0, 0, 1, 1, 1]
        answer = await refreshed(http, made, answer.json()["refresh_token"])
        assert answer.status_code == 200
        cloud.clock.pass_(32 * DAYS)
        assert forget(cloud) == [0] * 6
        void = await refreshed(http, made, answer.json()["refresh_token"])
        assert void.json()["error"] == "invalid_grant"


async def test_a_role_that_was_taken_away_is_in_no_token_that_comes_later(
    embedded: Installation,
) -> None:
    async with embedded.client() as http:
        made, token = await signed_in(embedded, http)
        with embedded.database.begin(now=embedded.clock()) as work:
            mine = MembershipRow.tenant_id == embedded.mine.tenant_id
            work.session.execute(delete(MembershipRow).where(mine))
        embedded.clock.pass_(timedelta(hours=1).total_seconds())
        answer = await refreshed(http, made, token)
        assert answer.json()["scope"] == "openid profile_read"
