"""What takes long is done before a unit of work begins; what is known in memory, how long."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from sqlalchemy import select, text

from cloud.core.authorization import client_secrets
from cloud.core.authorization.applications import authenticate
from cloud.core.authorization.client_authentication import (
    ASSERTION_TYPE,
    Presented,
    secret_compared,
)
from cloud.core.authorization.credential_tables import ClientSecretRow
from cloud.core.authorization.profiles import PRIVATE_KEY_JWT
from cloud.core.authorization.revocations import BOUND, MOST_STALE, Revocations
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.identity.people import trust_issuer
from cloud.core.kernel.work import Database, StorageError
from tests.fixtures.cloud import ISSUER, START, Installation
from tests.fixtures.key_server import KeyServer, opened_to_loopback
from tests.fixtures.oauth import People
from tests.fixtures.quick_hashes import add_secret
from tests.fixtures.signed import assertion, key_set, new_key
from tests.integration.oauth.test_exchange import AUDIENCE, EXCHANGE, IDP, Ground

GRANT = {"grant_type": "client_credentials"}


async def test_nobody_waits_for_a_hospital_that_does_not_answer(
    embedded: Installation, people: People, key_server: KeyServer
) -> None:
    key = new_key("k")
    key_server.document = key_set(key)
    key_server.may_answer.clear()
    client = people.client(
        embedded.mine.tenant_id, methods=(PRIVATE_KEY_JWT,), jwks_uri=key_server.url
    )
    form = {
        **GRANT,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion(client.client_id, key, ISSUER, START),
    }
    async with opened_to_loopback(embedded) as http:
        asking = asyncio.create_task(http.post(client.token_path, data=form))
        await asyncio.to_thread(key_server.asked.wait, 30)
        # The embedded database has one writer at a time: this one does not wait.
        people.change(people.client(embedded.other.tenant_id), name="Renamed meanwhile")
        assert not asking.done()
        key_server.may_answer.set()
        answer = await asking
    assert answer.status_code == 200, answer.text


def test_a_secret_is_compared_while_others_write(embedded: Installation, people: People) -> None:
    client = people.client(embedded.mine.tenant_id)
    right, wrong = (
        Presented(client_id=client.client_id, post_secret=secret)
        for secret in (client.secret, "wrong")
    )
    unknown = Presented(client_id="app_unknown", basic_secret="wrong")
    with embedded.database.begin(now=START) as work:
        row = work.session.get(ApplicationRow, client.client_id)
        assert row is not None
        row.name = "Being renamed"
        work.session.flush()
        compared = [
            secret_compared(embedded.database, one, START).compared
            for one in (right, wrong, unknown)
        ]
    assert [list(one.values()) for one in compared] == [[True], [False], [False]]
    both = Presented(client_id=client.client_id, post_secret="a", basic_secret="b")
    assert secret_compared(embedded.database, both, START) is both


def test_one_hash_is_compared_however_many_secrets_there_are(
    embedded: Installation, people: People
) -> None:
    """Attack 26: five secrets take the time of one, and of none."""
    client = people.client(embedded.mine.tenant_id)
    rotated = [f"a rotated secret, number {number}" for number in range(1000, 1004)]
    with embedded.database.begin(now=START) as work:
        for secret in rotated:
            add_secret(work, client.client_id, secret)
    for secret, fits in [
        *((one, True) for one in (client.secret, *rotated)),
        ("wrong", False),
        (f"wrong, with a known end: {rotated[0]}", False),
    ]:
        shown = Presented(client_id=client.client_id, basic_secret=secret)
        compared = secret_compared(embedded.database, shown, START).compared
        assert list(compared.values()) == [fits]
    with embedded.database.begin(now=START) as work:
        assert all(authenticate(work, client.client_id, one) for one in rotated)
        assert not authenticate(work, client.client_id, "wrong")


def test_secrets_of_before_their_ends_were_kept_are_found_and_noted(
    embedded: Installation, people: People
) -> None:
    client = people.client(embedded.mine.tenant_id)
    held = select(ClientSecretRow).where(ClientSecretRow.client_id == client.client_id)
    with embedded.database.begin(now=START) as work:
        add_secret(work, client.client_id, "another")
        for row in work.session.scalars(held):
            row.last_four = ""
    with embedded.database.begin(now=START) as work:
        assert authenticate(work, client.client_id, client.secret)
        assert not authenticate(work, client.client_id, "wrong")
    with embedded.database.reading(now=START) as work:
        assert {row.last_four for row in work.session.scalars(held)} == {"", client.secret[-4:]}


def test_no_two_secrets_of_a_client_end_alike(embedded: Installation, people: People) -> None:
    client = people.client(embedded.mine.tenant_id)
    drawn = iter(["vws_AAAAtail", "vws_BBBBtail", "vws_CCCCother"])
    with embedded.database.begin(now=START) as work:
        row = work.session.get_one(ApplicationRow, client.client_id)
        made = [client_secrets.add_secret(work, row, draw=drawn.__next__)[1] for _ in range(2)]
    assert made == ["vws_AAAAtail", "vws_CCCCother"]


async def test_a_hospitals_identity_provider_publishes_its_keys(
    embedded: Installation, http: httpx.AsyncClient, people: People, key_server: KeyServer
) -> None:
    ground = Ground(embedded, http, people)
    tenant = embedded.mine.tenant_id
    with embedded.database.begin(now=START) as work:
        trust_issuer(work, tenant_id=tenant, issuer=IDP, audience=AUDIENCE, jwks_uri=key_server.url)
    key_server.document = key_set(ground.key)
    form = {
        "grant_type": EXCHANGE,
        "subject_token": ground.id_token(),
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        **ground.client.form,
    }
    unreached = await http.post("/v1/auth/oauth/token", data=form)
    assert (unreached.status_code, unreached.json()["error"]) == (400, "temporarily_unavailable")
    assert key_server.calls == 0, "loopback was not opened there"
    async with opened_to_loopback(embedded) as hospital:
        for _ in range(2):
            answer = await hospital.post("/v1/auth/oauth/token", data=form)
            assert answer.status_code == 200, answer.text
        assert key_server.calls == 1
        unknown = {**form, "subject_token": ground.id_token(header={"kid": "idp-9"})}
        answer = await hospital.post("/v1/auth/oauth/token", data=unknown)
        assert answer.json()["error"] == "invalid_grant"
        signer = people.client(
            tenant,
            profile="clinical",
            methods=(PRIVATE_KEY_JWT,),
            jwks=key_set(ground.key),
            scopes=("cases:*",),
        )
        proof = assertion(signer.client_id, ground.key, ISSUER, START)
        form = {name: form[name] for name in form if not name.startswith("client_")}
        form |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": proof}
        answer = await hospital.post("/v1/auth/oauth/token", data=form)
        assert answer.json().get("scope") == "cases:*", answer.text


def test_for_two_minutes_what_was_known_goes_on_without_the_store(
    embedded: Installation, people: People
) -> None:
    client = people.client(embedded.mine.tenant_id)
    known = Revocations(Database(embedded.database.engine), embedded.clock)
    assert known.client(client.client_id) is not None
    with embedded.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE applications RENAME TO elsewhere"))
    embedded.clock.pass_(BOUND.total_seconds())
    assert known.client(client.client_id) is not None
    embedded.clock.pass_(MOST_STALE.total_seconds())
    with pytest.raises(StorageError):
        known.client(client.client_id)
    fresh = Revocations(Database(embedded.database.engine), embedded.clock)
    with pytest.raises(StorageError):
        fresh.user("usr_unknown")
    with embedded.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO applications"))
    assert known.client(client.client_id) is not None


def test_what_changes_often_is_not_taken_for_what_is_long_unknown(
    embedded: Installation, people: People
) -> None:
    client = people.client(embedded.mine.tenant_id)
    known = Revocations(embedded.database, embedded.clock)
    assert known.client(client.client_id) is not None
    for epoch in range(30):
        people.change(client, epoch=2 + epoch)
    with embedded.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE applications RENAME TO elsewhere"))
    assert known.client(client.client_id) is not None
    with embedded.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO applications"))


@pytest.mark.parametrize(("seconds", "is_own"), [(5, True), (3600, True), (3600, False)])
def test_a_clock_that_is_set_back_hides_nothing(
    seconds: int, is_own: bool, embedded: Installation, people: People
) -> None:
    client = people.client(embedded.mine.tenant_id)
    database = embedded.database if is_own else Database(embedded.database.engine)
    known = Revocations(database, embedded.clock)
    found = known.client(client.client_id)
    assert found is not None
    assert found.status == "approved"
    embedded.clock.pass_(-seconds)
    people.change(client, status="suspended")
    found = known.client(client.client_id)
    assert found is not None
    assert found.status == "suspended"
