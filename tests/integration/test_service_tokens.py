"""Service and sandbox tokens: made by an administrator, listed, ended; what rotation spares."""

from __future__ import annotations

import httpx
import pytest

from cloud.core.authorization.key_rotation import rotate_keys
from cloud.core.kernel.principal import service_principal
from tests.fixtures.administration import APPS, Administrator, administrator, platform_token
from tests.fixtures.cloud import Installation

NEW = {
    "name": "Reports",
    "grant_types": ["client_credentials"],
    "requested_scopes": ["argus:epcr:read"],
}
WANTED = {"scopes": ["argus:epcr:read"], "ttl_seconds": 86_400, "description": "nightly"}


async def approved(admin: Administrator, **flags: object) -> tuple[str, str]:
    """Path and secret of an approved application with these flags."""
    made = await admin.made(APPS, NEW)
    path = f"{APPS}/{made['client_id']}"
    await admin.ask("POST", f"{path}/approve-scopes")
    if flags:
        answer = await admin.ask("PATCH", f"{path}/governance", flags)
        assert answer.status_code == 200, answer.text
    return path, made["client_secret"]


async def kids(client: httpx.AsyncClient) -> set[str]:
    """The ids of the published keys."""
    return {key["kid"] for key in (await client.get("/.well-known/jwks.json")).json()["keys"]}


async def test_a_service_token_is_shown_once_works_is_listed_and_ends(
    cloud: Installation,
) -> None:
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        path, _ = await approved(admin, allow_service_tokens=True)
        key = {"Idempotency-Key": "k"}
        made = await admin.ask("POST", f"{path}/service-token", WANTED, **key)
        assert made.status_code == 201, made.text
        assert made.json()["expires_at"] == "2026-11-24T10:00:00Z"
        headers = {"Authorization": f"Bearer {made.json()['token']}"}
        replayed = await admin.ask("POST", f"{path}/service-token", WANTED, **key)
        assert "token" not in replayed.json()
        listed = (await admin.ask("GET", f"{path}/service-tokens")).json()["service_tokens"]
        assert [(one["jti"], one["description"]) for one in listed] == [
            (made.json()["jti"], "nightly")
        ]
        assert "token" not in listed[0]
        url = "/api/v1/epcr/encounters"
        assert (await client.get(url, headers=headers)).status_code == 200
        cloud.clock.pass_(7200)
        assert (await client.get(url, headers=headers)).status_code == 200
        admin = await administrator(cloud, client)
        one = f"{path}/service-tokens/{made.json()['jti']}"
        assert (await admin.ask("DELETE", one)).status_code == 204
        assert (await client.get(url, headers=headers)).status_code == 401
        gone = await admin.ask("DELETE", one)
        assert (gone.status_code, gone.json()["error"]) == (404, "token_not_found")
        listed = (await admin.ask("GET", f"{path}/service-tokens")).json()["service_tokens"]
        assert listed == []
    assert "service_token.created" in admin.audited()


@pytest.mark.parametrize(
    "flags",
    [
        {"allow_service_tokens": False},
        {"allow_service_tokens": True, "require_mtls": True},
        {"allow_service_tokens": True, "require_dpop": True},
        {"allow_service_tokens": True, "sandbox_only": True},
    ],
)
async def test_governance_can_forbid_them(embedded: Installation, flags: dict[str, bool]) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        path, _ = await approved(admin, **flags)
        refused = await admin.ask("POST", f"{path}/service-token", WANTED)
        assert (refused.status_code, refused.json()["error"]) == (403, "service_tokens_disabled")


async def test_only_approved_scopes_of_an_approved_application_for_ninety_days_at_most(
    embedded: Installation,
) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        path, _ = await approved(admin, allow_service_tokens=True, max_token_ttl_seconds=3600)
        made = await admin.made(f"{path}/service-token", WANTED)
        assert made["expires_at"] == "2026-11-23T11:00:00Z", "governance is shorter"
        for change, reason in (
            ({"scopes": ["argus:devices:read"]}, "scope_not_approved"),
            ({"scopes": []}, "invalid_request"),
            ({"ttl_seconds": 90 * 86_400 + 1}, "invalid_request"),
        ):
            refused = await admin.ask("POST", f"{path}/service-token", {**WANTED, **change})
            assert (refused.status_code, refused.json()["error"]) == (422, reason)
        await admin.ask("PATCH", path, {"status": "suspended"})
        refused = await admin.ask("POST", f"{path}/service-token", WANTED)
        assert (refused.status_code, refused.json()["error"]) == (422, "scope_not_approved")


