"""Twenty real requests at the same moment, over sockets, on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from cloud.app.bootstrap import bootstrap
from cloud.core.authorization.client_authentication import ASSERTION_TYPE
from cloud.core.authorization.profiles import PRIVATE_KEY_JWT
from cloud.core.kernel.work import utc_now
from tests.fixtures.oauth import Client, People, redemption
from tests.fixtures.served_cloud import ServedCloud, served_cloud
from tests.fixtures.signed import assertion, dpop_proof, key_set, new_key
from tests.postgres import PostgresServer

AT_ONCE = 20


class Race:
    """A served installation with two tenants, and requests that start together."""

    def __init__(self, cloud: ServedCloud, http: httpx.Client) -> None:
        self.cloud = cloud
        self.http = http
        self.people = People(cloud.parts.database, cloud.parts.vault, cloud.parts.clock)
        self.mine = cloud.caller.tenant_id
        self.other = str(bootstrap(cloud.parts, "Other")["tenant_id"])

    def post(self, client: Client, form: dict[str, str]) -> httpx.Response:
        return self.http.post(
            f"{self.cloud.base_url}{client.token_path}",
            data={**form, **client.form},
        )

    def is_good(self, token: str) -> bool:
        headers = {"Authorization": f"Bearer {token}"}
        answer = self.http.get(f"{self.cloud.base_url}/api/v1/devices", headers=headers)
        assert answer.status_code in (200, 401)
        return answer.status_code == 200

    def at_once(self, act: Callable[[], httpx.Response]) -> list[httpx.Response]:
        """The answers to twenty requests."""
        barrier = Barrier(AT_ONCE)

        def run(_: int) -> httpx.Response:
            barrier.wait(60)
            return act()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(run, range(AT_ONCE)))


def one_of(answers: list[httpx.Response], refused: tuple[int, str]) -> httpx.Response:
    """The only good answer; all others are refused alike."""
    good = [answer for answer in answers if answer.status_code == 200]
    others = {
        (answer.status_code, answer.json()["error"])
        for answer in answers
        if answer.status_code != 200
    }
    assert (len(good), others) == (1, {refused})
    return good[0]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)]
)
def race(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Race]:
    url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
    each_their_own = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    with (
        served_cloud(tmp_path_factory.mktemp("races"), database_url=url) as cloud,
        httpx.Client(timeout=60, limits=each_their_own) as http,
    ):
        yield Race(cloud, http)


def test_parallel_redemptions_of_one_code(race: Race) -> None:
    """Attack 2: exactly one 200; and since the code came twice, its tokens end."""
    client = race.people.client(race.mine)
    thief = race.people.client(race.other)
    user = race.people.person(race.mine)
    code = race.people.code(client, user)
    good = one_of(race.at_once(lambda: race.post(client, redemption(code))), (400, "invalid_grant"))
    assert not race.is_good(good.json()["access_token"])
    code = race.people.code(client, user)
    stolen = race.at_once(lambda: race.post(thief, redemption(code)))
    assert {answer.status_code for answer in stolen} == {400}


def test_refresh_reuse_in_a_race(race: Race) -> None:
    """Attack 15: one 200, then the family has ended."""
    client = race.people.client(race.mine)
    user = race.people.person(race.mine)
    code = race.people.code(client, user)
    first = race.post(client, redemption(code)).json()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    thief = race.people.client(race.other)
    absent = race.post(thief, {**form, "refresh_token": "never-issued"})
    for stolen in race.at_once(lambda: race.post(thief, form)):
        assert (stolen.status_code, stolen.json()) == (absent.status_code, absent.json())
    good = one_of(race.at_once(lambda: race.post(client, form)), (400, "invalid_grant"))
    newest = {"grant_type": "refresh_token", "refresh_token": good.json()["refresh_token"]}
    assert race.post(client, newest).status_code == 400
    for token in (first["access_token"], good.json()["access_token"]):
        assert not race.is_good(token)


def test_one_assertion_and_one_proof_in_a_race(race: Race) -> None:
    """Attacks 18 and 21: of a proof that is good once, twenty at the same moment are good once."""
    key = new_key("k")
    client = race.people.client(race.mine, methods=(PRIVATE_KEY_JWT,), jwks=key_set(key))
    text = assertion(client.client_id, key, race.cloud.base_url, utc_now())
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": text,
    }
    stranger = race.people.client(race.other, methods=(PRIVATE_KEY_JWT,), jwks=key_set(key))
    foreign = race.http.post(
        f"{race.cloud.base_url}{stranger.token_path}",
        data={**form, "client_id": stranger.client_id},
    )
    assert (foreign.status_code, foreign.json()["error"]) == (401, "invalid_client")
    one_of(race.at_once(lambda: race.post(client, form)), (401, "invalid_client"))

    holder = race.people.client(race.mine)
    form = {"grant_type": "client_credentials", **holder.form}
    url = f"{race.cloud.base_url}{holder.token_path}"
    proof = {"DPoP": dpop_proof(key, "POST", url, utc_now())}
    good = one_of(
        race.at_once(lambda: race.http.post(url, data=form, headers=proof)),
        (400, "invalid_dpop_proof"),
    )
    token = good.json()["access_token"]
    url = f"{race.cloud.base_url}/api/v1/devices"
    headers = {
        "Authorization": f"DPoP {token}",
        "DPoP": dpop_proof(key, "GET", url, utc_now(), token=token),
    }
    one_of(
        race.at_once(lambda: race.http.get(url, headers=headers)),
        (401, "invalid_dpop_proof"),
    )


def test_revocations_of_one_token_in_a_race(race: Race) -> None:
    """RFC 7009 2.2: 200 for each of them, and the token has ended."""
    client = race.people.client(race.mine)
    token = race.post(client, {"grant_type": "client_credentials"}).json()["access_token"]
    url = f"{race.cloud.base_url}/v1/oauth/revoke"
    stranger = race.people.client(race.other)
    foreign = race.at_once(lambda: race.http.post(url, data={"token": token, **stranger.form}))
    absent = race.http.post(url, data={"token": "never-issued", **stranger.form})
    assert {(one.status_code, one.content) for one in foreign} == {
        (absent.status_code, absent.content)
    }
    assert race.is_good(token), "nobody ends a token of another tenant"
    form = {"token": token, **client.form}
    answers = race.at_once(lambda: race.http.post(url, data=form))
    assert {answer.status_code for answer in answers} == {200}
    assert not race.is_good(token)
