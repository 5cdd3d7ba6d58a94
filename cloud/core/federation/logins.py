"""Signing in over an identity provider: out with a request, back with an answer, on with a session.

The answer is posted by another site's page, so the browser sends none of our cookies with it
(SameSite=Lax). The answer therefore opens nothing yet: it earns a ticket, and only the browser that
began the sign-in can change that for a session, by an ordinary visit. Nobody can be signed in as
somebody else by a page that posts, and what was not asked for is not taken.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from cloud.core.authorization import pushed_requests
from cloud.core.authorization.authorization_requests import ForeignFormError, PageError
from cloud.core.authorization.browsers import Browser
from cloud.core.authorization.proofs import use_once
from cloud.core.authorization.secrets import key_hash, new_opaque
from cloud.core.authorization.sign_ins import SignIns
from cloud.core.authorization.token_endpoint import Caller
from cloud.core.entitlements.access import FEDERATION, has_reviewed_access
from cloud.core.federation.assertions import SKEW, Asserted, Expected
from cloud.core.federation.connections import ACTIVE, ENDED, key_purpose
from cloud.core.federation.decryption import decrypted
from cloud.core.federation.metrics import FederationMetrics
from cloud.core.federation.people import person_of
from cloud.core.federation.provider_metadata import in_force
from cloud.core.federation.reading import Element
from cloud.core.federation.refusals import SamlRefusedError
from cloud.core.federation.relay import Onward, onward
from cloud.core.federation.responses import Trusted, read_response
from cloud.core.federation.service_provider import (
    ServiceProvider,
    metadata,
    private_key,
    redirect,
    request,
)
from cloud.core.federation.tables import SamlConnectionRow, SamlLoginRow
from cloud.core.identity.tables import UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database, UnitOfWork

LOG: Final = logging.getLogger("vitalwire.federation")
LIFE: Final = timedelta(minutes=10)
"""How long somebody may take at the identity provider."""
TICKET_LIFE: Final = timedelta(minutes=1)
REFUSED: Final = (
    "Your organisation's sign-in could not be taken. Begin again where you came from; if that does "
    "not help, show the number below to your administrator."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInBySaml:
    """A session begun: its cookie's value, which is seen only here, and where to go on."""

    session: str
    path: str


class NotLetInError(Exception):
    """The connection is there, but its organisation has no reviewed access (any more)."""


