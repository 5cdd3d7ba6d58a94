"""Applications (OAuth clients) and the signing keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, Boolean, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.names import LONGEST_NAME
from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, Stamped, UtcDateTime

KIND_APPLICATION: Final = "application"
KIND_GATEWAY: Final = "gateway"
KIND_API_CLIENT: Final = "api_client"
KIND_PARTNER: Final = "partner"
KIND_BOARD: Final = "board"
PENDING: Final = "pending"
APPROVED: Final = "approved"
SUSPENDED: Final = "suspended"
DELETED: Final = "deleted"


class ApplicationRow(TenantOwned, Stamped, Base):
    """An OAuth client of one tenant.

    `kind` says who administers it: application (platform), api_client (clinical), partner,
    gateway, or board (nobody: it is the service's own page). `status` is pending, approved,
    suspended, revoked or deleted. `epoch` is in every token; raising it ends them all. `profiles`
    names the ways in it may use (see `profiles`), `auth_methods` the ways it may authenticate at
    them, in the words of RFC 8414.
    `facility_id` is the facility it belongs to, as an operator said.
    """

    __tablename__ = "applications"

    client_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    product_id: Mapped[str | None] = mapped_column(ForeignKey("products.product_id"))
    facility_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    kind: Mapped[str] = mapped_column(String(20))
    profiles: Mapped[list[str]] = mapped_column(JSON)
    auth_methods: Mapped[list[str]] = mapped_column(JSON)
    grant_types: Mapped[list[str]] = mapped_column(JSON)
    redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    requested_scopes: Mapped[list[str]] = mapped_column(JSON)
    approved_scopes: Mapped[list[str]] = mapped_column(JSON)
    governance: Mapped[dict[str, Any]] = mapped_column(JSON)
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    jwks_uri: Mapped[str | None] = mapped_column(String(2000))
    id_token_algorithm: Mapped[str] = mapped_column(String(20), default="RS256")
    is_internal: Mapped[bool] = mapped_column(Boolean, default=False)
    status: Mapped[str] = mapped_column(String(20))
    epoch: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def is_approved(self) -> bool:
        """Whether it may have tokens, and is vouched for."""
        return self.status == APPROVED

    @property
    def is_public(self) -> bool:
        """Whether it holds no credential of its own (RFC 6749, 2.1)."""
        return self.auth_methods == ["none"]


class SigningKeyRow(Base):
    """A key pair: the public part as JWK, the private part sealed by the vault.

    It signs until `retiring_at`, and verifies until `retired_at`.
    """

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(20))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSON)
    sealed_private_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retiring_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
