"""Who may administer platform applications, and whose they are."""

from __future__ import annotations

from tests.fixtures.administration import (
    APPS,
    Administrator,
    administrator,
    clinical_administrator,
    platform_token,
)
from tests.fixtures.cloud import Installation

NEW = {
    "name": "Hospital board",
    "grant_types": ["client_credentials"],
    "redirect_uris": [],
    "requested_scopes": ["argus:epcr:read"],
}
ROUTES = [
    ("GET", "", None),
    ("PATCH", "", {"name": "Mine now"}),
    ("DELETE", "", None),
    ("PATCH", "/governance", {"allow_service_tokens": True}),
    ("POST", "/approve-scopes", None),
    ("POST", "/rotate-secret", None),
    ("POST", "/service-token", {"scopes": ["argus:epcr:read"]}),
    ("GET", "/service-tokens", None),
    ("DELETE", "/service-tokens/some", None),
    ("POST", "/sandbox-token", {"scenarios": ["chest_pain"]}),
    ("POST", "/certificates", {"certificate_pem": "x"}),
    ("GET", "/certificates", None),
    ("DELETE", "/certificates/some", None),
]


async def test_another_tenants_application_and_a_gateway_answer_like_absent_ones(
    cloud: Installation,
) -> None:
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        before = (await admin.ask("GET", f"{APPS}/{cloud.mine.client_id}")).json()
        stranger = await administrator(cloud, client, of=cloud.other)
        for method, path, body in ROUTES:
            answers = []
            for client_id in (cloud.mine.client_id, cloud.mine.gateway_id, "app_0", "app_%00"):
                answer = await stranger.ask(method, f"{APPS}/{client_id}{path}", body)
                document = answer.json()
                del document["request_id"]
                answers.append((answer.status_code, document))
            assert answers[0] == answers[1] == answers[2], (method, path)
            assert [status for status, _ in answers] == [404, 404, 404, 400], (method, path)
        after = (await admin.ask("GET", f"{APPS}/{cloud.mine.client_id}")).json()
        assert after == before


async def test_each_call_needs_its_scope_and_the_platforms_audience(
    embedded: Installation,
) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        clinical = await clinical_administrator(embedded, client)
        made = await admin.made(APPS, {**NEW, "name": "Watcher"})
        path = f"{APPS}/{made['client_id']}"
        await admin.ask("POST", f"{path}/approve-scopes", {"scopes": ["platform:apps:read"]})
        token = await platform_token(client, made["client_id"], made["client_secret"])
        reading = {"Authorization": f"Bearer {token.json()['access_token']}"}
        for method, tail, body in ROUTES:
            url = f"{path}{tail}"
            assert (await client.request(method, url, json=body)).status_code == 401
            assert (await clinical.ask(method, url, body)).status_code == 401
            answer = await client.request(method, url, headers=reading, json=body)
            assert answer.status_code == (200 if method == "GET" else 403), (method, tail)
        assert (await client.get(APPS, headers=reading)).status_code == 200
        assert (await client.post(APPS, json=NEW, headers=reading)).status_code == 403


async def test_scopes_nobody_may_ask_for_are_given_by_approval_alone(
    embedded: Installation,
) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        made = await admin.made(APPS, NEW)
        path = f"{APPS}/{made['client_id']}/approve-scopes"
        given = await admin.ask("POST", path, {"scopes": ["argus:epcr:handover"]})
        assert given.json()["approved_scopes"] == ["argus:epcr:handover"]
        refused = await admin.ask("POST", path, {"scopes": ["argus:nothing"]})
        assert (refused.status_code, refused.json()["error"]) == (422, "unknown_scope")
        refused = await admin.ask("POST", path, {"scopes": ["*"]})
        assert (refused.status_code, refused.json()["error"]) == (422, "internal_only_scope")
        listed = (await admin.ask("GET", "/v1/platform/scopes")).json()["scopes"]
        names = [scope["name"] for scope in listed]
        assert names == sorted(names)
        assert "argus:epcr:read" in names
        assert "argus:platform:admin" not in names


async def test_nobody_gets_through_an_application_what_they_may_not_do(
    embedded: Installation,
) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        made = await admin.made(APPS, {**NEW, "name": "Registrar"})
        scopes = {"scopes": ["platform:apps:write", "argus:devices:read"]}
        await admin.ask("POST", f"{APPS}/{made['client_id']}/approve-scopes", scopes)
        token = await platform_token(client, made["client_id"], made["client_secret"])
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        registrar = Administrator(embedded, embedded.mine, client, headers)
        powerful = f"{APPS}/{embedded.mine.admin_client_id}"
        for method, path, body in ROUTES[1:]:
            if method == "GET" or path == "/service-tokens/some":
                continue
            refused = await registrar.ask(method, f"{powerful}{path}", body)
            assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
        fresh = await registrar.made(APPS, NEW)
        own = f"{APPS}/{fresh['client_id']}"
        assert (await registrar.ask("POST", f"{own}/rotate-secret")).status_code == 200
        assert (await registrar.ask("POST", f"{own}/approve-scopes")).status_code == 403
        flags = {"enforce_pkce": False}
        refused = await registrar.ask("PATCH", f"{own}/governance", flags)
        assert refused.json()["details"] == {"required": ["argus:platform:admin"]}
        assert (await admin.ask("PATCH", f"{own}/governance", flags)).status_code == 200
        await admin.ask("POST", f"{own}/approve-scopes")
        assert (await registrar.ask("POST", f"{own}/rotate-secret")).status_code == 403
        await admin.ask("POST", f"{own}/approve-scopes", {"scopes": ["argus:devices:read"]})
        assert (await registrar.ask("POST", f"{own}/rotate-secret")).status_code == 200
