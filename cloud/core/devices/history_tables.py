"""Where devices belonged and what became of them, as rows that are never altered but to end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime

SOURCE_LENGTH = 10
KIND_LENGTH = 20


class DeviceAssignmentRow(TenantOwned, Base):
    """That a device belonged to a vehicle, or to none, from `since` to `until` (None: still).

    `source`: `assigned` where somebody said so, `heard` where a gateway of the vehicle heard it.
    A stretch that a later word replaced whole ends where it begins.
    """

    __tablename__ = "device_assignments"
    __table_args__ = (Index("ix_device_assignments_device", "device_id", "since"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    device_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    vehicle_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(SOURCE_LENGTH))
    by: Mapped[str] = mapped_column(String(ID_LENGTH))
    reason: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeviceEventRow(TenantOwned, Base):
    """One thing that happened to a device: `kind` with what it tells in `data`."""

    __tablename__ = "device_events"
    __table_args__ = (Index("ix_device_events_device", "device_id", "row_id"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    device_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    kind: Mapped[str] = mapped_column(String(KIND_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(ID_LENGTH))
    reason: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
