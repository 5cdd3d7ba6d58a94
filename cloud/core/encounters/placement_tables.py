"""What people decided about readings, and which vehicles an encounter rode in, as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime


class ReadingMoveRow(TenantOwned, Base):
    """That a person gave a device's readings of a stretch of time another place. Never altered.

    One row for each device and vehicle of a move (`move_id`). `from_encounter_id` and
    `to_encounter_id` are None for the tray. Readings of the stretch that arrive later follow.
    """

    __tablename__ = "reading_moves"
    __table_args__ = (
        Index("ix_reading_moves_vehicle", "tenant_id", "vehicle_id", "until"),
        Index("ix_reading_moves_from", "from_encounter_id", "row_id"),
        Index("ix_reading_moves_to", "to_encounter_id", "row_id"),
        Index("ix_reading_moves_move", "move_id"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    move_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    device_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    vehicle_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    from_encounter_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    to_encounter_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    observations: Mapped[int] = mapped_column(Integer)
    waveforms: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(ID_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class EncounterVehicleRow(TenantOwned, Base):
    """That an encounter rode in a vehicle it has left, from `since` to `until`."""

    __tablename__ = "encounter_vehicles"
    __table_args__ = (
        Index("ix_encounter_vehicles_vehicle", "tenant_id", "vehicle_id", "since"),
        Index("ix_encounter_vehicles_encounter", "encounter_id"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    vehicle_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(ID_LENGTH))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
