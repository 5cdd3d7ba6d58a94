"""People's accounts: passwords set, people stopped and let in again, what they are, and who
vouches for them.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from cloud.core.authorization.grant_tables import ConsentRow, GrantRow, SessionRow
from cloud.core.authorization.persons_tokens import end_grants
from cloud.core.authorization.sessions import hash_password
from cloud.core.identity.people import (
    compared_email,
    identities_of,
    link_identity,
    people_of_issuer,
    set_roles,
    trusted_issuer,
    unlink_identity,
)
from cloud.core.identity.tables import ACTIVE, DELETED, SUSPENDED, UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import InvalidError, NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork


def people(work: UnitOfWork, principal: Principal) -> list[UserRow]:
    """Everybody of the caller's tenant by address."""
    statement = scoped(principal, UserRow).where(UserRow.status != DELETED)
    return list(work.session.scalars(statement.order_by(UserRow.email)))


def find_person(work: UnitOfWork, principal: Principal, name: str) -> UserRow:
    """A person of the tenant by id or address; NotFoundError."""
    statement = scoped(principal, UserRow).where(UserRow.status != DELETED)
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
    end_everything(work, user, reason="password_changed")
    audit.record(work, principal, "user.password_set", "user", user.user_id)


def suspend(work: UnitOfWork, principal: Principal, user: UserRow) -> None:
    """Stop a person: no session, no token and no grant of theirs is good any more."""
    user.status = SUSPENDED
    end_everything(work, user, reason="person_suspended")
    audit.record(work, principal, "user.suspended", "user", user.user_id)


def resume(work: UnitOfWork, principal: Principal, user: UserRow) -> None:
    """Let a person in again; what ended stays ended."""
    user.status = ACTIVE
    audit.record(work, principal, "user.resumed", "user", user.user_id)


def change_roles(
    work: UnitOfWork, principal: Principal, user: UserRow, roles: Iterable[str]
) -> None:
    """Let a person be these and nothing else; tokens and sessions from before end.

    InvalidError `unknown_role`.
    """
    set_roles(work, user, roles)
    user.epoch += 1
    audit.record(work, principal, "user.roles_set", "user", user.user_id)


def link(
    work: UnitOfWork, principal: Principal, user: UserRow, *, issuer: str, subject: str
) -> None:
    """Another issuer's name for a person; DuplicateError `identity_taken`, InvalidError
    `invalid_identity`.
    """
    link_identity(work, user, issuer=issuer, subject=subject)
    audit.record(work, principal, "user.identity_linked", "user", user.user_id)


def unlink(
    work: UnitOfWork, principal: Principal, user: UserRow, *, issuer: str, subject: str
) -> None:
    """Take it away, with all it may have led to: sessions, grants and tokens of the person.

    NotFoundError `identity_not_found`.
    """
    unlink_identity(work, user, issuer=issuer, subject=subject)
    end_everything(work, user, reason="identity_unlinked")
    audit.record(work, principal, "user.identity_unlinked", "user", user.user_id)


def untrust(work: UnitOfWork, principal: Principal, issuer: str) -> None:
    """Take an issuer's word no longer; tokens of everybody it means end with it.

    NotFoundError `issuer_not_found`. Who it meant stays known, for the day it is trusted again.
    """
    row = trusted_issuer(work, tenant_id=principal.tenant_id, issuer=issuer)
    if row is None:
        raise NotFoundError("issuer_not_found", "Use an issuer this tenant trusts.")
    work.session.delete(row)
    for user in people_of_issuer(work, tenant_id=principal.tenant_id, issuer=issuer):
        user.epoch += 1
    audit.record(work, principal, "issuer.untrusted", "issuer", issuer)


def delete_person(work: UnitOfWork, principal: Principal, user: UserRow) -> None:
    """End a person and forget who it was; the id stays, for the audit goes on meaning it."""
    end_everything(work, user, reason="person_deleted")
    set_roles(work, user, ())
    for identity in identities_of(work, user):
        work.session.delete(identity)
    for consent in work.session.scalars(
        select(ConsentRow).where(ConsentRow.user_id == user.user_id)
    ):
        work.session.delete(consent)
    user.email = f"{user.user_id}@deleted.invalid"
    user.given_name = user.family_name = ""
    user.password_hash = user.sealed_claims = None
    user.status = DELETED
    audit.record(work, principal, "user.deleted", "user", user.user_id)


def end_everything(work: UnitOfWork, user: UserRow, *, reason: str) -> None:
    """No session, token, code or refresh token of a person's is good any more."""
    user.epoch += 1
    sessions = select(SessionRow).where(
        SessionRow.user_id == user.user_id, SessionRow.ended_at.is_(None)
    )
    for session in work.session.scalars(sessions):
        session.ended_at = work.now
    end_grants(work, GrantRow.user_id == user.user_id, reason=reason)
    work.session.flush()
