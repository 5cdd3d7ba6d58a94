"""Platform applications over the API: registered, approved, governed, rotated, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select

from cloud.core.kernel.idempotency import IdempotencyRow
from tests.fixtures.administration import APPS, administrator, platform_token
from tests.fixtures.cloud import Installation

pytestmark = pytest.mark.long_on_postgresql

NEW = {
    "name": "Hospital board",
    "grant_types": ["client_credentials"],
    "redirect_uris": [],
    "requested_scopes": ["argus:epcr:read"],
}
CODE = {**NEW, "grant_types": ["authorization_code"], "redirect_uris": ["https://a.example/cb"]}
GOVERNANCE = {
    "allow_service_tokens": False,
    "enforce_pkce": True,
    "allowed_redirect_uris": [],
    "allowed_ip_ranges": [],
    "max_token_ttl_seconds": 0,
    "require_mtls": False,
    "allow_refresh_tokens": True,
    "sandbox_only": False,
}


async def test_an_application_gets_tokens_once_it_is_approved(cloud: Installation) -> None:
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        made = await admin.made(APPS, NEW)
        client_id, secret = made["client_id"], made["client_secret"]
        assert client_id.startswith("app_")
        assert made["tenant_id"] == cloud.mine.tenant_id
        assert (made["status"], made["approved_scopes"]) == ("pending", [])
        assert made["governance"].items() >= GOVERNANCE.items()
        early = await platform_token(client, client_id, secret)
        assert (early.status_code, early.json()["error"]) == (400, "unauthorized_client")
        approved = await admin.ask("POST", f"{APPS}/{client_id}/approve-scopes")
        assert approved.status_code == 200, approved.text
        assert approved.json()["approved_scopes"] == ["argus:epcr:read"]
        given = await platform_token(client, client_id, secret)
        assert given.json()["scope"] == "argus:epcr:read"
        shown = await admin.ask("GET", f"{APPS}/{client_id}")
        assert shown.json()["status"] == "approved"
        assert secret not in shown.text
        assert '"client_secret"' not in shown.text + (await admin.ask("GET", APPS)).text
    assert admin.events() == [("app.created", client_id), ("app.approved", client_id)]
    assert admin.audited()[-5:] == [
        "token.issued",
        "app.created",
        "token.refused",
        "app.approved",
        "token.issued",
    ]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"requested_scopes": ["argus:nothing:read"]}, "unknown_scope"),
    ({"requested_scopes": ["argus:epcr:read", "argus:platform:admin"]}, "unknown_scope"),
    ({"requested_scopes": ["*"]}, "unknown_scope"),
    ({"requested_scopes": ["argus:*"]}, "unknown_scope"),
    ({"requested_scopes": ["argus:epcr:*"]}, "unknown_scope"),
    ({"requested_scopes": ["clients:*"]}, "unknown_scope"),
    ({"grant_types": ["authorization_code"]}, "redirect_uri_required"),
    ({"redirect_uris": ["http://a.example/cb"]}, "insecure_redirect_uri"),
    ({"redirect_uris": ["https://*.a.example/cb"]}, "insecure_redirect_uri"),
    ({"redirect_uris": ["https://a.example/cb#x"]}, "insecure_redirect_uri"),
    ({"redirect_uris": ["https://user@a.example/cb"]}, "insecure_redirect_uri"),
    ({"redirect_uris": ["https://a.example:x/cb"]}, "insecure_redirect_uri"),
    ({"redirect_uris": ["https://a.example/c b"]}, "insecure_redirect_uri"),
    ({"redirect_uris": ["javascript:alert(1)"]}, "insecure_redirect_uri"),
    ({"redirect_uris": ["/cb"]}, "insecure_redirect_uri"),
    ({"post_logout_redirect_uris": ["http://a.example/"]}, "insecure_redirect_uri"),
    ({"token_endpoint_auth_method": "none"}, "credential_required"),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_keys"),
    ({"jwks_uri": "https://a.example/jwks"}, "invalid_client_keys"),
    ({"product_id": "prd_nothing"}, "unknown_product"),
    ({"grant_types": ["password"]}, "invalid_request"),
    ({"grant_types": []}, "invalid_request"),
    ({"name": " "}, "invalid_request"),
    ({"secret": "mine"}, "invalid_request"),
]


async def test_what_cannot_be_registered_is_refused_by_name(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        for changes, reason in REFUSED:
            refused = await admin.ask("POST", APPS, {**NEW, **changes})
            assert (refused.status_code, refused.json()["error"]) == (422, reason), changes
        assert len((await admin.ask("GET", APPS)).json()["apps"]) == 2
    assert not admin.events()


async def test_safe_addresses_and_public_applications_are_taken(embedded: Installation) -> None:
    uris = ["https://a.example/cb?x=1", "http://127.0.0.1/cb", "com.example.app:/cb"]
    body = {**CODE, "redirect_uris": uris, "token_endpoint_auth_method": "none"}
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        made = await admin.made(APPS, {**body, "profiles": ["portal"]})
        assert "client_secret" not in made
        assert (made["redirect_uris"], made["profiles"]) == (uris, ["portal"])
        path = f"{APPS}/{made['client_id']}/rotate-secret"
        refused = await admin.ask("POST", path)
        assert (refused.status_code, refused.json()["error"]) == (409, "public_client")


async def test_an_application_with_keys_of_its_own_has_no_secret(embedded: Installation) -> None:
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    public = {**key.as_dict(private=False), "kid": "k1", "remark": 1.5}
    body = {**NEW, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [public]}}
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        made = await admin.made(APPS, body)
        assert "client_secret" not in made
        assert made["jwks"]["keys"][0]["kid"] == "k1"
        assert "remark" not in made["jwks"]["keys"][0]
        path = f"{APPS}/{made['client_id']}/rotate-secret"
        refused = await admin.ask("POST", path)
        assert (refused.status_code, refused.json()["error"]) == (409, "no_secret_client")
        leaked: dict[str, list[object]] = {"keys": [key.as_dict(private=True) | {"kid": "k1"}]}
        empty: dict[str, list[object]] = {"keys": []}
        for given in (leaked, empty):
            refused = await admin.ask("POST", APPS, {**body, "jwks": given})
            assert (refused.status_code, refused.json()["error"]) == (422, "invalid_client_keys")
        for uri in (
            "http://a.example/jwks",
            "https://",
            "https://user:p@a.example/jwks",
            "https://127.0.0.1/jwks",
            "https://a.example:99999/jwks",
            "https://a.example/j wks",
            "https://a.example/jwks#one",
        ):
            refused = await admin.ask("POST", APPS, {**body, "jwks": None, "jwks_uri": uri})
            assert (refused.status_code, refused.json()["error"]) == (422, "invalid_client_keys")
        fetched = {**body, "jwks": None, "jwks_uri": "https://a.example:8443/jwks?x=1"}
        assert (await admin.made(APPS, fetched))["jwks_uri"] == fetched["jwks_uri"]


async def test_an_application_shows_which_of_its_secrets_are_used(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        made = await admin.made(APPS, NEW)
        path = f"{APPS}/{made['client_id']}"
        await admin.ask("POST", f"{path}/approve-scopes")
        embedded.clock.pass_(1)
        rotated = (await admin.ask("POST", f"{path}/rotate-secret", {"grace_seconds": 60})).json()
        before = await admin.ask("GET", path)
        embedded.clock.pass_(1)
        await platform_token(client, made["client_id"], rotated["client_secret"])
        shown = await admin.ask("GET", path)
        assert rotated["client_secret"] not in shown.text
        new, old = shown.json()["secrets"]
        assert (new["last4"], old["last4"]) == (
            rotated["client_secret"][-4:],
            made["client_secret"][-4:],
        )
        assert new["last_used_at"] == "2026-11-23T10:00:02Z"
        assert "last_used_at" not in old
        assert old["expires_at"] == rotated["previous_secret_expires_at"]
        assert shown.headers["etag"] == before.headers["etag"], "being used is no change of it"
        changed = await admin.ask(
            "PATCH", path, {"name": "X"}, **{"If-Match": shown.headers["etag"]}
        )
        assert changed.status_code == 200
        listed = (await admin.ask("GET", APPS)).json()["apps"]
        assert not any("secrets" in one for one in (made, changed.json(), *listed))


async def test_the_list_pages_by_age_with_a_cursor_that_is_the_tenants_own(
    cloud: Installation,
) -> None:
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        other = await administrator(cloud, client, of=cloud.other)
        for number in range(3):
            cloud.clock.pass_(1)
            await admin.made(APPS, {**NEW, "name": f"App {number}"})
        names: list[str] = []
        cursor = ""
        for _ in range(3):
            page = (await admin.ask("GET", f"{APPS}?limit=2{cursor}")).json()
            names += [app["name"] for app in page["apps"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert names[2:] == ["App 0", "App 1", "App 2"]
        assert len(names) == 5
        first = (await admin.ask("GET", f"{APPS}?limit=2")).json()["next_cursor"]
        stolen = await other.ask("GET", f"{APPS}?cursor={first}")
        assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_cursor")


async def test_a_change_waits_for_approval_only_when_it_wants_more(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        made = await admin.made(
            APPS, {**NEW, "requested_scopes": ["argus:jobs:*", "argus:epcr:read"]}
        )
        path = f"{APPS}/{made['client_id']}"
        wider = await admin.ask("PATCH", path, {"requested_scopes": ["argus:*"]})
        assert (wider.status_code, wider.json()["error"]) == (422, "unknown_scope")
        refused = await admin.ask("PATCH", path, {"status": "suspended"})
        assert (refused.status_code, refused.json()["error"]) == (409, "app_pending")
        await admin.ask("POST", f"{path}/approve-scopes")
        token = await platform_token(client, made["client_id"], made["client_secret"])
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        less = await admin.ask("PATCH", path, {"requested_scopes": ["argus:jobs:read"]})
        assert (less.json()["status"], less.json()["approved_scopes"]) == (
            "approved",
            ["argus:jobs:read"],
        )
        more = await admin.ask(
            "PATCH", path, {"requested_scopes": ["argus:epcr:read", "argus:jobs:read"]}
        )
        assert (more.json()["status"], more.json()["approved_scopes"]) == (
            "pending",
            ["argus:jobs:read"],
        )
        gone = await client.get("/api/v1/epcr/encounters", headers=headers)
        assert gone.status_code == 401
        await admin.ask("POST", f"{path}/approve-scopes", {"scopes": ["argus:epcr:read"]})
        stopped = await admin.ask("PATCH", path, {"status": "suspended", "name": "Stopped"})
        assert (stopped.json()["status"], stopped.json()["name"]) == ("suspended", "Stopped")
        refused = await platform_token(client, made["client_id"], made["client_secret"])
        assert refused.json()["error"] == "unauthorized_client"
        going = await admin.ask("PATCH", path, {"status": "approved"})
        assert going.json()["status"] == "approved"
        assert (await admin.ask("PATCH", path, {})).status_code == 422
        refused = await admin.ask("PATCH", path, {"redirect_uris": ["http://a.example/"]})
        assert refused.json()["error"] == "insecure_redirect_uri"


async def test_if_match_guards_a_change(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        made = await admin.made(APPS, NEW)
        path = f"{APPS}/{made['client_id']}"
        tag = (await admin.ask("GET", path)).headers["etag"]
        first = await admin.ask("PATCH", path, {"name": "One"}, **{"If-Match": tag})
        assert first.status_code == 200
        late = await admin.ask("PATCH", path, {"name": "Two"}, **{"If-Match": tag})
        assert (late.status_code, late.json()["error"]) == (412, "precondition_failed")
        for header in (f'"x", {first.headers["etag"]}', "*"):
            again = await admin.ask("PATCH", path, {"name": "One"}, **{"If-Match": header})
            assert again.status_code == 200


async def test_governance_is_of_one_application_and_is_answered_whole(
    cloud: Installation,
) -> None:
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        made, untouched = await admin.made(APPS, NEW), await admin.made(APPS, NEW)
        path = f"{APPS}/{made['client_id']}/governance"
        changes = {"max_token_ttl_seconds": 600, "allowed_ip_ranges": ["192.0.2.0/24"]}
        answer = await admin.ask("PATCH", path, changes)
        assert answer.status_code == 200, answer.text
        assert answer.json()["client_id"] == made["client_id"]
        assert answer.json()["governance"].items() >= {**GOVERNANCE, **changes}.items()
        other = (await admin.ask("GET", f"{APPS}/{untouched['client_id']}")).json()
        assert other["governance"].items() >= GOVERNANCE.items()
        for wrong in ({"everything": True}, {"enforce_pkce": 1}, {"allowed_ip_ranges": ["x"]}):
            refused = await admin.ask("PATCH", path, wrong)
            assert (refused.status_code, refused.json()["error"]) == (422, "invalid_governance")
        refused = await admin.ask("PATCH", path, {"allowed_redirect_uris": ["http://a.example"]})
        assert refused.json()["error"] == "insecure_redirect_uri"
        await admin.ask("POST", f"{APPS}/{made['client_id']}/approve-scopes")
        outside = await platform_token(client, made["client_id"], made["client_secret"])
        assert outside.json()["error"] == "unauthorized_client"
        await admin.ask("PATCH", path, {"allowed_ip_ranges": []})
        inside = await platform_token(client, made["client_id"], made["client_secret"])
        assert inside.json()["expires_in"] == 600
        await admin.ask("PATCH", path, {"sandbox_only": True})
        refused = await platform_token(client, made["client_id"], made["client_secret"])
        assert refused.json()["error"] == "unauthorized_client"
    assert ("app.governance_updated", made["client_id"]) in admin.events()
    assert "app.governance_updated" in admin.audited()


async def test_rotating_leaves_the_old_secret_its_grace(cloud: Installation) -> None:
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        made = await admin.made(APPS, NEW)
        client_id, old = made["client_id"], made["client_secret"]
        await admin.ask("POST", f"{APPS}/{client_id}/approve-scopes")
        path = f"{APPS}/{client_id}/rotate-secret"
        answer = await admin.ask("POST", f"{path}?grace_seconds=60")
        assert answer.status_code == 200, answer.text
        assert answer.json()["previous_secret_expires_at"] == "2026-11-23T10:01:00Z"
        new = answer.json()["client_secret"]
        for secret in (old, new):
            assert (await platform_token(client, client_id, secret)).status_code == 200
        cloud.clock.pass_(61)
        dead = await platform_token(client, client_id, old)
        assert (dead.status_code, dead.json()["error"]) == (401, "invalid_client")
        assert (await platform_token(client, client_id, new)).status_code == 200
        at_once = await admin.ask("POST", path, {"grace_seconds": 0})
        assert (await platform_token(client, client_id, new)).status_code == 401
        newest = at_once.json()["client_secret"]
        assert (await platform_token(client, client_id, newest)).status_code == 200
        for wrong in ("?grace_seconds=604801", "?grace_seconds=-1"):
            assert (await admin.ask("POST", f"{path}{wrong}")).status_code == 422
        for _ in range(7):
            cloud.clock.pass_(1)
            last = (await admin.ask("POST", path)).json()["client_secret"]
        assert (await platform_token(client, client_id, newest)).status_code == 401
        assert (await platform_token(client, client_id, last)).status_code == 200
    assert admin.events().count(("app.secret_rotated", client_id)) == 9


async def test_a_repeated_request_changes_nothing_and_shows_no_secret_again(
    cloud: Installation,
) -> None:
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        key = {"Idempotency-Key": "once"}
        first = await admin.ask("POST", APPS, NEW, **key)
        again = await admin.ask("POST", APPS, {**NEW, "name": "Other"}, **key)
        assert again.status_code == 201
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["idempotency-payload-mismatch"] == "true"
        shown = {n: v for n, v in first.json().items() if n != "client_secret"}
        assert again.json() == shown
        assert len((await admin.ask("GET", APPS)).json()["apps"]) == 3
        client_id, secret = first.json()["client_id"], first.json()["client_secret"]
        await admin.ask("POST", f"{APPS}/{client_id}/approve-scopes")
        path = f"{APPS}/{client_id}/rotate-secret"
        rotated = await admin.ask("POST", path, **key)
        repeated = await admin.ask("POST", path, **key)
        assert "client_secret" not in repeated.json()
        new = rotated.json()["client_secret"]
        assert (await platform_token(client, client_id, new)).status_code == 200
        with cloud.database.reading(now=cloud.clock()) as work:
            kept = [row.body.decode() for row in work.session.scalars(select(IdempotencyRow))]
    assert len(kept) == 2
    assert not any(one in body for body in kept for one in (secret, new))


async def test_a_deleted_application_is_as_if_it_had_never_been(cloud: Installation) -> None:
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        made = await admin.made(APPS, NEW)
        path = f"{APPS}/{made['client_id']}"
        await admin.ask("POST", f"{path}/approve-scopes")
        token = await platform_token(client, made["client_id"], made["client_secret"])
        assert (await admin.ask("DELETE", path)).status_code == 204
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        dead = await client.get("/api/v1/epcr/encounters", headers=headers)
        assert dead.status_code == 401
        refused = await platform_token(client, made["client_id"], made["client_secret"])
        nobody = await platform_token(client, "app_nobody", made["client_secret"])
        assert (refused.status_code, refused.json()) == (401, nobody.json())
        for method, ask in (("GET", path), ("DELETE", path)):
            gone = await admin.ask(method, ask)
            assert (gone.status_code, gone.json()["error"]) == (404, "app_not_found")
        assert len((await admin.ask("GET", APPS)).json()["apps"]) == 2
        own = await admin.ask("DELETE", f"{APPS}/{cloud.mine.admin_client_id}")
        assert (own.status_code, own.json()["error"]) == (409, "own_client")
    assert "app.deleted" in admin.audited()
