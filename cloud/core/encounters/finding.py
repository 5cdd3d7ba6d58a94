"""One encounter of the caller's tenant: to look at, or to change.

Who may see nothing but what comes to their facility is told of any other that there is none: that
somebody is on the way to another hospital is theirs to know as little as who it is.
"""

from __future__ import annotations

from cloud.core.authorization.facilities import facility_of
from cloud.core.encounters.erased import check_not_erased
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_HANDOVER, EPCR_READ, EPCR_WRITE
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork


def is_confined(principal: Principal) -> bool:
    """Whether the caller may know of no encounter but those that come to their facility."""
    knows_all = principal.may(EPCR_READ) or principal.may(EPCR_WRITE)
    return principal.may(EPCR_HANDOVER) and not knows_all


def find(work: UnitOfWork, principal: Principal, encounter_id: str) -> EncounterRow:
    """One encounter without an audit entry, for acts that have their own; NotFoundError
    `encounter_not_found` for another tenant's, for one there is not, and for one that does not come
    to a caller who `is_confined`; ExpiredError `encounter_erased` for one there is no more.
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
    if is_confined(principal):
        # What was erased no longer says where it was brought.
        own = facility_of(work, principal)
        if row is not None and own is not None and row.destination == own:
            return row
    elif row is not None:
        return row
    else:
        check_not_erased(work, principal, encounter_id)
    raise NotFoundError("encounter_not_found", "Use the id of an encounter of your organisation.")
