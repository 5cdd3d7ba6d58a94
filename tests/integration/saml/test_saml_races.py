"""Two at the same moment, over each database: what counts once counts once."""

from __future__ import annotations

import threading
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from sqlalchemy import func, select

from cloud.core.authorization.authorization_requests import PageError
from cloud.core.authorization.browsers import Browser
from cloud.core.authorization.token_endpoint import Caller
from cloud.core.federation import connections
from cloud.core.federation.connections import NewConnection
from cloud.core.federation.logins import LIFE, SamlLogins, forget_over
from cloud.core.federation.reading import read
from cloud.core.federation.relay import Onward
from cloud.core.federation.service_provider import ServiceProvider, make_key
from cloud.core.federation.tables import SamlConnectionRow, SamlLoginRow
from cloud.core.identity.tables import ExternalIdentityRow
from cloud.core.kernel.errors import DuplicateError
from cloud.core.kernel.work import utc_now
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.identity_provider import (
    IdentityProvider,
    der,
    identity_provider,
    key_pair,
    posted,
)
from tests.fixtures.people_apps import audited
from tests.fixtures.reviewed import let_in

BROWSER = Browser(mark="the browser that began")


@dataclass(frozen=True, slots=True)
class Door:
    """One connection of mine, without a socket."""

    cloud: Installation
    provider: IdentityProvider
    connection_id: str

    @property
    def logins(self) -> SamlLogins:
        """What the surfaces call."""
        found: SamlLogins = self.cloud.app.state.services.saml
        return found

    def begun(self) -> tuple[str, str]:
        """An answer to a sign-in under way, and what the browser carries."""
        address = self.logins.begin(self.connection_id, Onward("/account"), BROWSER)
        told = parse_qs(urlsplit(address).query)
        request = read(zlib.decompress(b64decode(told["SAMLRequest"][0]), -15))
        own = ServiceProvider(ISSUER, self.connection_id)
        xml = self.provider.response(request.get("ID"), own.answer_address, own.entity_id)
        return posted(xml), told["RelayState"][0]

    def count(self, table: type[Any]) -> int:
        """How many rows there are."""
        with self.cloud.database.reading(now=self.cloud.clock()) as work:
            return work.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    """The identity provider."""
    with identity_provider(tmp_path_factory.mktemp("idp")) as made:
        yield made


@pytest.fixture
def door(cloud: Installation, provider: IdentityProvider) -> Door:
    """The provider goes by the real clock, and so does the cloud here."""
    cloud.clock.at = utc_now()
    let_in(cloud, "saml_federation")
    wanted = NewConnection(name="County", metadata=provider.metadata, provisions=True)
    with cloud.database.begin(now=cloud.clock()) as work:
        row = connections.create(
            work, cloud.parts.vault, cloud.mine.caller, wanted, is_secure=False
        )
        return Door(cloud, provider, row.connection_id)


def both(act: Callable[[], object]) -> list[object]:
    """What two threads get that begin together; for a refusal its class."""
    start, got = threading.Barrier(2), []

    def run() -> None:
        start.wait(10)
        try:
            got.append(act())
        except (PageError, DuplicateError) as exc:
            got.append(type(exc))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return got


def test_one_answer_posted_twice_at_once_is_one_ticket_one_person_and_one_session(
    door: Door,
) -> None:
    answer, relay = door.begun()
    cid = door.connection_id
    got = both(lambda: door.logins.answer(cid, answer, relay, Caller()))
    (ticket,) = [one for one in got if isinstance(one, str)]
    assert got.count(PageError) == 1
    assert door.count(ExternalIdentityRow) == 1
    sessions = both(lambda: door.logins.arrive(cid, ticket, BROWSER).session)
    assert sessions.count(PageError) == 1
    assert len(sessions) == 2


def test_two_connections_to_one_provider_at_once_are_one(door: Door) -> None:
    cloud, caller = door.cloud, door.cloud.mine.caller
    with cloud.database.begin(now=cloud.clock()) as work:
        connections.end(work, caller, door.connection_id)
    wanted = NewConnection(name="County", metadata=door.provider.metadata)

    def connect() -> str:
        with cloud.database.begin(now=cloud.clock()) as work:
            vault = cloud.parts.vault
            return connections.create(work, vault, caller, wanted, is_secure=False).connection_id

    got = both(connect)
    assert got.count(DuplicateError) == 1
    with cloud.database.reading(now=cloud.clock()) as work:
        assert len(connections.listing(work, caller)) == 1


def test_certificates_that_ended_and_metadata_that_is_old_prove_nothing(door: Door) -> None:
    years = timedelta(days=3700)
    ended, later = (
        der(make_key(name, now=at)[1])
        for name, at in (("old", utc_now() - years), ("new", utc_now() + years))
    )
    own = der(key_pair("provider")[1])
    twin = _same_key_ended()
    for certificates, until, reason in (
        ([ended], None, "certificate_expired"),
        ([later], None, "certificate_expired"),
        # The right key, in a certificate that ended beside one that has not.
        ([twin, der(key_pair("stranger")[1])], None, "bad_signature"),
        ([own], door.cloud.clock(), "metadata_expired"),
        # While keys roll over there are more than one.
        ([ended, own, later], utc_now() + years, ""),
    ):
        answer, relay = door.begun()
        with door.cloud.database.begin(now=door.cloud.clock()) as work:
            row = work.session.get_one(SamlConnectionRow, door.connection_id)
            row.certificates, row.metadata_valid_until = certificates, until
        if not reason:
            assert door.logins.answer(door.connection_id, answer, relay, Caller())
            continue
        with pytest.raises(PageError):
            door.logins.answer(door.connection_id, answer, relay, Caller())
        refused = audited(door.cloud, door.cloud.mine.tenant_id, "saml.refused")
        assert refused[-1].note == reason


def _same_key_ended() -> str:
    """The provider's key in a certificate that ended yesterday."""
    key = load_pem_private_key(key_pair("provider")[0].encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(utc_now() - timedelta(days=9))
        .not_valid_after(utc_now() - timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return b64encode(made.public_bytes(Encoding.DER)).decode()


def test_a_sign_in_that_takes_too_long_is_over_and_forgotten(door: Door) -> None:
    answer, relay = door.begun()
    door.cloud.clock.pass_(LIFE.total_seconds())
    with pytest.raises(PageError):
        door.logins.answer(door.connection_id, answer, relay, Caller())
    assert door.count(SamlLoginRow) == 1
    with door.cloud.database.begin(now=door.cloud.clock()) as work:
        forget_over(work)
    assert door.count(SamlLoginRow) == 0


def test_a_connection_that_ended_on_the_way_opens_nothing(door: Door) -> None:
    answer, relay = door.begun()
    ticket = door.logins.answer(door.connection_id, answer, relay, Caller())
    caller = door.cloud.mine.caller
    with door.cloud.database.begin(now=door.cloud.clock()) as work:
        connections.end(work, caller, door.connection_id)
    with pytest.raises(Exception, match="not_found"):
        door.logins.arrive(door.connection_id, ticket, BROWSER)
