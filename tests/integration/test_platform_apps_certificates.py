"""Certificates of platform applications, and governance that requires them."""

from __future__ import annotations

from urllib.parse import quote

import httpx

from cloud.api.shared.trusted_proxies import TrustedProxies
from tests.fixtures.administration import APPS, Administrator, administrator
from tests.fixtures.client_certificates import ClientCertificate, client_certificate
from tests.fixtures.cloud import Installation

HEADER = "X-Client-Cert"
NEW = {
    "name": "Hospital board",
    "grant_types": ["client_credentials"],
    "redirect_uris": [],
    "requested_scopes": ["argus:epcr:read"],
}


async def token(
    http: httpx.AsyncClient, client_id: str, shown: ClientCertificate | None, secret: str = ""
) -> httpx.Response:
    """The platform's answer to an application behind the proxy."""
    form = {"grant_type": "client_credentials", "client_id": client_id}
    if secret:
        form["client_secret"] = secret
    headers = {} if shown is None else {HEADER: quote(shown.pem)}
    return await http.post("/v1/oauth/token", data=form, headers=headers)


async def approved(admin: Administrator, **changes: object) -> tuple[str, str]:
    """A new application's id and secret, approved."""
    made = await admin.made(APPS, {**NEW, **changes})
    answer = await admin.ask("POST", f"{APPS}/{made['client_id']}/approve-scopes")
    assert answer.status_code == 200
    return made["client_id"], made["client_secret"]


async def test_an_application_that_must_show_a_certificate_can_register_one(
    embedded: Installation,
) -> None:
    embedded.app.state.proxies = TrustedProxies.of("127.0.0.1", HEADER)
    own, strange = client_certificate(), client_certificate()
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        client_id, secret = await approved(admin)
        path = f"{APPS}/{client_id}"
        flags = {"require_mtls": True}
        governed = await admin.ask("PATCH", f"{path}/governance", flags)
        assert governed.status_code == 200
        refused = await token(client, client_id, own, secret)
        assert refused.json()["error"] == "mtls_required"
        body = {"certificate_pem": own.pem, "label": "2026"}
        made = await admin.made(f"{path}/certificates", body)
        assert (made["certificate_only"], made["status"]) == (True, "active")
        assert (await token(client, client_id, strange)).json()["error"] == "invalid_client"
        assert (await token(client, client_id, None, secret)).json()["error"] == "mtls_required"
        given = await token(client, client_id, own)
        assert given.status_code == 200, given.text
        holder = {"Authorization": f"Bearer {given.json()['access_token']}"}
        shown = {**holder, HEADER: quote(own.pem)}
        url = "/api/v1/epcr/encounters/00000000-0000-0000-0000-000000000000"
        assert (await client.get(url, headers=holder)).status_code == 401
        assert (await client.get(url, headers=shown)).status_code == 404
        listed = (await admin.ask("GET", f"{path}/certificates")).json()
        assert listed["certificate_only"] is True
        assert [one["id"] for one in listed["certificates"]] == [made["id"]]
        gone = await admin.ask("DELETE", f"{path}/certificates/{made['id']}?revoke=true")
        assert (gone.json()["status"], gone.json()["certificate_only"]) == ("revoked", False)
        assert (await client.get(url, headers=shown)).status_code == 401
        again = await admin.ask("DELETE", f"{path}/certificates/{made['id']}")
        assert (again.status_code, again.json()["error"]) == (404, "certificate_not_found")
    assert {"app.certificate_added", "app.certificate_revoked"} <= set(admin.audited())
    assert ("app.updated", client_id) in admin.events()


async def test_what_a_door_cannot_take_is_not_registered(embedded: Installation) -> None:
    body = {"certificate_pem": client_certificate().pem}
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        portal, _ = await approved(admin, profiles=["platform", "portal"])
        answer = await admin.ask("POST", f"{APPS}/{portal}/certificates", body)
        assert (answer.status_code, answer.json()["error"]) == (409, "secret_only_profile")
        plain, _ = await approved(admin)
        answer = await admin.ask("POST", f"{APPS}/{plain}/certificates", {"certificate_pem": "x"})
        assert (answer.status_code, answer.json()["error"]) == (422, "invalid_certificate")
