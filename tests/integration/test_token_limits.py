"""How often tokens may be asked for, and that nobody can use up another's share."""

from __future__ import annotations

from dataclasses import replace

import httpx
from sqlalchemy import select

from cloud.api.shared.rate_limits import TOKENS_BY_ADDRESS, TOKENS_BY_CLIENT, RateLimits
from cloud.api.shared.trusted_proxies import TrustedProxies
from cloud.core.kernel.audit import AuditRow
from tests.fixtures.administration import platform_token
from tests.fixtures.cloud import Installation


def limited(cloud: Installation, **spelled: str) -> None:
    """Put other limits before the surfaces."""
    services = cloud.app.state.services
    cloud.app.state.services = replace(services, limits=RateLimits(spelled, cloud.clock))


async def asked_from(client: httpx.AsyncClient, address: str, pair: tuple[str, str]) -> int:
    answer = await client.post(
        "/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=pair,
        headers={"X-Forwarded-For": address},
    )
    return answer.status_code


async def test_a_client_that_asks_too_often_waits_and_others_do_not(
    embedded: Installation,
) -> None:
    limited(embedded, **{TOKENS_BY_CLIENT: "2/minute"})
    mine, other = embedded.mine, embedded.other
    async with embedded.client() as client:
        for _ in range(5):
            wrong = await platform_token(client, mine.client_id, "vws_guessed")
            assert wrong.status_code == 401
            assert "ratelimit-limit" not in wrong.headers
        for left in ("1", "0"):
            given = await platform_token(client, mine.client_id, mine.client_secret)
            assert (given.status_code, given.headers["ratelimit-remaining"]) == (200, left)
        refused = await platform_token(client, mine.client_id, mine.client_secret)
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
        assert refused.headers["retry-after"] == "60"
        assert refused.headers["ratelimit-limit"] == "2"
        again = await platform_token(client, other.client_id, other.client_secret)
        assert again.status_code == 200
        embedded.clock.pass_(60)
        later = await platform_token(client, mine.client_id, mine.client_secret)
        assert later.status_code == 200


async def test_an_address_that_asks_too_often_waits_and_the_proxy_tells_which_it_is(
    embedded: Installation,
) -> None:
    limited(embedded, **{TOKENS_BY_ADDRESS: "2/minute"})
    pair = (embedded.mine.client_id, embedded.mine.client_secret)
    async with embedded.client() as client:
        assert [await asked_from(client, "192.0.2.1", pair) for _ in range(3)] == [200, 200, 429]
        # Nobody said that 127.0.0.1 is a proxy, so its word changes nothing.
        assert await asked_from(client, "192.0.2.2", pair) == 429
        embedded.app.state.proxies = TrustedProxies.of("127.0.0.1")
        assert [await asked_from(client, "192.0.2.3", pair) for _ in range(3)] == [200, 200, 429]
        assert await asked_from(client, "192.0.2.4", pair) == 200
        for path in ("/v1/oauth/revoke", "/v1/oauth/introspect", "/v2/partners/authenticate"):
            answer = await client.post(path, headers={"X-Forwarded-For": "192.0.2.3"})
            assert answer.status_code == 429
    with embedded.database.reading(now=embedded.clock()) as work:
        addresses = list(work.session.scalars(select(AuditRow.address)))
    assert "192.0.2.4" in addresses
    assert "192.0.2.2" not in addresses


async def test_a_proxy_that_sends_a_certificate_twice_is_told_so(embedded: Installation) -> None:
    embedded.app.state.proxies = TrustedProxies.of("127.0.0.1", "X-Client-Cert")
    async with embedded.client() as client:
        headers = [("X-Client-Cert", "a"), ("X-Client-Cert", "b")]
        answer = await client.get("/v1/platform/apps", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed_client_certificate")
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
