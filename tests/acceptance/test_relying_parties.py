"""Three independent clients sign people in and get tokens from the running server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from cloud.core.authorization import sessions
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.profiles import PRIVATE_KEY_JWT
from cloud.core.kernel.vault import open_vault
from cloud.core.kernel.work import Database, utc_now
from cloud.db.engine import open_engine
from tests.acceptance.relying_parties import Parties
from tests.fixtures.oauth import Client, People
from tests.fixtures.signed import Key, key_set, new_key
from tests.fixtures.visitor import Visitor
from tests.integration.test_cloud_programs import run, started

pytestmark = pytest.mark.acceptance

BACK = "https://client.example/callback"
PASSWORD = "correct horse battery"
HASH = sessions.hash_password(PASSWORD)
PORTAL = "openid profile_read appointment_read"


@dataclass(frozen=True, slots=True)
class Ground:
    """A running server, its clients and the people who sign in."""

    issuer: str
    parties: Parties
    key: Key
    clients: dict[str, Client]
    emails: dict[str, str]

    def wanted(self, client: str, **more: object) -> dict[str, Any]:
        """What a party is told."""
        one = self.clients[client]
        told: dict[str, Any] = {
            "issuer": self.issuer,
            "client_id": one.client_id,
            "redirect_uri": BACK,
            "scope": PORTAL,
        }
        if one.secret:
            told["client_secret"] = one.secret
        if "key" in client:
            told["private_jwk"] = dict(self.key.as_dict(private=True))
        return {**told, **more}

    def browse(self, person: str) -> Any:  # noqa: ANN401 - a function
        """A person's browser, from an application's address back to the application."""

        async def visit(url: str) -> str:
            async with httpx.AsyncClient(base_url=self.issuer, timeout=60) as http:
                visitor = Visitor(http)
                parts = urlsplit(url)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                page = await visitor.open(parts.path, **query)
                page = await visitor.sign_in(page, self.emails[person], PASSWORD)
                # Who allowed it before is not asked again.
                return page.address or (await visitor.decide(page)).address

        return visit


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


@pytest.fixture(scope="module")
def ground(parties: Parties, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    data = tmp_path_factory.mktemp("served")
    made = run("bootstrap", "--json", "--name", "Mine", "--data", str(data))
    assert made.returncode == 0, made.stderr
    other = run("bootstrap", "--json", "--name", "Other", "--data", str(data))
    assert other.returncode == 0, other.stderr
    tenant = json.loads(made.stdout)["tenant_id"]
    database = Database(open_engine(data=data, database_url=None))
    people = People(database, open_vault(data), utc_now)
    key = new_key("k-1")
    emails = fill(people, tenant)
    clients = register(people, tenant, key)
    database.close()
    ports = ("--port", "0", "--mqtt-port", "0")
    log = data.with_suffix(".log")
    with started("serve", "--data", str(data), *ports, log=log) as (_, ready):
        yield Ground(ready["http"], parties, key, clients, emails)


def fill(people: People, tenant: str) -> dict[str, str]:
    """A patient and somebody of the crew; their addresses."""
    emails = {}
    for role in ("patient", "crew"):
        user_id = people.person(tenant, role)
        people.change_person(user_id, email=f"{role}@example.org", password_hash=HASH)
        emails[role] = f"{role}@example.org"
    return emails


def register(people: People, tenant: str, key: Key) -> dict[str, Client]:
    """A client for each way in."""
    signing: dict[str, Any] = {"methods": (PRIVATE_KEY_JWT,), "jwks": key_set(key)}
    back: dict[str, Any] = {"redirects": (BACK,)}
    strict = Governance(require_dpop=True, require_pushed_requests=True)
    return {
        "secret": people.client(tenant, profile="portal", **back),
        "public": people.public_client(
            tenant, profile="portal", id_token_algorithm="ES256", **back
        ),
        "platform key": people.client(tenant, governance=strict, **signing, **back),
    }


async def test_openid_client_signs_a_person_in(ground: Ground) -> None:
    wanted = ground.wanted("secret", userinfo=True)
    told = await ground.parties.run("openid-client", wanted, ground.browse("patient"))
    assert told["scope"] == PORTAL
    assert told["claims"]["aud"] == ground.clients["secret"].client_id
    assert told["userinfo"]["sub"] == told["claims"]["sub"]
    assert told["userinfo"]["given_name"] == "Ada"
    assert (told["refreshed"], told["active"], told["active_later"]) == (True, True, False)


async def test_openid_client_without_a_secret_proves_a_key(ground: Ground) -> None:
    wanted = ground.wanted("public", dpop=True, userinfo=True, id_token_alg="ES256")
    told = await ground.parties.run("openid-client", wanted, ground.browse("patient"))
    assert told["token_type"].lower() == "dpop"
    assert told["refreshed"] is True


async def test_openid_client_pushes_signs_and_proves(ground: Ground) -> None:
    wanted = ground.wanted(
        "platform key",
        algorithm="oauth2",
        dpop=True,
        par=True,
        scope="argus:devices:read",
        resource=f"{ground.issuer}/api/v1/devices",
    )
    told = await ground.parties.run("openid-client", wanted, ground.browse("crew"))
    assert told["has_request_uri"] is True
    assert told["token_type"].lower() == "dpop"
    assert (told["resource"], told["refreshed"]) == (200, True)
    assert (told["active"], told["active_later"]) == (True, False)


async def test_openid_client_acts_for_itself(ground: Ground) -> None:
    wanted = ground.wanted(
        "platform key",
        algorithm="oauth2",
        grant="client_credentials",
        dpop=True,
        scope="argus:devices:read",
        resource=f"{ground.issuer}/api/v1/devices",
    )
    told = await ground.parties.run("openid-client", wanted)
    assert (told["token_type"].lower(), told["resource"]) == ("dpop", 200)


async def test_openid_client_refuses_another_issuers_answer(ground: Ground) -> None:
    """Attack 9: the party compares `iss` and redeems nothing."""
    wanted = ground.wanted("secret", mix_up=True)
    told = await ground.parties.run("openid-client", wanted, ground.browse("patient"))
    assert "token_type" not in told
    assert told["refused"]


async def test_authlib_signs_a_person_in(ground: Ground) -> None:
    told = await ground.parties.run("authlib", ground.wanted("secret"), ground.browse("patient"))
    assert told["userinfo"]["sub"] == told["claims"]["sub"]
    assert (told["scope"], told["refreshed"]) == (PORTAL, True)
    assert (told["active"], told["active_later"]) == (True, False)


async def test_idpyoidc_signs_a_person_in(ground: Ground) -> None:
    told = await ground.parties.run("idpyoidc", ground.wanted("secret"), ground.browse("patient"))
    assert told["has_token"] is True
    assert told["userinfo"]["sub"] == told["claims"]["sub"]
