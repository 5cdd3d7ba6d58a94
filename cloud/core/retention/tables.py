"""How long a tenant keeps what, and what it may not let go, as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, UtcDateTime

REASON_LENGTH = 200


class RetentionPolicyRow(TenantOwned, Base):
    """Days that a tenant keeps what; None: as the installation does, 0: for ever."""

    __tablename__ = "retention_policies"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.tenant_id"), primary_key=True)
    waveform_days: Mapped[int | None]
    reading_days: Mapped[int | None]
    record_days: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[str] = mapped_column(String(ID_LENGTH))


class LegalHoldRow(TenantOwned, Base):
    """That an encounter, or all of a patient's, may not be erased until the hold is lifted.

    One of `encounter_id` and `patient_id` is set.
    """

    __tablename__ = "legal_holds"
    __table_args__ = (Index("ix_legal_holds_list", "tenant_id", "placed_at"),)

    hold_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    encounter_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    patient_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    placed_by: Mapped[str] = mapped_column(String(ID_LENGTH))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
