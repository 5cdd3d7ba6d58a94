"""Connections to identity providers, and sign-ins that go over them, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.names import LONGEST_NAME
from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, UtcDateTime

ENTITY_LENGTH: Final = 1024
ADDRESS_LENGTH: Final = 2000
WORD_LENGTH: Final = 40
HASH_LENGTH: Final = 64


class SamlConnectionRow(TenantOwned, Base):
    """One identity provider of a tenant. `status` is active, paused or ended.

    `certificates` are what it signs with, base64 of DER. `sealed_key` is our own private key, where
    the connection has one, sealed by the vault, `own_certificate` its certificate in PEM.
    `provisions` lets people in who were not known before: they get `roles`, and are called what
    the attributes say that `attribute_names` names.
    """

    __tablename__ = "saml_connections"

    connection_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    entity_id: Mapped[str] = mapped_column(String(ENTITY_LENGTH))
    sign_in_address: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    certificates: Mapped[list[str]] = mapped_column(JSON)
    metadata_valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    own_certificate: Mapped[str] = mapped_column(Text, default="")
    provisions: Mapped[bool]
    roles: Mapped[list[str]] = mapped_column(JSON)
    attribute_names: Mapped[dict[str, str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(WORD_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(ID_LENGTH))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SamlLoginRow(TenantOwned, Base):
    """One sign-in on its way. `request_id` is the ID of the request the browser carries,
    `relay_hash` of what comes back with the answer, `browser_hash` of whose browser it is.

    `sealed_path` is where it goes on to, sealed by the vault. `answered_at` is set once, when the
    answer was taken; `ticket_hash` is then what the same browser has to show, once.
    """

    __tablename__ = "saml_logins"

    request_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("saml_connections.connection_id"))
    relay_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    sealed_path: Mapped[bytes] = mapped_column(LargeBinary)
    is_forced: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ticket_hash: Mapped[str | None] = mapped_column(String(HASH_LENGTH), unique=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.user_id"))
    authenticated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
