"""Addresses nobody answers at: refused where they are, and nobody is sent anywhere else by them."""

from __future__ import annotations

import pytest

from tests.fixtures.cloud import Installation


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_slash_too_many_or_too_few_sends_nobody_to_the_host_they_named(
    embedded: Installation, method: str
) -> None:
    async with embedded.client() as http:
        for path in (
            "/v1/oauth/token/",
            "/v1/oauth/authorize/",
            "/v1/webhooks/",
            "/api/v1/platform",
            "/v1/saml",
            "/account/",
            "/.well-known/jwks.json/",
        ):
            # With its body, secrets among them, a 307 would go there.
            answer = await http.request(method, path, headers={"Host": "elsewhere.example"})
            assert (answer.status_code, "location" in answer.headers) == (404, False), path


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/webhooks", "GET, POST"),
        ("POST", "/v1/webhooks/wh_0", "DELETE, GET, PATCH, PUT"),
        ("POST", "/.well-known/jwks.json", "GET, HEAD"),
        ("DELETE", "/v1/oauth/authorize", "GET, POST"),
        ("PUT", "/v1/platform/apps", "GET, POST"),
        ("TRACE", "/v1/oauth/token", "POST"),
    ],
)
async def test_a_method_an_address_does_not_have_is_told_those_it_has(
    embedded: Installation, method: str, path: str, allowed: str
) -> None:
    async with embedded.client() as http:
        answer = await http.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
