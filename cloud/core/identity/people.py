"""People: making them, what they may be, and who else vouches for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from cloud.core.identity.tables import (
    ACTIVE,
    SUBJECT_LENGTH,
    URL_LENGTH,
    ExternalIdentityRow,
    MembershipRow,
    TrustedIssuerRow,
    UserRow,
)
from cloud.core.kernel.errors import DuplicateError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.names import checked_name
from cloud.core.kernel.scopes import ACQI_READ, CLIENTS_ADMIN, PLATFORM_ADMIN
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "admin": (
        PLATFORM_ADMIN,
        CLIENTS_ADMIN,
        "platform:apps:*",
        "argus:*",
        "webhooks:*",
        "audit:read",
        "events:read",
    ),
    "clinician": (
        "patients:*",
        "cases:*",
        "images:*",
        "assessments:*",
        "derm_review:*",
        "human_review:*",
        "consent:*",
        "orchestrator:*",
        "argus:epcr:read",
        "argus:epcr:handover",
        "argus:devices:read",
    ),
    "reviewer": ("cases:read", "images:read", "derm_review:read", "human_review:*"),
    "dispatcher": ("argus:epcr:read", "argus:epcr:write", "argus:devices:read"),
    "crew": ("argus:epcr:*", "argus:devices:*"),
    "analyst": (ACQI_READ, "events:read"),
    "patient": ("openid", "profile_read", "appointment_read", "appointment_write"),
}
"""What each role may do at most; a token for a person never holds more."""
LONGEST_EMAIL: Final = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A person to be made. `claims` are further OIDC claims, kept sealed."""

    email: str
    given_name: str
    family_name: str
    roles: tuple[str, ...] = ()
    issuer: str = ""
    subject: str = ""
    claims: Mapping[str, Any] | None = None


def compared_email(email: str) -> str:
    """The form in which two spellings of one address are equal; InvalidError when it is none."""
    compared = email.strip().lower()
    name, at, host = compared.partition("@")
    is_plain = all(letter.isprintable() and not letter.isspace() for letter in compared)
    if not (name and at and "." in host and is_plain and len(compared) <= LONGEST_EMAIL):
        raise InvalidError("invalid_email", "Write the address as name@host.")
    return compared


def create_person(
    work: UnitOfWork, vault: Vault, *, tenant_id: str, person: NewPerson, password_hash: str = ""
) -> UserRow:
    """A new person of a tenant; DuplicateError `user_exists` or `identity_taken`, InvalidError
    `unknown_role`, `invalid_email`, `invalid_name` or `invalid_identity`.
    """
    _check_roles(person.roles)
    email = compared_email(person.email)
    taken = select(UserRow.user_id).where(UserRow.tenant_id == tenant_id, UserRow.email == email)
    if work.session.scalar(taken) is not None:
        raise DuplicateError("user_exists", "There is a person with that address already.")
    row = UserRow(
        user_id=new_id("usr"),
        tenant_id=tenant_id,
        email=email,
        given_name=checked_name(person.given_name, field="given_name"),
        family_name=checked_name(person.family_name, field="family_name"),
        password_hash=password_hash or None,
        sealed_claims=None,
        status=ACTIVE,
        created_at=work.now,
        changed_at=work.now,
    )
    if person.claims:
        sealed = json.dumps(dict(person.claims)).encode()
        row.sealed_claims = vault.seal(sealed, purpose=_purpose(row.user_id))
    work.session.add(row)
    work.session.flush()
    set_roles(work, row, person.roles)
    if person.issuer or person.subject:
        link_identity(work, row, issuer=person.issuer, subject=person.subject)
    work.session.flush()
    return row


def set_roles(work: UnitOfWork, user: UserRow, roles: Iterable[str]) -> None:
    """Let a person be these in their tenant, and nothing else; InvalidError `unknown_role`."""
    wanted = dict.fromkeys(roles)
    _check_roles(wanted)
    statement = select(MembershipRow).where(
        MembershipRow.user_id == user.user_id, MembershipRow.tenant_id == user.tenant_id
    )
    held = {row.role: row for row in work.session.scalars(statement)}
    for role in held.keys() - wanted.keys():
        work.session.delete(held[role])
    for role in wanted:
        if role not in held:
            work.session.add(
                MembershipRow(
                    user_id=user.user_id,
                    tenant_id=user.tenant_id,
                    role=role,
                    created_at=work.now,
                )
            )
    work.session.flush()


def link_identity(work: UnitOfWork, user: UserRow, *, issuer: str, subject: str) -> None:
    """Another issuer's name for a person; DuplicateError `identity_taken`, InvalidError
    `invalid_identity`.
    """
    _check_told("issuer", issuer, URL_LENGTH)
    _check_told("subject", subject, SUBJECT_LENGTH)
    if person_of_identity(work, tenant_id=user.tenant_id, issuer=issuer, subject=subject):
        raise DuplicateError("identity_taken", "That identity stands for somebody already.")
    work.session.add(
        ExternalIdentityRow(
            tenant_id=user.tenant_id,
            user_id=user.user_id,
            issuer=issuer,
            subject=subject,
            created_at=work.now,
        )
    )


def unlink_identity(work: UnitOfWork, user: UserRow, *, issuer: str, subject: str) -> None:
    """Another issuer means the person no longer; NotFoundError `identity_not_found`."""
    found = [
        row for row in identities_of(work, user) if (row.issuer, row.subject) == (issuer, subject)
    ]
    if not found:
        raise NotFoundError("identity_not_found", "Use an identity the person has.")
    work.session.delete(found[0])
    work.session.flush()


