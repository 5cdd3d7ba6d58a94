"""What the crew did, and the files they attached, as rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy import Uuid as UuidType
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime

KIND_LENGTH = 40
BY_LENGTH = 120


class CrewEventRow(TenantOwned, Base):
    """One event by hand. `event_id` is made on the vehicle's page: a repeat is no second row.

    `encounter_ref` is the reference the crew worked under, `encounter_id` what it came to.
    `undoes` names the event this one takes back; neither is ever deleted.
    """

    __tablename__ = "crew_events"
    __table_args__ = (
        UniqueConstraint("tenant_id", "event_id"),
        Index("ix_crew_events_encounter", "encounter_id", "row_id"),
        Index("ix_crew_events_vehicle", "tenant_id", "vehicle_id", "happened_at"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    event_id: Mapped[UUID] = mapped_column(UuidType)
    kind: Mapped[str] = mapped_column(String(KIND_LENGTH))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reported_by: Mapped[str] = mapped_column(String(BY_LENGTH))
    vehicle_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    text: Mapped[str] = mapped_column(Text)
    details: Mapped[list[list[str]]] = mapped_column(JSON)
    undoes: Mapped[UUID | None] = mapped_column(UuidType)
    encounter_ref: Mapped[str] = mapped_column(String(ID_LENGTH))
    encounter_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    gateway_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    captured_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AttachmentPartRow(TenantOwned, Base):
    """A piece of an attached file; whole once all `parts` of them are here."""

    __tablename__ = "attachment_parts"
    __table_args__ = (UniqueConstraint("tenant_id", "attachment_id", "part"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    attachment_id: Mapped[UUID] = mapped_column(UuidType)
    part: Mapped[int] = mapped_column(Integer)
    parts: Mapped[int] = mapped_column(Integer)
    octets: Mapped[bytes] = mapped_column(LargeBinary)
    gateway_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    sequence: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
