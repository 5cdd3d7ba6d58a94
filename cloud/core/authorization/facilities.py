"""Which facility an application speaks for: only an operator says so, never the application itself.

Who a patient is, is told at the facility that takes them over, and to nobody else's application.
"""

from __future__ import annotations

from cloud.core.authorization.applications import application, note
from cloud.core.authorization.tables import KIND_APPLICATION, ApplicationRow
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.db.base import ID_LENGTH


def place_application(
    work: UnitOfWork,
    principal: Principal,
    client_id: str,
    facility_id: str | None,
    *,
    kind: str | None = KIND_APPLICATION,
) -> ApplicationRow:
    """Say which facility an application belongs to, None for none; good from the next call on.

    The id is the one encounters name as their destination. NotFoundError `app_not_found`,
    InvalidError `invalid_facility`.
    """
    row = application(work, principal, client_id, kind=kind, to_change=True)
    if facility_id is not None:
        facility_id = facility_id.strip()
        if not (facility_id and facility_id.isprintable() and len(facility_id) <= ID_LENGTH):
            raise InvalidError(
                "invalid_facility",
                f"Write the facility's id in 1 to {ID_LENGTH} printable characters.",
                details={"fields": ["facility_id"]},
            )
    row.facility_id = facility_id
    note(work, principal, row, "app.placed", event="app.updated", status=row.status)
    return row


def facility_of(work: UnitOfWork, principal: Principal) -> str | None:
    """The facility the caller's application belongs to, None for none."""
    return work.session.scalar(
        scoped(principal, ApplicationRow)
        .where(ApplicationRow.client_id == principal.client_id)
        .with_only_columns(ApplicationRow.facility_id)
    )
