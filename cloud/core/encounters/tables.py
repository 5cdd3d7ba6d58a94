"""Encounters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, UtcDateTime


class EncounterRow(TenantOwned, Base):
    """One patient contact. Only the person's pseudonym is kept here, never the person's id.

    `closed_at` and `released_at`, whichever is earlier, end the time in which the vehicle's
    readings belong to it: the first is the hospital's word, the second the crew's. `patient_id` is
    the patient it is linked to now, None while nobody told anything of them. `vehicle_since` is
    when it came to its vehicle, None where it began there. `eta_at` is when the vehicle expects to
    be at `destination`. `rebound` counts how often readings that were there already came or went:
    who follows it by row numbers has to read it anew.
    """

    __tablename__ = "encounters"
    __table_args__ = (
        UniqueConstraint("tenant_id", "cad_incident_id", "vehicle_id"),
        Index("ix_encounters_binding", "tenant_id", "vehicle_id", "started_at"),
        Index("ix_encounters_list", "tenant_id", "updated_at", "encounter_id"),
        Index("ix_encounters_patient", "patient_id"),
    )

    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    status: Mapped[str] = mapped_column(String(24))
    care_model: Mapped[str] = mapped_column(String(40))
    vehicle_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    cad_incident_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    crew_ids: Mapped[list[str]] = mapped_column(JSON)
    patient_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    patient_pseudonym: Mapped[str] = mapped_column(String(64))
    sex: Mapped[str | None] = mapped_column(String(8))
    chief_complaint: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    triage: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    vehicle_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handover_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    destination: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    received_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    eta_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    duplicate_of: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    rebound: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def ended_at(self) -> datetime | None:
        """Since when the vehicle's readings no longer belong to it, None while they do."""
        return min(filter(None, (self.closed_at, self.released_at)), default=None)
