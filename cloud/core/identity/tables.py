"""Tenants, their products and sites; people, what they may be, and who else vouches for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.names import LONGEST_NAME
from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, Stamped, UtcDateTime

EMAIL_LENGTH = 254
URL_LENGTH = 2000
SUBJECT_LENGTH = 255
ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"
DELETED: Final = "deleted"


class TenantRow(Base):
    """An organisation whose data is kept apart.

    `pseudonym_key` is sealed by the vault; it turns a person into a pseudonym of this tenant.
    `sandbox_of` is the tenant whose sandbox this is, None for a real one.
    """

    __tablename__ = "tenants"

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME), unique=True)
    pseudonym_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sandbox_of: Mapped[str | None] = mapped_column(String(ID_LENGTH), unique=True, index=True)


class ProductRow(TenantOwned, Base):
    """What a tenant runs under one name: applications may belong to one of its products."""

    __tablename__ = "products"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    product_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SiteRow(TenantOwned, Base):
    """A place of a tenant: a station, a clinic, a hospital's door. `kind` says which."""

    __tablename__ = "sites"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    site_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    kind: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UserRow(TenantOwned, Stamped, Base):
    """A person who signs in, of one tenant; `email` is kept in its compared form.

    `status` is active, suspended or deleted. `epoch` is in every token that stands for the person;
    raising it ends them all. `sealed_claims` holds what else is known of them, sealed by the vault.
    `facility_id` is the hospital they work at, as an operator said.
    """

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("tenant_id", "email"),)

    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    given_name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    family_name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    sealed_claims: Mapped[bytes | None] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(20))
    epoch: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    facility_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in and be stood for."""
        return self.status == ACTIVE

    @property
    def full_name(self) -> str:
        """What to call the person; empty once they are deleted."""
        return f"{self.given_name} {self.family_name}".strip()


class MembershipRow(TenantOwned, Base):
    """What a person is in a tenant; the role's scopes bound what may be done in their name."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("user_id", "tenant_id", "role"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"))
    role: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExternalIdentityRow(TenantOwned, Base):
    """The name another issuer has for a person: `iss` and `sub` of its ID tokens."""

    __tablename__ = "external_identities"
    __table_args__ = (UniqueConstraint("tenant_id", "issuer", "subject"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"), index=True)
    issuer: Mapped[str] = mapped_column(String(URL_LENGTH))
    subject: Mapped[str] = mapped_column(String(SUBJECT_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TrustedIssuerRow(TenantOwned, Base):
    """An issuer whose ID tokens a tenant takes for its people (RFC 8693 subject tokens).

    `jwks` holds its keys as they were configured; `jwks_uri` is where newer ones are fetched.
    """

    __tablename__ = "trusted_issuers"
    __table_args__ = (UniqueConstraint("tenant_id", "issuer"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    issuer: Mapped[str] = mapped_column(String(URL_LENGTH))
    audience: Mapped[str] = mapped_column(String(SUBJECT_LENGTH))
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    jwks_uri: Mapped[str | None] = mapped_column(String(URL_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
