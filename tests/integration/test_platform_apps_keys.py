"""Applications that prove themselves by keys change them over the API."""

from __future__ import annotations

from typing import Any

from joserfc.jwk import ECKey

from cloud.core.authorization.client_authentication import ASSERTION_TYPE
from tests.fixtures.administration import APPS, administrator
from tests.fixtures.cloud import ISSUER, START, Installation
from tests.fixtures.signed import assertion

NEW = {
    "name": "Hospital board",
    "grant_types": ["client_credentials"],
    "redirect_uris": [],
    "requested_scopes": ["argus:epcr:read"],
}


async def test_an_application_changes_its_keys_and_the_old_ones_end(embedded: Installation) -> None:
    old, new = (ECKey.generate_key("P-256", {"kid": name}) for name in ("k1", "k2"))
    public = [{**key.as_dict(private=False), "kid": key.kid} for key in (old, new)]
    keyed = {**NEW, "token_endpoint_auth_method": "private_key_jwt"}
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        made = await admin.made(APPS, {**keyed, "jwks": {"keys": public[:1]}})
        path = f"{APPS}/{made['client_id']}"
        await admin.ask("POST", f"{path}/approve-scopes")

        async def status(key: ECKey) -> int:
            proof = assertion(made["client_id"], key, f"{ISSUER}/v1/oauth/token", START)
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": proof,
            }
            return (await client.post("/v1/oauth/token", data=form)).status_code

        assert (await status(old), await status(new)) == (200, 401)
        changed = await admin.ask("PATCH", path, {"jwks": {"keys": public[1:]}})
        assert [key["kid"] for key in changed.json()["jwks"]["keys"]] == ["k2"]
        assert (await status(old), await status(new)) == (401, 200)
        refusals: tuple[dict[str, Any], ...] = (
            {"jwks": {"keys": public}, "jwks_uri": "https://a.example/jwks"},
            {"jwks": {"keys": []}},
            {"jwks_uri": "https://127.0.0.1/jwks"},
        )
        for refused in refusals:
            answer = await admin.ask("PATCH", path, refused)
            assert (answer.status_code, answer.json()["error"]) == (422, "invalid_client_keys")
        assert await status(new) == 200, "a refused change alters nothing"
        moved = (await admin.ask("PATCH", path, {"jwks_uri": "https://a.example/jwks"})).json()
        assert (moved["jwks_uri"], moved.get("jwks")) == ("https://a.example/jwks", None)
        plain = await admin.made(APPS, {**NEW, "name": "by secret"})
        answer = await admin.ask(
            "PATCH", f"{APPS}/{plain['client_id']}", {"jwks": {"keys": public}}
        )
        assert (answer.status_code, answer.json()["error"]) == (422, "invalid_client_keys")