class SamlLogins:
    """Takes browsers out to an identity provider and back."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        sign_ins: SignIns,
        metrics: FederationMetrics,
        *,
        issuer: str,
        skew: timedelta = SKEW,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._sign_ins = sign_ins
        self._metrics = metrics
        self._issuer = issuer
        self._skew = skew

    def metadata(self, connection_id: str) -> str:
        """What the identity provider is told of us; NotFoundError, NotLetInError."""
        with self._database.reading(now=self._clock()) as work:
            row = self._connection(work, connection_id)
            return metadata(self._provider(connection_id), row.own_certificate)

    def begin(self, connection_id: str, wanted: Onward, browser: Browser) -> str:
        """Where the browser goes with a new request; NotFoundError, NotLetInError, PageError while
        the connection is paused.
        """
        with self._database.begin(now=self._clock()) as work:
            row = self._open_connection(work, connection_id)
            relay = new_opaque("vwr")
            is_forced = wanted.is_forced
            if wanted.request_uri:
                until = work.now + LIFE + 2 * TICKET_LIFE
                is_forced |= pushed_requests.awaited(
                    work, wanted.request_uri, browser=browser.mark, until=until
                )
            login = SamlLoginRow(
                # An ID begins with a letter or an underscore (XML, NCName).
                request_id=f"_{secrets.token_hex(20)}",
                connection_id=connection_id,
                tenant_id=row.tenant_id,
                relay_hash=key_hash(relay),
                browser_hash=browser.mark_hash,
                sealed_path=self._vault.seal(wanted.path.encode(), purpose=_purpose(relay)),
                is_forced=is_forced,
                created_at=work.now,
                expires_at=work.now + LIFE,
            )
            work.session.add(login)
            xml = request(
                self._provider(connection_id),
                request_id=login.request_id,
                destination=row.sign_in_address,
                is_forced=is_forced,
                now=work.now,
            )
            pem = self._own_key(row)
            key = None if pem is None else private_key(pem)
            return redirect(row.sign_in_address, xml, relay, key)

    def answer(self, connection_id: str, posted: str, relay: str, caller: Caller) -> str:
        """The ticket for an answer that holds; PageError for any other, which is audited, and while
        the connection is paused. NotFoundError, NotLetInError.
        """
        with self._database.reading(now=self._clock()) as work:
            connection = self._open_connection(work, connection_id)
            login = self._login(work, connection, relay)
        with self._refusing(connection, caller):
            if login is None or login.answered_at is not None:
                raise SamlRefusedError("unknown_request")
            # No transaction is open while signatures are looked at.
            asserted = self._asserted(connection, login, posted)
            with self._database.begin(now=self._clock()) as work:
                return self._taken(work, connection_id, relay, asserted, caller)

    def arrive(self, connection_id: str, ticket: str, browser: Browser) -> SignedInBySaml:
        """The session for a ticket, once, in the browser that began; ForeignFormError in another,
        PageError for a ticket that is none (any more), and while the connection is paused.
        """
        with self._database.begin(now=self._clock()) as work:
            connection = self._open_connection(work, connection_id)
            login = work.session.scalars(
                select(SamlLoginRow)
                .where(
                    SamlLoginRow.tenant_id == connection.tenant_id,
                    SamlLoginRow.connection_id == connection_id,
                    SamlLoginRow.ticket_hash == key_hash(ticket),
                    SamlLoginRow.expires_at > work.now,
                )
                .with_for_update()
            ).one_or_none()
            is_theirs = login is not None and login.browser_hash == browser.mark_hash
            if login is not None and is_theirs:
                return self._begun(work, connection, login, ticket, browser)
            who = _nobody(connection, browser.caller)
            reason = "unknown_ticket" if login is None else "another_browser"
            self._note(work, connection, who, reason)
        if login is None:
            raise PageError("This sign-in is over. Begin again where you came from.")
        raise ForeignFormError("This sign-in was begun in another browser. Begin again here.")

    def _asserted(
        self, connection: SamlConnectionRow, login: SamlLoginRow, posted: str
    ) -> Asserted:
        now = self._clock()
        until = connection.metadata_valid_until
        if until is not None and until <= now:
            raise SamlRefusedError("metadata_expired")
        certificates = in_force(connection.certificates, now=now, skew=self._skew)
        if not certificates:
            raise SamlRefusedError("certificate_expired")
        provider = self._provider(connection.connection_id)
        expected = Expected(
            issuer=connection.entity_id,
            audience=provider.entity_id,
            recipient=provider.answer_address,
            request_id=login.request_id,
            asked_at=login.created_at,
            now=now,
            is_forced=login.is_forced,
            skew=self._skew,
        )
        trusted = Trusted(entity_id=connection.entity_id, certificates=certificates)
        pem = self._own_key(connection)

        def decrypt(element: Element) -> bytes:
            if pem is None:
                raise SamlRefusedError("cannot_decrypt")
            return decrypted(element, private_key(pem))

        return read_response(posted, trusted, expected, decrypt=decrypt)

    def _taken(
        self, work: UnitOfWork, connection_id: str, relay: str, asserted: Asserted, caller: Caller
    ) -> str:
        """What an answer changes: it, its assertion and its request count once."""
        connection = self._open_connection(work, connection_id)
        login = self._login(work, connection, relay, to_change=True)
        if login is None or login.answered_at is not None:
            raise SamlRefusedError("unknown_request")
        ends = asserted.good_until + self._skew
        if not use_once(work, "saml", connection_id, asserted.assertion_id, expires_at=ends):
            raise SamlRefusedError("replayed")
        who = _nobody(connection, caller)
        user = person_of(work, self._vault, connection, asserted, who)
        ticket = new_opaque("vwt")
        path = self._vault.open(login.sealed_path, purpose=_purpose(relay))
        login.sealed_path = self._vault.seal(path, purpose=_purpose(ticket))
        login.ticket_hash, login.user_id = key_hash(ticket), user.user_id
        login.authenticated_at = asserted.authenticated_at
        login.session_until = asserted.session_until
        login.answered_at, login.expires_at = work.now, work.now + TICKET_LIFE
        work.session.flush()
        return ticket

    def _begun(
        self,
        work: UnitOfWork,
        connection: SamlConnectionRow,
        login: SamlLoginRow,
        ticket: str,
        browser: Browser,
    ) -> SignedInBySaml:
        user = work.session.get(UserRow, login.user_id)
        is_theirs = user is not None and user.tenant_id == connection.tenant_id
        if user is None or not is_theirs or login.authenticated_at is None:
            raise AssertionError("an answered sign-in has a person")
        path = self._vault.open(login.sealed_path, purpose=_purpose(ticket)).decode()
        session = self._sign_ins.vouched(
            work,
            user,
            browser,
            authenticated_at=login.authenticated_at,
            until=login.session_until,
            note=f"saml {connection.connection_id}",
        )
        if login.is_forced and (request_uri := onward(path).request_uri):
            pushed_requests.proved_anew(work, request_uri, browser=browser.mark)
        login.ticket_hash, login.expires_at = None, work.now
        connection.last_used_at = work.now
        self._metrics.logins.labels("signed_in").inc()
        return SignedInBySaml(session=session, path=path)

    @contextmanager
    def _refusing(self, connection: SamlConnectionRow, caller: Caller) -> Iterator[None]:
        """Audit, log and count what is refused; the person gets one sentence for all of it."""
        try:
            yield
        except SamlRefusedError as exc:
            reason = exc.reason
        else:
            return
        with self._database.begin(now=self._clock()) as work:
            self._note(work, connection, _nobody(connection, caller), reason)
        raise PageError(REFUSED)

    def _note(
        self, work: UnitOfWork, connection: SamlConnectionRow, who: Principal, reason: str
    ) -> None:
        audit.record(
            work,
            who,
            "saml.refused",
            "saml_connection",
            connection.connection_id,
            outcome="denied",
            note=reason,
        )
        LOG.warning(
            "event=saml_refused reason=%s connection=%s request_id=%s",
            reason,
            connection.connection_id,
            who.request_id,
        )
        self._metrics.logins.labels(reason).inc()

    def _connection(self, work: UnitOfWork, connection_id: str) -> SamlConnectionRow:
        # every tenant: the address names the connection, and so whose people they are.
        row = work.session.get(SamlConnectionRow, connection_id)
        if row is None or row.status == ENDED:
            raise NotFoundError("not_found", "There is nothing at this address.")
        if not has_reviewed_access(work, row.tenant_id, FEDERATION):
            raise NotLetInError
        return row

    def _open_connection(self, work: UnitOfWork, connection_id: str) -> SamlConnectionRow:
        row = self._connection(work, connection_id)
        if row.status != ACTIVE:
            raise PageError("Signing in this way is paused. Ask your administrator.")
        return row

    def _login(
        self,
        work: UnitOfWork,
        connection: SamlConnectionRow,
        relay: str,
        *,
        to_change: bool = False,
    ) -> SamlLoginRow | None:
        statement = select(SamlLoginRow).where(
            SamlLoginRow.tenant_id == connection.tenant_id,
            SamlLoginRow.connection_id == connection.connection_id,
            SamlLoginRow.relay_hash == key_hash(relay),
            SamlLoginRow.expires_at > work.now,
        )
        if to_change:
            statement = statement.with_for_update()
        return work.session.scalars(statement).one_or_none()

    def _own_key(self, connection: SamlConnectionRow) -> str | None:
        if connection.sealed_key is None:
            return None
        purpose = key_purpose(connection.connection_id)
        return self._vault.open(connection.sealed_key, purpose=purpose).decode()

    def _provider(self, connection_id: str) -> ServiceProvider:
        return ServiceProvider(self._issuer, connection_id)


def forget_over(work: UnitOfWork) -> None:
    """Drop sign-ins whose time is over; the audit keeps what came of them."""
    # every tenant: what is over is over for all of them.
    work.session.execute(delete(SamlLoginRow).where(SamlLoginRow.expires_at <= work.now))


def _purpose(name: str) -> str:
    """The path opens only with what the browser carries."""
    return f"saml-path/{key_hash(name)}"


def _nobody(connection: SamlConnectionRow, caller: Caller) -> Principal:
    """Who has not proved to be anybody, in the chain of the organisation they named."""
    return replace(
        audit.NOBODY,
        tenant_id=connection.tenant_id,
        address=caller.address,
        request_id=caller.request_id,
        trace_id=caller.trace_id,
    )
