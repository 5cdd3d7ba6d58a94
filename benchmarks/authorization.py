"""Tokens a second and what a check of one costs, on one core, by the processor's own time.

The check is all that an API call pays for its token: signature, claims, revocation state. `first`
is a token that this process has not seen yet, `again` one that it has. Run by `make bench`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cloud.core.authorization.client_authentication import ASSERTION_TYPE, Presented
from cloud.core.authorization.dpop import read_proof
from cloud.core.authorization.profiles import BY_NAME, PRIVATE_KEY_JWT
from cloud.core.authorization.secrets import hash_secret
from cloud.core.authorization.token_endpoint import Caller, TokenEndpoint
from cloud.core.authorization.tokens import TokenService
from tests.fixtures.cloud import ISSUER, START, Installation, install, running
from tests.fixtures.oauth import Client, People
from tests.fixtures.quick_hashes import set_secret_hash
from tests.fixtures.signed import assertion, dpop_proof, key_set, new_key

TOKENS = 200
CHECKS = 5_000
GRANT = {"grant_type": "client_credentials"}
Row = tuple[str, Sequence[float]]


def main() -> None:
    """Every row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with running(data, install(data)) as cloud:
            people = People(cloud.database, cloud.parts.vault, cloud.clock)
            rows = [*issuing(cloud, people), *checking(cloud, people)]
    print(f"{'':34}{'a second':>10}{'median us':>11}{'p99 us':>9}")
    for name, seconds in rows:
        ordered = sorted(seconds)
        median, worst = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        per_second = len(ordered) / sum(ordered)
        print(f"{name:34}{per_second:>10,.0f}{median * 1e6:>11,.0f}{worst * 1e6:>9,.0f}")


def issuing(cloud: Installation, people: People) -> list[Row]:
    """Client credentials by each way a client proves itself; audit and commit are in it."""
    key = new_key("k")
    tenant = cloud.mine.tenant_id
    secret = people.client(tenant)
    signer = people.client(tenant, methods=(PRIVATE_KEY_JWT,), jwks=key_set(key))
    with cloud.database.begin(now=cloud.clock()) as work:
        set_secret_hash(work, secret.client_id, hash_secret(secret.secret))
    by_secret = [Presented(client_id=secret.client_id, post_secret=secret.secret)] * TOKENS
    by_key = [
        Presented(assertion=assertion(signer.client_id, key, ISSUER, START), audiences=(ISSUER,))
        for _ in range(TOKENS)
    ]
    endpoint: TokenEndpoint = cloud.app.state.services.authorization.token_endpoint
    rows: list[Row] = []
    for name, shown in (("token by secret (argon2id)", by_secret), ("token by assertion", by_key)):
        rows.append((name, [timed(lambda one=one: issue(endpoint, one)) for one in shown]))
    return rows


def issue(endpoint: TokenEndpoint, presented: Presented) -> str:
    """One token of the platform."""
    form = {**GRANT, "client_assertion_type": ASSERTION_TYPE}
    answer = endpoint.answer(BY_NAME["platform"], presented, form, caller=Caller())
    return answer.access.access_token


def checking(cloud: Installation, people: People) -> list[Row]:
    """A bearer token for the first time and again, a forged one, and a DPoP proof."""
    tokens: TokenService = cloud.app.state.services.tokens
    endpoint: TokenEndpoint = cloud.app.state.services.authorization.token_endpoint
    client: Client = people.client(cloud.mine.tenant_id)
    shown = Presented(client_id=client.client_id, post_secret=client.secret)
    fresh = [issue(endpoint, shown) for _ in range(TOKENS)]
    tokens.verify(fresh[0])
    first = [timed(lambda one=one: tokens.verify(one)) for one in fresh[1:]]
    again = [timed(lambda: tokens.verify(fresh[1])) for _ in range(CHECKS)]
    key = new_key()
    url = ISSUER + "/api/v1/devices"
    proofs = [dpop_proof(key, "GET", url, START, token=fresh[0]) for _ in range(TOKENS)]
    proven = [
        timed(
            lambda one=one: read_proof(one, method="GET", url=url, now=START, access_token=fresh[0])
        )
        for one in proofs
    ]
    return [("bearer check, first", first), ("bearer check, again", again), ("DPoP proof", proven)]


def timed(act: Callable[[], object]) -> float:
    """The processor's seconds that one call takes."""
    started = time.process_time()
    act()
    return time.process_time() - started


if __name__ == "__main__":
    main()
