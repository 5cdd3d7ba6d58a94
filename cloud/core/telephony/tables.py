"""Carriers of a tenant and its routes, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.names import LONGEST_NAME
from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, UtcDateTime

WORD_LENGTH: Final = 20
DID_LENGTH: Final = 16
SUBACCOUNT_LENGTH: Final = 80
_DEFAULT: Final = text("is_default")


class TelephonyProviderRow(TenantOwned, Base):
    """A carrier a tenant has an account with. At most one of a tenant's is the default, and that
    one is active; the service sees to it that there is one.

    `sealed_key` and `sealed_credentials` are an envelope of the vault's, null where the carrier
    was told nothing yet.
    """

    __tablename__ = "telephony_providers"
    __table_args__ = (
        UniqueConstraint("tenant_id", "provider_id"),
        UniqueConstraint("tenant_id", "name"),
        Index(
            "uq_telephony_providers_default",
            "tenant_id",
            unique=True,
            sqlite_where=_DEFAULT,
            postgresql_where=_DEFAULT,
        ),
        CheckConstraint("is_active OR NOT is_default", name="default_is_active"),
    )

    provider_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    carrier: Mapped[str] = mapped_column(String(WORD_LENGTH))
    is_default: Mapped[bool]
    is_active: Mapped[bool]
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_credentials: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TelephonyRouteRow(TenantOwned, Base):
    """Where calls lead that come in on a number (`did`, E.164) or for a carrier's `subaccount`.

    Its provider is the same tenant's. Lower `priority` goes first.
    """

    __tablename__ = "telephony_routes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "provider_id"],
            ["telephony_providers.tenant_id", "telephony_providers.provider_id"],
        ),
        UniqueConstraint("tenant_id", "did"),
        UniqueConstraint("provider_id", "subaccount"),
        CheckConstraint("(did IS NULL) <> (subaccount IS NULL)", name="one_origin"),
    )

    route_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    did: Mapped[str | None] = mapped_column(String(DID_LENGTH))
    subaccount: Mapped[str | None] = mapped_column(String(SUBACCOUNT_LENGTH))
    subsystem: Mapped[str] = mapped_column(String(WORD_LENGTH))
    priority: Mapped[int]
    is_active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
