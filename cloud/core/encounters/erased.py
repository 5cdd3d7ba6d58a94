"""Encounters that were erased: that there was one, when, and how much it held."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.errors import ExpiredError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import TenantOwned, scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.db.base import ID_LENGTH, Base, UtcDateTime

REASON_LENGTH = 200


class ErasedEncounterRow(TenantOwned, Base):
    """What is left of an encounter. `cause`: request or retention.

    `started_at` to `ended_at` is the vehicle's time with the patient: what is heard late of it
    belongs to nobody any more. `counts`: how many rows of each kind went.
    """

    __tablename__ = "erased_encounters"
    __table_args__ = (Index("ix_erased_encounters_cause", "tenant_id", "cause"),)

    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    vehicle_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    care_model: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(ID_LENGTH))
    cause: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    counts: Mapped[dict[str, int]] = mapped_column(JSON)


def find_erased(
    work: UnitOfWork, principal: Principal, encounter_id: str
) -> ErasedEncounterRow | None:
    """What is left of an erased encounter of the caller's tenant, None where none was erased."""
    return work.session.scalars(
        scoped(principal, ErasedEncounterRow).where(ErasedEncounterRow.encounter_id == encounter_id)
    ).one_or_none()


def check_not_erased(work: UnitOfWork, principal: Principal, encounter_id: str) -> None:
    """ExpiredError `encounter_erased` for one that was here and is no more."""
    if find_erased(work, principal, encounter_id) is not None:
        raise ExpiredError("encounter_erased", "The encounter was erased; nothing of it is kept.")
