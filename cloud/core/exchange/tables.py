"""Connections to hospitals, what is sent over them, and what lies there since, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.names import LONGEST_NAME
from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime

ADDRESS_LENGTH: Final = 2000
WORD_LENGTH: Final = 40
URN_LENGTH: Final = 60
TAG_LENGTH: Final = 200
DIGEST_LENGTH: Final = 64
IDENTITY_LENGTH: Final = 400


class ConnectionRow(TenantOwned, Base):
    """A way to one facility's server. `kind` is fhir or mllp, `status` active, paused or ended.

    `wants` are kinds of deliveries. `sealed_access` is what opens the server's door, sealed by the
    vault; `authorities` are PEM certificates to trust instead of the system's.
    `failures` in a row close the connection until `closed_until`; who holds `lease` until
    `leased_until` is the only one that sends over it.
    """

    __tablename__ = "hospital_connections"
    __table_args__ = (Index("ix_hospital_connections_facility", "tenant_id", "facility_id"),)

    connection_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    facility_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    kind: Mapped[str] = mapped_column(String(WORD_LENGTH))
    address: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    wants: Mapped[list[str]] = mapped_column(JSON)
    form: Mapped[str] = mapped_column(String(WORD_LENGTH))
    is_identified: Mapped[bool]
    access_kind: Mapped[str] = mapped_column(String(WORD_LENGTH))
    sealed_access: Mapped[bytes] = mapped_column(LargeBinary)
    authorities: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(WORD_LENGTH))
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(ID_LENGTH))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    closed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_reason: Mapped[str] = mapped_column(String(WORD_LENGTH), default="")
    lease: Mapped[str] = mapped_column(String(WORD_LENGTH), default="")
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DeliveryRow(TenantOwned, Base):
    """One thing to be told over one connection. `cause` is the event it comes from.

    Deliveries of one `lane` go in the order of their rows. `state` is waiting, taken, refused,
    conflict, abandoned or dropped; `reason` is a word of ours, `sealed_words` are the hospital's.
    Readings alone are those with row numbers above `after_row`, up to `through_row`.
    """

    __tablename__ = "exchange_deliveries"
    __table_args__ = (
        UniqueConstraint("connection_id", "cause"),
        Index("ix_exchange_deliveries_waiting", "state", "due_at"),
        Index("ix_exchange_deliveries_lane", "connection_id", "lane", "row_id"),
        Index("ix_exchange_deliveries_list", "tenant_id", "row_id"),
        Index("ix_exchange_deliveries_encounter", "encounter_id"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    delivery_id: Mapped[str] = mapped_column(String(ID_LENGTH), unique=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("hospital_connections.connection_id"))
    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    kind: Mapped[str] = mapped_column(String(WORD_LENGTH))
    cause: Mapped[str] = mapped_column(String(ID_LENGTH))
    lane: Mapped[str] = mapped_column(String(ID_LENGTH))
    state: Mapped[str] = mapped_column(String(WORD_LENGTH))
    attempts: Mapped[int] = mapped_column(Integer)
    faults: Mapped[int] = mapped_column(Integer)
    parts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    response_status: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(WORD_LENGTH))
    sealed_words: Mapped[bytes | None] = mapped_column(LargeBinary)
    after_row: Mapped[int | None] = mapped_column(BigInteger)
    through_row: Mapped[int | None] = mapped_column(BigInteger)


class PartRow(Base):
    """The octets of one part of a delivery, made once: every attempt sends the same ones.

    `resources` has for each entry of a transaction its fullUrl, type, digest, state and identity.
    """

    __tablename__ = "exchange_parts"

    delivery_id: Mapped[str] = mapped_column(
        ForeignKey("exchange_deliveries.delivery_id"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    target: Mapped[str] = mapped_column(String(TAG_LENGTH))
    condition: Mapped[str] = mapped_column(String(TAG_LENGTH))
    resources: Mapped[list[list[str]]] = mapped_column(JSON)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    response_status: Mapped[int | None] = mapped_column(Integer)


class PlacedRow(Base):
    """One resource as it lies at a hospital: where, in which version, and what we sent last.

    `identity` is the condition it was created under; `state` is there, or withdrawn once it was
    marked as entered in error.
    """

    __tablename__ = "exchange_placed"
    __table_args__ = (Index("ix_exchange_placed_encounter", "connection_id", "encounter_id"),)

    connection_id: Mapped[str] = mapped_column(
        ForeignKey("hospital_connections.connection_id"), primary_key=True
    )
    full_url: Mapped[str] = mapped_column(String(URN_LENGTH), primary_key=True)
    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    resource_type: Mapped[str] = mapped_column(String(WORD_LENGTH))
    identity: Mapped[str] = mapped_column(String(IDENTITY_LENGTH), default="")
    location: Mapped[str] = mapped_column(String(TAG_LENGTH))
    etag: Mapped[str] = mapped_column(String(TAG_LENGTH))
    digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH))
    delivery_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    part: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(WORD_LENGTH))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
