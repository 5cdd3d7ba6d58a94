"""Two at the same moment, over each database: what counts once counts once."""

from __future__ import annotations

import base64
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from cloud.core.authorization.authorization_requests import PageError
from cloud.core.authorization.browsers import Browser
from cloud.core.authorization.token_endpoint import Caller
from cloud.core.federation import connections
from cloud.core.federation.connections import NewConnection
from cloud.core.federation.logins import LIFE, SamlLogins, forget_over
from cloud.core.federation.reading import read
from cloud.core.federation.relay import Onward
from cloud.core.federation.service_provider import ServiceProvider
from cloud.core.federation.tables import SamlLoginRow
from cloud.core.identity.tables import ExternalIdentityRow
from cloud.core.kernel.work import utc_now
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.identity_provider import IdentityProvider, identity_provider, posted
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
        request = read(zlib.decompress(base64.b64decode(told["SAMLRequest"][0]), -15))
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
        except PageError as exc:
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
