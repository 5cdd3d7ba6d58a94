"""What a person allows an application, and the code that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from cloud.core.authorization.authorization_requests import AuthorizationRequest
from cloud.core.authorization.grant_tables import (
    AuthorizationCodeRow,
    ConsentRow,
    GrantRow,
)
from cloud.core.authorization.persons_scopes import within_roles
from cloud.core.authorization.persons_tokens import end_grants
from cloud.core.authorization.profiles import CODE_SECONDS
from cloud.core.authorization.secrets import key_hash, new_opaque
from cloud.core.authorization.sessions import SignedIn
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.identity.tables import UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.scopes import covered
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedApplication:
    """An application a person allowed something."""

    consent_id: str
    client_id: str
    name: str
    scopes: tuple[str, ...]
    since: datetime


def allowable(work: UnitOfWork, user: UserRow, request: AuthorizationRequest) -> tuple[str, ...]:
    """The scopes of a request that this person can allow at all: those their roles hold, and who
    they are themselves.
    """
    return within_roles(work, user, request.scopes)


def consented(work: UnitOfWork, user: UserRow, client_id: str) -> tuple[str, ...]:
    """What the person allowed this client before."""
    row = _consent(work, user.user_id, client_id)
    return () if row is None else tuple(row.scopes)


def allow(
    work: UnitOfWork,
    request: AuthorizationRequest,
    who: SignedIn,
    scopes: tuple[str, ...],
    *,
    is_asked: bool,
) -> str:
    """Begin a grant and give its code, good for a minute and once. `is_asked`: the person just
    said so, and their consent is kept; else they had said so before.
    """
    grant = GrantRow(
        grant_id=new_id("gra"),
        tenant_id=who.user.tenant_id,
        client_id=request.client_id,
        user_id=who.user.user_id,
        session_id=who.session.session_id,
        profile=request.profile,
        scopes=list(scopes),
        nonce=request.nonce,
        authenticated_at=who.session.authenticated_at,
        created_at=work.now,
    )
    work.session.add(grant)
    work.session.flush()
    if is_asked:
        _keep(work, request, who, scopes)
    code = new_opaque("vwo")
    work.session.add(
        AuthorizationCodeRow(
            code_hash=key_hash(code),
            grant_id=grant.grant_id,
            client_id=request.client_id,
            redirect_uri=request.redirect_uri,
            code_challenge=request.code_challenge,
            dpop_thumbprint=request.dpop_thumbprint,
            created_at=work.now,
            expires_at=work.now + timedelta(seconds=CODE_SECONDS),
        )
    )
    audit.record(
        work,
        who.acting_through(request.client_id),
        "authorization.granted",
        "grant",
        grant.grant_id,
        note="asked" if is_asked else "consented before",
    )
    return code


def deny(work: UnitOfWork, request: AuthorizationRequest, who: SignedIn, *, note: str) -> None:
    """Nothing is kept but that it was asked, and why not."""
    audit.record(
        work,
        who.acting_through(request.client_id),
        "consent.denied",
        "application",
        request.client_id,
        outcome="denied",
        note=note,
    )


def connected_applications(work: UnitOfWork, user: UserRow) -> list[ConnectedApplication]:
    """What a person allowed, oldest first."""
    statement = (
        select(ConsentRow, ApplicationRow.name)
        .join(ApplicationRow, ApplicationRow.client_id == ConsentRow.client_id)
        .where(ConsentRow.user_id == user.user_id)
        .order_by(ConsentRow.created_at, ConsentRow.consent_id)
    )
    return [
        ConnectedApplication(
            consent_id=row.consent_id,
            client_id=row.client_id,
            name=name,
            scopes=tuple(row.scopes),
            since=row.created_at,
        )
        for row, name in work.session.execute(statement)
    ]


def take_back(work: UnitOfWork, who: SignedIn, consent_id: str) -> bool:
    """End a consent and every token that came of it; False when there is no such consent."""
    statement = select(ConsentRow).where(
        ConsentRow.tenant_id == who.user.tenant_id, ConsentRow.user_id == who.user.user_id
    )
    # Looked up here: PostgreSQL compares no name with a NUL in it.
    row = {one.consent_id: one for one in work.session.scalars(statement)}.get(consent_id)
    if row is None:
        return False
    end_grants(
        work,
        GrantRow.user_id == who.user.user_id,
        GrantRow.client_id == row.client_id,
        reason="consent_taken_back",
    )
    audit.record(work, who.acting_through(row.client_id), "consent.revoked", "consent", consent_id)
    work.session.delete(row)
    return True


def _keep(
    work: UnitOfWork, request: AuthorizationRequest, who: SignedIn, scopes: tuple[str, ...]
) -> None:
    """Remember what was allowed, beside what was allowed before."""
    row = _consent(work, who.user.user_id, request.client_id)
    if row is None:
        row = ConsentRow(
            consent_id=new_id("con"),
            tenant_id=who.user.tenant_id,
            user_id=who.user.user_id,
            client_id=request.client_id,
            scopes=[],
            created_at=work.now,
            changed_at=work.now,
        )
        work.session.add(row)
    row.scopes = [*row.scopes, *(scope for scope in scopes if not covered(row.scopes, scope))]
    audit.record(
        work,
        who.acting_through(request.client_id),
        "consent.given",
        "consent",
        row.consent_id,
    )


def _consent(work: UnitOfWork, user_id: str, client_id: str) -> ConsentRow | None:
    statement = select(ConsentRow).where(
        ConsentRow.user_id == user_id, ConsentRow.client_id == client_id
    )
    return work.session.scalars(statement).one_or_none()
