"""Endpoints of OAuth and of partners keep the shape of their errors, whatever goes wrong."""

from __future__ import annotations

from dataclasses import replace

import httpx
from sqlalchemy import text

from cloud.api.shared.rate_limits import TOKENS_BY_ADDRESS, RateLimits
from cloud.api.shared.trusted_proxies import TrustedProxies
from tests.fixtures.cloud import Installation
from tests.fixtures.oauth import People

PARTNERS = "/v2/partners/authenticate"
GRANT = {"grant_type": "client_credentials"}


def words(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, whose shape has to be its address's own."""
    body = answer.json()
    if answer.request.url.path == PARTNERS:
        assert set(body) == {"message", "code", "requestId"}
        assert body["requestId"] == answer.headers["x-request-id"]
        return answer.status_code, body["code"]
    assert set(body) == {"error", "error_description"}
    return answer.status_code, body["error"]


async def test_what_the_frame_refuses_is_said_in_the_words_of_the_address(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    fhir = {"Accept": "application/fhir+json"}
    services = embedded.app.state.services
    too_large = b"a" * (embedded.parts.settings.max_body_octets + 1)
    for path in ("/v1/oauth/token", "/v1/auth/oauth/introspect", "/oauth/par", PARTNERS):
        is_partners = path == PARTNERS
        limits = RateLimits({TOKENS_BY_ADDRESS: "1/minute"}, embedded.clock)
        embedded.app.state.services = replace(services, limits=limits)
        embedded.app.state.proxies = TrustedProxies.of("127.0.0.1", "client-cert")
        got = await http.get(path, headers=fhir)
        assert words(got) == (405, "method_not_allowed" if is_partners else "invalid_request")
        assert got.headers["allow"] == "POST"
        spoiled = await http.post(path, headers={"client-cert": "none"})
        word = "malformed_client_certificate" if is_partners else "invalid_request"
        assert words(spoiled) == (400, word)
        headers = {"X-API-Key": "x", "Content-Type": "application/x-www-form-urlencoded"}
        large = await http.post(path, content=too_large, headers=headers | fhir)
        assert words(large) == (413, "body_too_large" if is_partners else "invalid_request")
        throttled = await http.post(path, headers=fhir)
        assert words(throttled) == (429, "too_many_requests")
        assert throttled.headers["retry-after"] == "60"
        embedded.app.state.services = replace(services, limits=None)
        word = "internal_error" if is_partners else "server_error"
        assert words(await http.post(path)) == (500, word)


async def test_a_store_that_is_away_is_said_so(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    client = people.client(embedded.mine.tenant_id)
    with embedded.database.begin(now=embedded.clock()) as work:
        work.session.execute(text("ALTER TABLE audit_entries RENAME TO gone"))
    answer = await http.post("/v1/oauth/token", data=GRANT, auth=client.auth)
    assert words(answer) == (503, "temporarily_unavailable")
    assert answer.headers["retry-after"]
    unread = await http.post("/v1/oauth/token", json={})
    assert words(unread) == (503, "temporarily_unavailable"), "nothing is refused unaudited"
