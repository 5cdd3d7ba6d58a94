"""One encounter of the caller's tenant: to look at, or to change."""

from __future__ import annotations

from cloud.core.encounters.erased import check_not_erased
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork


def find(work: UnitOfWork, principal: Principal, encounter_id: str) -> EncounterRow:
    """One encounter without an audit entry, for acts that have their own; NotFoundError
    `encounter_not_found` for another tenant's and for one there is not; ExpiredError
    `encounter_erased` for one there is no more.
    """
    return _found(work, principal, encounter_id, is_locked=False)


def to_change(work: UnitOfWork, principal: Principal, encounter_id: str) -> EncounterRow:
    """The same with its row locked, as it stands now: two acts at once come one after the other."""
    return _found(work, principal, encounter_id, is_locked=True)


def _found(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, is_locked: bool
) -> EncounterRow:
    statement = scoped(principal, EncounterRow).where(EncounterRow.encounter_id == encounter_id)
    if is_locked:
        work.session.flush()
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = work.session.scalars(statement).one_or_none()
    if row is None:
        check_not_erased(work, principal, encounter_id)
        raise NotFoundError(
            "encounter_not_found", "Use the id of an encounter of your organisation."
        )
    return row
