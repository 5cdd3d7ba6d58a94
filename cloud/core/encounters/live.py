"""Encounters as a live view watches them; not audited (opening the view is)."""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.lifecycle import Status
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

_OPEN: Final = (Status.IN_PROGRESS.value, Status.READY_FOR_HANDOVER.value)
MOST: Final = 200


def open_encounters(work: UnitOfWork, principal: Principal) -> list[EncounterRow]:
    """The encounters with a patient now, newest first."""
    statement = (
        scoped(principal, EncounterRow)
        .where(EncounterRow.status.in_(_OPEN))
        .order_by(EncounterRow.started_at.desc(), EncounterRow.encounter_id)
        .limit(MOST)
    )
    return list(work.session.scalars(statement))
