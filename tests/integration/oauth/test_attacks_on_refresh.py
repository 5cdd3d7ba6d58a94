"""Attacks on refresh tokens and scopes; the number of each is that of the threat list."""

from __future__ import annotations

import logging

import httpx
import pytest

from cloud.core.authorization.governance import Governance
from cloud.core.kernel.scopes import check_required
from tests.fixtures.cloud import Installation
from tests.fixtures.oauth import People, is_good, redeem


async def test_refresh_reuse(
    embedded: Installation,
    http: httpx.AsyncClient,
    people: People,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Attack 14: 400, the family ends, and the operator's log says so."""
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    body = await redeem(http, client, people.code(client, user))
    form = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    fresh = (await http.post(client.token_path, data=form, auth=client.auth)).json()
    with caplog.at_level(logging.WARNING, "vitalwire.authorization"):
        reused = await http.post(client.token_path, data=form, auth=client.auth)
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    assert "event=refresh_token_reused" in caplog.text
    assert body["refresh_token"] not in caplog.text
    form = {"grant_type": "refresh_token", "refresh_token": fresh["refresh_token"]}
    newest = await http.post(client.token_path, data=form, auth=client.auth)
    assert (newest.status_code, newest.json()["error"]) == (400, "invalid_grant")
    for token in (body["access_token"], fresh["access_token"]):
        assert not await is_good(http, token)


async def test_a_refresh_token_is_refused_where_governance_gives_none_any_more(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    client = people.client(embedded.mine.tenant_id)
    body = await redeem(http, client, people.code(client, people.person(client.tenant_id)))
    form = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    people.change(client, governance=Governance(allow_refresh_tokens=False).stored())
    refused = await http.post(client.token_path, data=form, auth=client.auth)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert await is_good(http, body["access_token"]), "it lives to its own end"
    people.change(client, governance=Governance().stored())
    again = await http.post(client.token_path, data=form, auth=client.auth)
    assert again.status_code == 200


WIDER = (
    "argus:devices:write",
    "argus:devices:read argus:devices:write",
    "argus:devices:*",
    "argus:*",
    "*",
    "argus:platform:admin",
    "argus:devices:read  argus:epcr:read",
    "argus:devices:read\targus:epcr:read",
)


async def test_refresh_with_wider_scope(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 16: 400 invalid_scope, though the client itself may have it."""
    tenant = embedded.mine.tenant_id
    client = people.client(tenant, scopes=("argus:devices:*", "argus:epcr:read"))
    user = people.person(tenant)
    body = await redeem(
        http, client, people.code(client, user, scopes=("argus:devices:read", "argus:epcr:read"))
    )
    form = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    for scope in WIDER:
        asked = {**form, **client.form, "scope": scope}
        answer = await http.post(client.token_path, data=asked)
        assert (scope, answer.json()["error"]) == (scope, "invalid_scope")
        assert answer.status_code == 400
    again = await http.post(client.token_path, data=form, auth=client.auth)
    assert again.status_code == 200, "what was refused did not use it up"


SPELLINGS = (
    ("cases:read", True),
    ("cases:*", True),
    ("system/Observation.rs", True),
    ("system/Observation.s", True),
    ("*", False),
    ("cases*", False),
    ("cases:r*", False),
    ("patients:*", False),
    ("system/*.*", False),
    ("system/*.rs", False),
    ("system/Observation.cruds", False),
    ("user/Observation.rs", False),
    ("cases:read\x00", False),
    ("cases:read\x1fpatients:read", False),
    ("cases:read\r\npatients:read", False),
    ("\u0441ases:read", False),
    ("cases:" + "r" * 200, False),
)


async def test_wildcards_and_control_characters(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 17: what is not registered is not given, however it is spelled."""
    client = people.client(
        embedded.mine.tenant_id, profile="clinical", scopes=("cases:*", "system/Observation.rs")
    )
    for scope, is_given in SPELLINGS:
        form = {"grant_type": "client_credentials", "scope": scope, **client.form}
        answer = await http.post(client.token_path, data=form)
        if is_given:
            assert (answer.status_code, answer.json().get("scope")) == (200, scope)
        else:
            assert (scope, answer.json().get("error")) == (scope, "invalid_scope")
            assert answer.status_code == 400


@pytest.mark.parametrize("required", ["*", "cases:*", "argus:*", "system/*.rs", "cases:", ""])
def test_a_pattern_can_never_be_required(required: str) -> None:
    """Attack 17, the other side: the required slot takes concrete scopes alone."""
    with pytest.raises(AssertionError):
        check_required(required)
