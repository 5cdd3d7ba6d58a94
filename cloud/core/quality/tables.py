"""Verdicts as rows: worked out once for a version of the record and of the definition."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, ExactDecimal, RowNumber, UtcDateTime

NAME_LENGTH = 60


class QualityCaseRow(TenantOwned, Base):
    """An encounter as it was judged last: `encounter_version` and `definitions` (a digest of all
    definitions) say whether its verdicts still hold.
    """

    __tablename__ = "quality_cases"
    __table_args__ = (Index("ix_quality_cases_call", "tenant_id", "call_at"),)

    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    encounter_version: Mapped[int] = mapped_column(Integer)
    definitions: Mapped[str] = mapped_column(String(64))
    call_at: Mapped[datetime] = mapped_column(UtcDateTime)
    vehicle_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    care_model: Mapped[str] = mapped_column(String(40))
    judged_at: Mapped[datetime] = mapped_column(UtcDateTime)


class QualityVerdictRow(TenantOwned, Base):
    """What one encounter is to one indicator; those to which it does not apply have no row.

    `elements` and `evidence` hold ids, times and our own words.
    """

    __tablename__ = "quality_verdicts"
    __table_args__ = (
        UniqueConstraint("encounter_id", "indicator"),
        Index("ix_quality_verdicts_call", "tenant_id", "indicator", "call_at", "encounter_id"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    indicator: Mapped[str] = mapped_column(String(NAME_LENGTH))
    definition_version: Mapped[int] = mapped_column(Integer)
    call_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20))
    minutes: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    elements: Mapped[list[Any]] = mapped_column(JSON)
    evidence: Mapped[list[Any]] = mapped_column(JSON)
