"""Scribe partners get their token by a pair and a key that are the same partner's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from cloud.core.authorization.applications import application
from cloud.core.authorization.credential_tables import ClientSecretRow
from cloud.core.authorization.partners import (
    NewPartner,
    add_api_key,
    api_keys,
    create_partner,
    revoke_api_key,
)
from cloud.core.authorization.profiles import PARTNER
from cloud.core.authorization.tables import KIND_PARTNER
from cloud.core.kernel.errors import ConflictError, NotFoundError, UnauthenticatedError
from cloud.core.kernel.principal import service_principal
from tests.fixtures.administration import APPS, administrator, platform_token
from tests.fixtures.cloud import Installation, Tenant

pytestmark = pytest.mark.long_on_postgresql

PATH = "/v2/partners/authenticate"


def partner(cloud: Installation, tenant: Tenant) -> NewPartner:
    operator = service_principal(tenant.tenant_id, "operator")
    with cloud.database.begin(now=cloud.clock()) as work:
        return create_partner(work, cloud.parts.vault, operator, "Scribe")


async def ask(
    http: httpx.AsyncClient,
    one: NewPartner,
    **changes: Any,  # noqa: ANN401 - JSON of any shape
) -> httpx.Response:
    body = {"clientId": one.row.client_id, "clientSecret": one.secret}
    key = changes.pop("key", one.api_key)
    headers = {} if key is None else {"X-API-Key": key}
    return await http.post(PATH, json={**body, **changes}, headers=headers)


async def test_the_pair_and_the_key_give_a_token_for_partners_alone(cloud: Installation) -> None:
    one = partner(cloud, cloud.mine)
    async with cloud.client() as client:
        answer = await ask(client, one)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert set(body) == {"accessToken", "expiresIn", "tokenType"}
        assert (body["expiresIn"], body["tokenType"]) == (3600, "Bearer")
        assert answer.headers["cache-control"] == "no-store"
        assert "ratelimit-remaining" in answer.headers
        tokens = cloud.app.state.services.tokens
        principal = tokens.verify(body["accessToken"], audiences=(PARTNER.audience,))
        assert principal.tenant_id == cloud.mine.tenant_id
        assert principal.scopes == ("bp:partner",)
        with pytest.raises(UnauthenticatedError):
            tokens.verify(body["accessToken"])
        elsewhere = await platform_token(client, one.row.client_id, one.secret)
        assert elsewhere.status_code in (400, 401)


async def test_a_wrong_key_is_forbidden_and_a_wrong_pair_unauthorized(cloud: Installation) -> None:
    one, other = partner(cloud, cloud.mine), partner(cloud, cloud.other)
    async with cloud.client() as client:
        for key in (None, "", "vwk_nobodys"):
            refused = await ask(client, one, key=key)
            assert (refused.status_code, refused.json()["message"]) == (403, "Forbidden")
            assert refused.json()["code"] == "forbidden"
            broken = await ask(client, one, key=key, clientId=1)
            assert broken.status_code == 403, "the key is looked at first"
        twice = await client.post(
            PATH,
            json={},
            headers=[("X-API-Key", one.api_key), ("X-API-Key", one.api_key)],
        )
        assert twice.status_code == 403
        for changes in (
            {"clientSecret": other.secret},
            {"clientSecret": "vws_wrong"},
            {"clientId": "app_nobody"},
            {"clientId": other.row.client_id},
        ):
            refused = await ask(client, one, **changes)
            assert (refused.status_code, refused.json()["message"]) == (401, "Unauthorized")
        pair = {"clientId": cloud.mine.client_id, "clientSecret": cloud.mine.client_secret}
        for stolen in (await ask(client, other, key=one.api_key), await ask(client, one, **pair)):
            assert (stolen.status_code, stolen.json()["message"]) == (403, "Forbidden")
        wrong: list[dict[str, object]] = [{"clientId": 1}, {"clientSecret": ""}]
        for change in wrong:
            refused = await ask(client, one, **change)
            assert (refused.status_code, refused.json()["message"]) == (400, "Bad Request")
        headers = {"X-API-Key": one.api_key}
        form = await client.post(PATH, data={"clientId": "x"}, headers=headers)
        assert form.status_code == 415
        headers["Content-Type"] = "application/json; charset=utf-8"
        for octets in (b"", b"{", b"[]"):
            refused = await client.post(PATH, content=octets, headers=headers)
            assert refused.status_code == 400
        assert (await ask(client, one)).status_code == 200


async def test_keys_overlap_run_out_and_the_last_one_stays(embedded: Installation) -> None:
    one = partner(embedded, embedded.mine)
    operator = service_principal(embedded.mine.tenant_id, "operator")
    with embedded.database.begin(now=embedded.clock()) as work:
        row = application(work, operator, one.row.client_id, kind=KIND_PARTNER)
        ends = embedded.clock() + timedelta(minutes=5)
        short = add_api_key(work, operator, row, expires_at=ends)
        (kept,) = work.session.scalars(
            select(ClientSecretRow).where(ClientSecretRow.client_id == row.client_id)
        )
        assert kept.sealed is not None
        assert one.secret.encode() not in kept.sealed
        purpose = f"client-secret:{kept.secret_id}"
        assert embedded.parts.vault.open(kept.sealed, purpose=purpose) == one.secret.encode()
    async with embedded.client() as client:
        assert (await ask(client, one, key=short)).status_code == 200
        embedded.clock.pass_(301)
        assert (await ask(client, one, key=short)).status_code == 403
        with embedded.database.begin(now=embedded.clock()) as work:
            row = application(work, operator, one.row.client_id, kind=KIND_PARTNER)
            (first,) = api_keys(work, row)
            with pytest.raises(ConflictError, match="last_credential"):
                revoke_api_key(work, operator, row, first.key_id)
            with pytest.raises(NotFoundError):
                revoke_api_key(work, operator, row, "key_0")
            keys = [add_api_key(work, operator, row) for _ in range(4)]
            with pytest.raises(ConflictError, match="too_many_keys"):
                add_api_key(work, operator, row)
            revoke_api_key(work, operator, row, first.key_id)
            mine = application(work, operator, embedded.mine.client_id)
            with pytest.raises(ConflictError, match="no_partner"):
                add_api_key(work, operator, mine)
        assert (await ask(client, one)).status_code == 403
        assert (await ask(client, one, key=keys[0])).status_code == 200
        admin = await administrator(embedded, client)
        hidden = await admin.ask("GET", f"{APPS}/{one.row.client_id}")
        assert hidden.status_code == 404, "a partner is no platform application"
