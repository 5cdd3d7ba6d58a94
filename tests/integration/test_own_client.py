"""An administrator's own client cannot lock the tenant out: nobody could undo it over the API."""

from __future__ import annotations

from tests.fixtures.administration import (
    APPS,
    CLIENTS,
    Administrator,
    administrator,
    clinical_administrator,
    clinical_token,
)
from tests.fixtures.cloud import Installation
from tests.integration.test_clinical_clients import wanted

STOPPING: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("PATCH", "", {"status": "suspended"}),
    ("PATCH", "", {"requested_scopes": []}),
    ("PATCH", "", {"requested_scopes": ["argus:epcr:read"]}),
    ("POST", "/approve-scopes", {"scopes": []}),
    ("POST", "/approve-scopes", {"scopes": ["argus:platform:admin"]}),
    ("PATCH", "/governance", {"sandbox_only": True}),
    ("PATCH", "/governance", {"allowed_ip_ranges": ["192.0.2.0/24"]}),
)


async def test_a_platform_client_cannot_be_stopped_by_itself(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        path = f"{APPS}/{embedded.mine.admin_client_id}"
        before = (await admin.ask("GET", path)).json()
        for method, tail, body in STOPPING:
            refused = await admin.ask(method, f"{path}{tail}", body)
            assert (refused.status_code, refused.json()["error"]) == (409, "own_client"), body
            assert (await admin.ask("GET", path)).json() == before
        await administrator(embedded, client)


async def test_what_locks_nobody_out_may_be_changed(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        path = f"{APPS}/{embedded.mine.admin_client_id}"
        assert (await admin.ask("PATCH", path, {"name": "Operations"})).status_code == 200
        more = {"scopes": ["argus:platform:admin", "platform:apps:*", "clients:admin", "argus:*"]}
        assert (await admin.ask("POST", f"{path}/approve-scopes", more)).status_code == 200
        flags = {"max_token_ttl_seconds": 600, "allowed_ip_ranges": ["127.0.0.0/8"]}
        assert (await admin.ask("PATCH", f"{path}/governance", flags)).status_code == 200
        other = f"{APPS}/{embedded.mine.client_id}"
        assert (await admin.ask("PATCH", other, {"status": "suspended"})).status_code == 200


async def test_a_clinical_client_cannot_be_stopped_by_itself(embedded: Installation) -> None:
    async with embedded.client() as client:
        first = await clinical_administrator(embedded, client)
        scopes = ["clients:admin", "cases:read"]
        made = await first.made(CLIENTS, wanted(embedded.mine, scopes=scopes))
        token = await clinical_token(client, made["client_id"], made["client_secret"])
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        own = Administrator(embedded, embedded.mine, client, bearer)
        path = f"{CLIENTS}/{made['id']}"
        for body in (
            {"status": "suspended"},
            {"scopes": ["cases:read"]},
            {"scopes": ["clients:admin"]},
        ):
            refused = await own.ask("PATCH", path, body)
            assert (refused.status_code, refused.json()["error"]) == (409, "own_client")
        changed = await own.ask(
            "PATCH", path, {"name": "Desk", "scopes": ["clients:admin", "cases:*"]}
        )
        assert changed.status_code == 200
        assert (await first.ask("PATCH", path, {"status": "suspended"})).status_code == 200
