"""Rotation, revocation and what others' addresses may do to us; each with its number."""

from __future__ import annotations

import socket
import threading

import httpx
from sqlalchemy import event

from cloud.core.authorization.client_authentication import ASSERTION_TYPE
from cloud.core.authorization.keys import OVERLAP, KeyRing, retire, rotate
from cloud.core.authorization.profiles import PRIVATE_KEY_JWT
from cloud.core.authorization.revocations import BOUND, Revocations
from cloud.core.authorization.tokens import TokenPolicy, TokenService
from cloud.core.kernel.errors import UnauthenticatedError
from cloud.core.kernel.work import Database
from tests.fixtures.cloud import ISSUER, START, Installation
from tests.fixtures.oauth import People, is_good, redeem
from tests.fixtures.signed import assertion, new_key, signed


async def kids(http: httpx.AsyncClient) -> list[str]:
    return [key["kid"] for key in (await http.get("/.well-known/jwks.json")).json()["keys"]]


async def test_key_rotation(embedded: Installation, http: httpx.AsyncClient) -> None:
    """Attack 30: a key in its grace verifies, a retired one does not."""
    first = (await embedded.headers(http))["Authorization"].partition(" ")[2]
    before = await kids(http)
    vault = embedded.parts.vault
    embedded.clock.pass_(1)
    with embedded.database.begin(now=embedded.clock()) as work:
        rotate(work, vault)
    after = await kids(http)
    assert after[: len(before)] == before, "oldest first"
    assert len(after) == len(before) + 2
    assert await is_good(http, first)
    second = (await embedded.headers(http))["Authorization"].partition(" ")[2]
    assert await is_good(http, second)
    embedded.clock.pass_(OVERLAP.total_seconds())
    assert not set(before) & set(await kids(http))
    third = (await embedded.headers(http))["Authorization"].partition(" ")[2]
    assert await is_good(http, third)
    with embedded.database.begin(now=embedded.clock()) as work:
        for kid in after[len(before) :]:
            assert retire(work, kid)
            assert not retire(work, kid)
        assert not retire(work, "unknown")
    assert not await is_good(http, third), "retired at once"
    fourth = (await embedded.headers(http))["Authorization"].partition(" ")[2]
    assert await is_good(http, fourth)


async def test_unknown_key_ids_in_a_flood(embedded: Installation, http: httpx.AsyncClient) -> None:
    """Attack 30: a flood of unknown kids leads to one reading a minute."""
    assert await is_good(http, (await embedded.headers(http))["Authorization"].partition(" ")[2])
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM signing_keys" in statement:
            statements.append(statement)

    event.listen(embedded.database.engine, "before_cursor_execute", note)
    key = new_key(kind="RSA-2048")
    for number in range(100):
        token = signed({"alg": "RS256", "typ": "at+jwt", "kid": f"k{number}"}, {}, key)
        assert not await is_good(http, token)
    event.remove(embedded.database.engine, "before_cursor_execute", note)
    assert len(statements) == 1


async def test_a_person_or_client_that_is_suspended(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 31: 401 at once in the process that did it, and within the bound in any other."""
    tenant = embedded.mine.tenant_id
    # Another process: what this one changes is not told there, it must look for itself.
    clock, database = embedded.clock, Database(embedded.database.engine)
    vault, policy = embedded.parts.vault, TokenPolicy(issuer=ISSUER)
    ring, revocations = KeyRing(database, vault, clock), Revocations(database, clock)
    elsewhere = TokenService(ring, vault, policy, clock, revocations)

    def is_good_elsewhere(token: str) -> bool:
        try:
            elsewhere.verify(token)
        except UnauthenticatedError:
            return False
        return True

    # What another process changes is not told here: the second service must look for itself.
    database._watchers.pop()
    for what in ("suspended", "epoch", "client"):
        client, user = people.client(tenant), people.person(tenant)
        clock.pass_(BOUND.total_seconds())
        body = await redeem(http, client, people.code(client, user))
        token = body["access_token"]
        assert is_good_elsewhere(token)
        if what == "suspended":
            people.change_person(user, status="suspended")
        elif what == "epoch":
            people.change_person(user, epoch=2)
        else:
            people.change(client, status="suspended")
        assert not await is_good(http, token)
        clock.pass_(BOUND.total_seconds())
        assert not is_good_elsewhere(token)
        form = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
        fresh = await http.post(client.token_path, data={**form, **client.form})
        assert (fresh.status_code == 400) is (what != "epoch")


async def test_who_was_made_elsewhere_is_known_within_a_second(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    """The other side of attack 31: nobody waits for the bound to be let in."""
    clock = embedded.clock
    elsewhere = Database(embedded.database.engine)
    people = People(elsewhere, embedded.parts.vault, clock)
    known = (await embedded.headers(http))["Authorization"].partition(" ")[2]
    assert await is_good(http, known)
    clock.pass_(1)
    client = people.client(embedded.mine.tenant_id)
    form = {"grant_type": "client_credentials", **client.form}
    body = (await http.post(client.token_path, data=form)).json()
    assert await is_good(http, body["access_token"])
    people.change(client, epoch=2)
    assert await is_good(http, body["access_token"]), "within the bound"
    clock.pass_(BOUND.total_seconds())
    assert not await is_good(http, body["access_token"])


async def test_registration_and_devices_are_not_offered(http: httpx.AsyncClient) -> None:
    """Attack 32: there is no address to give a logo or a sector of others to."""
    for path in ("oauth-authorization-server", "openid-configuration"):
        document = (await http.get(f"/.well-known/{path}")).json()
        assert "registration_endpoint" not in document
        assert "device_authorization_endpoint" not in document
    for base in ("/v1/oauth", "/oauth", "/v1/auth/oauth"):
        for path in ("register", "device_authorization", "device/code"):
            assert (await http.post(f"{base}/{path}", data={})).status_code == 404


async def test_a_clients_key_address_inside_our_network(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 32: a jwks_uri into our own network is never called, whoever registered it."""
    reached = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        for uri in (
            f"http://127.0.0.1:{port}/",
            f"https://127.0.0.1:{port}/",
            f"https://localhost:{port}/",
            f"https://[::ffff:127.0.0.1]:{port}/",
            "https://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
        ):
            key = new_key("k")
            client = people.client(
                embedded.mine.tenant_id, methods=(PRIVATE_KEY_JWT,), jwks_uri=uri
            )
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion(client.client_id, key, ISSUER, START),
            }
            answer = await http.post(client.token_path, data=form)
            assert (uri, answer.status_code) == (uri, 401)
            assert answer.json()["error"] == "invalid_client"
            assert "127.0.0.1" not in answer.text
        try:
            listener.accept()
            reached.set()
        except TimeoutError:
            pass
    assert not reached.is_set()
