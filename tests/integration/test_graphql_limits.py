"""How often operations may be asked for: one client's haste is its own, and is told in GraphQL."""

from __future__ import annotations

from dataclasses import replace

from cloud.api.shared.rate_limits import ADMINISTRATION, OPERATIONS, RateLimits
from tests.fixtures.cloud import Installation
from tests.fixtures.graphql_apps import ACQI, APRIL, registered


def limited(cloud: Installation, **spelled: str) -> None:
    """Put other limits before the surfaces."""
    services = cloud.app.state.services
    cloud.app.state.services = replace(services, limits=RateLimits(spelled, cloud.clock))


async def test_operations_too_many_are_refused_in_graphqls_words(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await registered(embedded, http, "acqi")
        hasty = await registered(embedded, http, "acqi", of=embedded.other)
        limited(embedded, **{OPERATIONS: "2/minute"})
        body = {"query": ACQI, "variables": APRIL}
        for left in ("1", "0"):
            answer = await app.post(body)
            assert answer.status_code == 200
            assert answer.headers["ratelimit-remaining"] == left
        refused = await app.post(body, Accept="application/graphql-response+json")
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "60"
        assert refused.headers["ratelimit-limit"] == "2"
        assert refused.json() == {
            "errors": [
                {
                    "message": "Wait as long as Retry-After says.",
                    "extensions": {
                        "reason": "too_many_requests",
                        "code": "TOO_MANY_REQUESTS",
                        "traceId": refused.headers["x-argus-trace-id"],
                    },
                }
            ]
        }
        assert (await hasty.post(body)).status_code == 200
        embedded.clock.pass_(60)
        assert (await app.post(body)).status_code == 200


async def test_what_is_refused_counts_like_what_is_run(embedded: Installation) -> None:
    """Every refusal is written into the audit, so none of them is free."""
    async with embedded.client() as http:
        app = await registered(embedded, http)
        limited(embedded, **{OPERATIONS: "2/minute"})
        told = [(await app.post({"query": "{ anything }"})).status_code for _ in range(3)]
        assert told == [200, 200, 429]


async def test_operations_and_administration_are_counted_apart(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await registered(
            embedded, http, "acqi", scopes=("argus:acqi:read", "argus:observability:read")
        )
        limited(embedded, **{ADMINISTRATION: "1/minute"})
        looked_up = f"/v1/observability/traces/{'a' * 32}"
        told = [(await http.get(looked_up, headers=app.headers)).status_code for _ in range(2)]
        assert told == [404, 429]
        assert (await app.post({"query": ACQI, "variables": APRIL})).status_code == 200
