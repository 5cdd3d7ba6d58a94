"""What people allowed: sessions, requests, codes, consents, grants and their refresh tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, Stamped, UtcDateTime


class SessionRow(TenantOwned, Base):
    """A person signed in on one browser; the cookie's value is kept hashed.

    `user_epoch` is the person's at that time: raising it ends their sessions too.
    """

    __tablename__ = "sessions"

    session_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    cookie_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"), index=True)
    user_epoch: Mapped[int]
    authenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PushedRequestRow(Base):
    """An authorization request left beforehand (RFC 9126), good once and briefly.

    `shown_to` is the hash of the browser that came with it first.
    """

    __tablename__ = "pushed_requests"

    uri_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"), index=True)
    profile: Mapped[str] = mapped_column(String(20))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    dpop_thumbprint: Mapped[str] = mapped_column(String(64), default="")
    shown_to: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ConsentRow(TenantOwned, Stamped, Base):
    """What a person allows a client until it is taken back."""

    __tablename__ = "consents"
    __table_args__ = (UniqueConstraint("user_id", "client_id"),)

    consent_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"))
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"), index=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GrantRow(TenantOwned, Base):
    """One authorization and everything issued from it: its code, its refresh family, its tokens.

    `grant_id` is in every token issued from it; `revoked_at` ends them all. `bound_to` is the
    thumbprint that a key-bound public client's refresh tokens stay bound to.
    """

    __tablename__ = "grants"

    grant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"), index=True)
    session_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.session_id"))
    profile: Mapped[str] = mapped_column(String(20))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    nonce: Mapped[str] = mapped_column(String(500), default="")
    bound_to: Mapped[str] = mapped_column(String(64), default="")
    authenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    revoked_for: Mapped[str] = mapped_column(String(40), default="")


class AuthorizationCodeRow(Base):
    """A code: good for a minute and once. What is presented again ends the whole grant."""

    __tablename__ = "authorization_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("grants.grant_id"), index=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"))
    redirect_uri: Mapped[str] = mapped_column(String(2000))
    code_challenge: Mapped[str] = mapped_column(String(128), default="")
    dpop_thumbprint: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RefreshTokenRow(Base):
    """One refresh token of a grant's family.

    `rotated_at` is when it was exchanged, `successors` how many pairs it has given since.
    """

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("grants.grant_id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    rotated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    successors: Mapped[int] = mapped_column(default=0)


class ServiceTokenRow(TenantOwned, Base):
    """A long-lived token made by an administrator: its id, so that it can be listed and ended.

    `use` is its `token_use`: service or sandbox.
    """

    __tablename__ = "service_tokens"

    token_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"), index=True)
    use: Mapped[str] = mapped_column(String(20))
    description: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_by: Mapped[str] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RevokedTokenRow(Base):
    """An access token ended before its time; forgotten once it would have ended anyway."""

    __tablename__ = "revoked_tokens"

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    token_id: Mapped[str] = mapped_column(String(ID_LENGTH), unique=True)
    revoked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RegisteredScopeRow(TenantOwned, Base):
    """A scope that a tenant's own service added to the catalogue."""

    __tablename__ = "registered_scopes"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(300))
    service: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
