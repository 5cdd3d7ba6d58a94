"""What a client proves itself with: secrets, certificates, API keys, and proofs used once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.names import LONGEST_NAME
from cloud.db.base import ID_LENGTH, Base, UtcDateTime

ACTIVE: Final = "active"
REVOKED: Final = "revoked"


class ClientSecretRow(Base):
    """One argon2id hash of a client secret; several may be valid while rotating.

    `sealed` holds the secret itself where a contract signs with it, and nowhere else.
    """

    __tablename__ = "client_secrets"

    secret_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ClientCertificateRow(Base):
    """A certificate a client authenticates with (RFC 8705, 2.2); `status` active or revoked."""

    __tablename__ = "client_certificates"
    __table_args__ = (UniqueConstraint("client_id", "thumbprint"),)

    certificate_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"), index=True)
    thumbprint: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(LONGEST_NAME))
    pem: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(500))
    serial: Mapped[str] = mapped_column(String(60))
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    not_after: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiKeyRow(Base):
    """The second half of a partner's identity: SHA-256 of a long random key."""

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UsedProofRow(Base):
    """A proof that is good once: `jti` of a client assertion or of a DPoP proof, or what a consent
    page was answered by, hashed.
    """

    __tablename__ = "used_proofs"

    proof_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