async def test_a_key_stays_until_the_last_service_token_it_signed_is_over(
    embedded: Installation,
) -> None:
    operator = service_principal("installation", "operator")
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        path, secret = await approved(admin, allow_service_tokens=True)
        made = await admin.made(f"{path}/service-token", WANTED)
        headers = {"Authorization": f"Bearer {made['token']}"}
        old = await kids(client)
        with embedded.database.begin(now=embedded.clock()) as work:
            rotate_keys(work, embedded.parts.vault, operator)
        fresh = await platform_token(client, path.rpartition("/")[2], secret)
        assert fresh.status_code == 200
        embedded.clock.pass_(86_000)
        url = "/api/v1/epcr/encounters"
        assert (await client.get(url, headers=headers)).status_code == 200
        assert old < await kids(client)
        embedded.clock.pass_(1100)
        assert (await client.get(url, headers=headers)).status_code == 401
        assert not old & await kids(client)


async def test_a_sandbox_token_opens_no_door_with_real_data(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        path, _ = await approved(admin)
        wanted = {"scenarios": ["chest_pain"], "ttl_seconds": 600}
        made = await admin.made(f"{path}/sandbox-token", wanted)
        assert made["audience"] == "sandbox"
        assert made["scenarios"] == ["chest_pain"]
        assert (made["scopes"], made["sandbox_host"]) == (["argus:epcr:read"], "sandbox.cloud.test")
        headers = {"Authorization": f"Bearer {made['token']}"}
        refused = await client.get("/api/v1/epcr/encounters", headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (403, "sandbox_token_on_live_host")
        wrong = await admin.ask("POST", f"{path}/sandbox-token", {"scenarios": ["Not A Name"]})
        assert wrong.status_code == 422
        listed = (await admin.ask("GET", f"{path}/service-tokens")).json()["service_tokens"]
        assert [one["description"] for one in listed] == ["sandbox: chest_pain"]


@pytest.mark.parametrize("flags", [{"allow_service_tokens": False}, {"require_dpop": True}])
async def test_what_governance_forbids_ends_what_there_is(
    embedded: Installation, flags: dict[str, bool]
) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        path, _ = await approved(admin, allow_service_tokens=True)
        other, _ = await approved(admin, allow_service_tokens=True)
        made, kept = [await admin.made(f"{one}/service-token", WANTED) for one in (path, other)]
        await admin.made(f"{path}/sandbox-token", {"scenarios": ["chest_pain"]})
        await admin.ask("PATCH", f"{path}/governance", {"max_token_ttl_seconds": 60})
        for forbidden, status in ((False, 200), (True, 401)):
            if forbidden:
                await admin.ask("PATCH", f"{path}/governance", flags)
            headers = {"Authorization": f"Bearer {made['token']}"}
            answer = await client.get("/api/v1/epcr/encounters", headers=headers)
            assert answer.status_code == status
        listed = (await admin.ask("GET", f"{path}/service-tokens")).json()["service_tokens"]
        assert [one["description"] for one in listed] == ["sandbox: chest_pain"]
        headers = {"Authorization": f"Bearer {kept['token']}"}
        assert (await client.get("/api/v1/epcr/encounters", headers=headers)).status_code == 200
    assert admin.audited().count("service_tokens.ended") == 1


async def test_a_scope_that_is_taken_away_ends_the_tokens_that_have_it(
    embedded: Installation,
) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        path, _ = await approved(admin, allow_service_tokens=True)
        both = ["argus:epcr:read", "argus:devices:read"]
        await admin.ask("POST", f"{path}/approve-scopes", {"scopes": both})
        for scopes in (both, both[:1]):
            await admin.made(f"{path}/service-token", {**WANTED, "scopes": scopes})
        for method, tail, body in (
            ("PATCH", "", {"requested_scopes": both[:1]}),
            ("POST", "/approve-scopes", {"scopes": ["argus:devices:read"]}),
        ):
            assert (await admin.ask(method, f"{path}{tail}", body)).status_code == 200
            listed = (await admin.ask("GET", f"{path}/service-tokens")).json()["service_tokens"]
            left = [both[:1]] if method == "PATCH" else []
            assert [one["scopes"] for one in listed] == left
