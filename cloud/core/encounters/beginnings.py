"""Encounters by when they began, for work that goes through all of a period."""

from __future__ import annotations

from datetime import datetime

from cloud.core.encounters.projections import check_facility
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel import audit
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_READ
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork


def began_within(
    work: UnitOfWork, principal: Principal, since: datetime, until: datetime
) -> list[str]:
    """The ids of encounters that began from `since` until before `until`, in that order; audited.

    A facility's application finds those that come to it; ForbiddenError as `listing`.
    """
    statement = scoped(principal, EncounterRow).where(
        EncounterRow.started_at >= since, EncounterRow.started_at < until
    )
    if not principal.may(EPCR_READ):
        own = check_facility(work, principal)
        statement = statement.where(EncounterRow.destination == own)
    audit.record(work, principal, "list", "encounter", "*")
    ids = statement.with_only_columns(EncounterRow.encounter_id)
    ordered = ids.order_by(EncounterRow.started_at, EncounterRow.encounter_id)
    return [str(one) for one in work.session.scalars(ordered)]
