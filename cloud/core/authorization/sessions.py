"""Who is signed in on which browser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from cloud.core.authorization.grant_tables import SessionRow
from cloud.core.authorization.secrets import (
    DUMMY_HASH,
    hash_secret,
    key_hash,
    matches,
    new_opaque,
)
from cloud.core.authorization.token_endpoint import Caller
from cloud.core.identity.people import person_of_email
from cloud.core.identity.tables import UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

LIFE: Final = timedelta(hours=8)
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 200
PAGES: Final = "service:pages"
"""What the audit calls our own pages, where it names the client a person acts through."""


def hash_password(password: str) -> str:
    """The hash to store; InvalidError `weak_password` for one that is too short, or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidError(
            "weak_password", f"Choose {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        )
    return hash_secret(password)


def person_by_password(
    work: UnitOfWork, *, tenant_id: str, email: str, password: str
) -> UserRow | None:
    """Who signs in so; None, after the same time, for an unknown address and a wrong password."""
    user = person_of_email(work, tenant_id=tenant_id, email=email)
    held = user.password_hash if user is not None and user.password_hash else DUMMY_HASH
    fits = matches(held, password[:LONGEST_PASSWORD])
    is_right = fits and held is not DUMMY_HASH
    return user if user is not None and is_right and user.is_active else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person at a browser, and where they call from."""

    session: SessionRow
    user: UserRow
    caller: Caller

    def acting_through(self, client_id: str = "") -> Principal:
        """Who it is for the audit; through a page of ours when no client is named."""
        return person_principal(self.user, self.caller, client_id=client_id)


def person_principal(user: UserRow, caller: Caller, *, client_id: str = "") -> Principal:
    """A person as the audit names them."""
    return Principal(
        tenant_id=user.tenant_id,
        client_id=client_id or PAGES,
        scopes=(),
        user_id=user.user_id,
        request_id=caller.request_id,
        trace_id=caller.trace_id,
        address=caller.address,
    )


def sign_in(work: UnitOfWork, user: UserRow) -> tuple[SessionRow, str]:
    """A new session and its cookie's value, which is seen only here."""
    cookie = new_opaque("vwc")
    session = SessionRow(
        session_id=new_id("ses"),
        tenant_id=user.tenant_id,
        cookie_hash=key_hash(cookie),
        user_id=user.user_id,
        user_epoch=user.epoch,
        authenticated_at=work.now,
        expires_at=work.now + LIFE,
    )
    user.last_login_at = work.now
    work.session.add(session)
    work.session.flush()
    return session, cookie


def session_of(work: UnitOfWork, cookie: str, caller: Caller) -> SignedIn | None:
    """Whose cookie it is; None for one that ended or never was, and for a person who was
    suspended, or all of whose tokens were ended, since.
    """
    if not cookie:
        return None
    row = work.session.scalars(
        select(SessionRow).where(
            SessionRow.cookie_hash == key_hash(cookie),
            SessionRow.ended_at.is_(None),
            SessionRow.expires_at > work.now,
        )
    ).one_or_none()
    user = None if row is None else work.session.get(UserRow, row.user_id)
    if row is None or user is None or not user.is_active or user.epoch != row.user_epoch:
        return None
    return SignedIn(session=row, user=user, caller=caller)


def sign_out(work: UnitOfWork, session: SessionRow, caller: Caller) -> None:
    """End it here; what was allowed to applications stays allowed."""
    user = work.session.get(UserRow, session.user_id)
    if user is None:
        raise AssertionError("a session belongs to a person")
    if session.ended_at is None:
        session.ended_at = work.now
        audit.record(
            work, person_principal(user, caller), "session.ended", "session", session.session_id
        )
