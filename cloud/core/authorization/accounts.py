"""People's accounts: passwords set, people stopped and let in again."""

from __future__ import annotations

from sqlalchemy import select

from cloud.core.authorization.grant_tables import GrantRow, SessionRow
from cloud.core.authorization.persons_tokens import end_grant
from cloud.core.authorization.sessions import hash_password
from cloud.core.identity.people import compared_email
from cloud.core.identity.tables import UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import InvalidError, NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork


def people(work: UnitOfWork, principal: Principal) -> list[UserRow]:
    """Everybody of the caller's tenant by address."""
    return list(work.session.scalars(scoped(principal, UserRow).order_by(UserRow.email)))


def find_person(work: UnitOfWork, principal: Principal, name: str) -> UserRow:
    """A person of the tenant by id or address; NotFoundError."""
    statement = scoped(principal, UserRow)
    if name.startswith("usr_"):
        statement = statement.where(UserRow.user_id == name)
    else:
        try:
            statement = statement.where(UserRow.email == compared_email(name))
        except InvalidError as exc:
            raise NotFoundError("user_not_found", "Use a person of this tenant.") from exc
    row = work.session.scalars(statement.with_for_update()).one_or_none()
    if row is None:
        raise NotFoundError("user_not_found", "Use a person of this tenant.")
    return row


def set_password(work: UnitOfWork, principal: Principal, user: UserRow, password: str) -> None:
    """A new password; whoever was signed in by the old one is not any more.

    InvalidError `weak_password`.
    """
    user.password_hash = hash_password(password)
    _end_everything(work, user, reason="password_changed")
    audit.record(work, principal, "user.password_set", "user", user.user_id)


def suspend(work: UnitOfWork, principal: Principal, user: UserRow) -> None:
    """Stop a person: no session, no token and no grant of theirs is good any more."""
    user.status = "suspended"
    _end_everything(work, user, reason="person_suspended")
    audit.record(work, principal, "user.suspended", "user", user.user_id)


def resume(work: UnitOfWork, principal: Principal, user: UserRow) -> None:
    """Let a person in again; what ended stays ended."""
    user.status = "active"
    audit.record(work, principal, "user.resumed", "user", user.user_id)


def _end_everything(work: UnitOfWork, user: UserRow, *, reason: str) -> None:
    user.epoch += 1
    sessions = select(SessionRow).where(
        SessionRow.user_id == user.user_id, SessionRow.ended_at.is_(None)
    )
    for session in work.session.scalars(sessions):
        session.ended_at = work.now
    grants = select(GrantRow).where(GrantRow.user_id == user.user_id, GrantRow.revoked_at.is_(None))
    for grant in work.session.scalars(grants):
        end_grant(work, grant, reason=reason)
    work.session.flush()