def identities_of(work: UnitOfWork, user: UserRow) -> list[ExternalIdentityRow]:
    """What other issuers call a person, the oldest first."""
    statement = select(ExternalIdentityRow).where(
        ExternalIdentityRow.user_id == user.user_id,
        ExternalIdentityRow.tenant_id == user.tenant_id,
    )
    return list(work.session.scalars(statement.order_by(ExternalIdentityRow.row_id)))


def people_of_issuer(work: UnitOfWork, *, tenant_id: str, issuer: str) -> list[UserRow]:
    """Whom an issuer means, within one tenant."""
    linked = select(ExternalIdentityRow.user_id).where(
        ExternalIdentityRow.tenant_id == tenant_id, ExternalIdentityRow.issuer == issuer
    )
    statement = select(UserRow).where(UserRow.tenant_id == tenant_id, UserRow.user_id.in_(linked))
    return list(work.session.scalars(statement))


def person_of_identity(
    work: UnitOfWork, *, tenant_id: str, issuer: str, subject: str
) -> UserRow | None:
    """Who another issuer means, within one tenant."""
    statement = (
        select(UserRow)
        .join(ExternalIdentityRow, ExternalIdentityRow.user_id == UserRow.user_id)
        .where(
            UserRow.tenant_id == tenant_id,
            ExternalIdentityRow.tenant_id == tenant_id,
            ExternalIdentityRow.issuer == issuer,
            ExternalIdentityRow.subject == subject,
        )
    )
    return work.session.scalars(statement).one_or_none()


def person_of_email(work: UnitOfWork, *, tenant_id: str, email: str) -> UserRow | None:
    """Who signs in by this address in a tenant; None for nobody, and for what is no address."""
    try:
        compared = compared_email(email)
    except InvalidError:
        return None
    statement = select(UserRow).where(UserRow.tenant_id == tenant_id, UserRow.email == compared)
    return work.session.scalars(statement).one_or_none()


def roles_of(work: UnitOfWork, user: UserRow) -> tuple[str, ...]:
    """What a person is in their tenant, in the order of `ROLES`."""
    statement = select(MembershipRow.role).where(
        MembershipRow.user_id == user.user_id, MembershipRow.tenant_id == user.tenant_id
    )
    held = set(work.session.scalars(statement))
    return tuple(role for role in ROLES if role in held)


def scopes_of_roles(roles: Iterable[str]) -> tuple[str, ...]:
    """What these roles may do together."""
    return tuple(dict.fromkeys(scope for role in roles for scope in ROLES.get(role, ())))


def claims_of(vault: Vault, user: UserRow) -> dict[str, Any]:
    """The further claims of a person; VaultError when another master key sealed them."""
    if user.sealed_claims is None:
        return {}
    opened = vault.open(user.sealed_claims, purpose=_purpose(user.user_id))
    claims: dict[str, Any] = json.loads(opened)
    return claims


def trust_issuer(
    work: UnitOfWork,
    *,
    tenant_id: str,
    issuer: str,
    audience: str,
    jwks: dict[str, Any] | None = None,
    jwks_uri: str | None = None,
) -> TrustedIssuerRow:
    """Take an issuer's ID tokens for the tenant's people, or change where its keys are;
    InvalidError `invalid_identity`.
    """
    _check_told("issuer", issuer, URL_LENGTH)
    _check_told("audience", audience, SUBJECT_LENGTH)
    row = trusted_issuer(work, tenant_id=tenant_id, issuer=issuer)
    if row is None:
        row = TrustedIssuerRow(tenant_id=tenant_id, issuer=issuer, created_at=work.now)
        work.session.add(row)
    row.audience, row.jwks, row.jwks_uri = audience, jwks, jwks_uri
    work.session.flush()
    return row


def trusted_issuer(work: UnitOfWork, *, tenant_id: str, issuer: str) -> TrustedIssuerRow | None:
    """The issuer as this tenant trusts it."""
    statement = select(TrustedIssuerRow).where(
        TrustedIssuerRow.tenant_id == tenant_id, TrustedIssuerRow.issuer == issuer
    )
    return work.session.scalars(statement).one_or_none()


def trusted_issuers(work: UnitOfWork, *, tenant_id: str) -> list[TrustedIssuerRow]:
    """Every issuer this tenant trusts."""
    statement = select(TrustedIssuerRow).where(TrustedIssuerRow.tenant_id == tenant_id)
    return list(work.session.scalars(statement.order_by(TrustedIssuerRow.issuer)))


def _check_roles(roles: Iterable[str]) -> None:
    if set(roles) - set(ROLES):
        raise InvalidError(
            "unknown_role",
            f"Use {', '.join(sorted(ROLES))}.",
            details={"fields": ["memberships.role"]},
        )


def _check_told(what: str, text: str, longest: int) -> None:
    """What other issuers write is compared letter by letter: it is kept as it is, or refused."""
    if not (text and text.isprintable() and len(text) <= longest):
        raise InvalidError(
            "invalid_identity",
            f"Write the {what} in 1 to {longest} printable characters.",
            details={"fields": [what]},
        )


def _purpose(user_id: str) -> str:
    return f"claims:{user_id}"
