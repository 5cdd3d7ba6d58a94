"""Signing in by password: the limit first, then the password, then a new session."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cloud.core.authorization import sessions
from cloud.core.authorization.browsers import Browser, KnownBrowsers, account_of
from cloud.core.authorization.sign_in_limit import Attempt, SignInLimit
from cloud.core.identity.people import person_of_email
from cloud.core.identity.tables import UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ThrottledError
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database, UnitOfWork

LOG: Final = logging.getLogger("vitalwire.authorization")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A person just signed in: the cookies' values, which are seen only here."""

    session: str
    known: str


class SignIns:
    """The one door for passwords, whichever page they come by."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, limit: SignInLimit | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._limit = limit or SignInLimit()
        self._known = KnownBrowsers(vault)

    def is_known(self, browser: Browser) -> bool:
        """Whether anybody ever signed in on this browser."""
        return self._known.is_ours(browser.known)

    def attempt(
        self, *, tenant_id: str, email: str, password: str, browser: Browser, client_id: str = ""
    ) -> Arrival | None:
        """A new session in place of the browser's old one; None when address or password is wrong,
        after the same time for both. ThrottledError after too many failures.
        """
        account = account_of(tenant_id, email)
        device = self._known.device_of(browser.known, account)
        attempt = Attempt(account=account, address=browser.caller.address, device=device)
        try:
            self._limit.admit(attempt, now=self._clock())
        except ThrottledError:
            # Not in the audit: a flood must not write without bound. The failures before it are.
            LOG.warning("event=sign_in_throttled request_id=%s", browser.caller.request_id)
            raise
        # The password is checked outside of the writing unit: hashing takes its time on purpose.
        with self._database.reading(now=self._clock()) as work:
            found = sessions.person_by_password(
                work, tenant_id=tenant_id, email=email, password=password
            )
        with self._database.begin(now=self._clock()) as work:
            user = None if found is None else work.session.get(UserRow, found.user_id)
            if found is None or user is None or not _is_unchanged(found, user):
                _audit_refusal(work, tenant_id, email, browser, client_id)
                return None
            session = self._replace(work, user, browser, client_id)
        self._limit.forgive(attempt, now=self._clock())
        known = self._known.remember(browser.known, account, device or secrets.token_urlsafe(12))
        return Arrival(session=session, known=known)

    def vouched(
        self,
        work: UnitOfWork,
        user: UserRow,
        browser: Browser,
        *,
        authenticated_at: datetime,
        until: datetime | None,
        note: str,
    ) -> str:
        """A session for whom another organisation vouches, in place of the browser's old one; its
        cookie's value. It lasts no longer than `until`.
        """
        _end_old(work, browser)
        session, cookie = sessions.sign_in(work, user)
        session.authenticated_at = authenticated_at
        if until is not None:
            session.expires_at = min(session.expires_at, until)
        who = sessions.person_principal(user, browser.caller)
        audit.record(work, who, "session.begun", "session", session.session_id, note=note)
        return cookie

    def _replace(self, work: UnitOfWork, user: UserRow, browser: Browser, client_id: str) -> str:
        """A session of a name nobody knew before; the one the browser held ends."""
        _end_old(work, browser)
        session, cookie = sessions.sign_in(work, user)
        who = sessions.person_principal(user, browser.caller, client_id=client_id)
        audit.record(work, who, "session.begun", "session", session.session_id)
        return cookie


def _end_old(work: UnitOfWork, browser: Browser) -> None:
    before = sessions.session_of(work, browser.session, browser.caller)
    if before is not None:
        sessions.sign_out(work, before.session, browser.caller)


def _is_unchanged(found: UserRow, user: UserRow) -> bool:
    """Whether the person is still as they were when the password was checked."""
    return user.is_active and user.password_hash == found.password_hash


def _audit_refusal(
    work: UnitOfWork, tenant_id: str, email: str, browser: Browser, client_id: str
) -> None:
    """Whose account it was, where there is one; never what was typed."""
    user = person_of_email(work, tenant_id=tenant_id, email=email)
    if user is None:
        caller = browser.caller
        who = replace(
            audit.NOBODY,
            address=caller.address,
            request_id=caller.request_id,
            trace_id=caller.trace_id,
        )
    else:
        who = sessions.person_principal(user, browser.caller, client_id=client_id)
    audit.record(work, who, "session.refused", "session", "-", outcome="denied")
