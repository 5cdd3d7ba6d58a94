"""Applications (OAuth clients), their secrets, and the signing keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime


class ApplicationRow(TenantOwned, Base):
    """An OAuth client of one tenant.

    `kind` is application or gateway, `status` pending, approved or revoked. `epoch` is in every
    token; raising it ends them all.
    """

    __tablename__ = "applications"

    client_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    grant_types: Mapped[list[str]] = mapped_column(JSON)
    redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    requested_scopes: Mapped[list[str]] = mapped_column(JSON)
    approved_scopes: Mapped[list[str]] = mapped_column(JSON)
    governance: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(20))
    epoch: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApplicationSecretRow(Base):
    """One argon2id hash of a client secret; several may be valid while rotating."""

    __tablename__ = "application_secrets"

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SigningKeyRow(Base):
    """An RSA key: the public part as JWK, the private part sealed by the vault."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSON)
    sealed_private_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
