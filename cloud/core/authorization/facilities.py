"""Which facility an application or a person speaks for: only an operator says so.

Who a patient is, is told at the facility that takes them over, and to nobody else's application.
"""

from __future__ import annotations

from cloud.core.authorization.applications import application, note
from cloud.core.authorization.tables import KIND_APPLICATION, KIND_BOARD, ApplicationRow
from cloud.core.identity.tables import UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped_at_home
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
    row.facility_id = _checked(facility_id)
    note(work, principal, row, "app.placed", event="app.updated", status=row.status)
    return row


def place_person(
    work: UnitOfWork, principal: Principal, user: UserRow, facility_id: str | None
) -> UserRow:
    """Say which facility a person works at, None for none; InvalidError `invalid_facility`."""
    user.facility_id = _checked(facility_id)
    audit.record(work, principal, "user.placed", "user", user.user_id)
    return user


def facility_of(work: UnitOfWork, principal: Principal) -> str | None:
    """The facility the caller speaks for, None for none: of an application its own, of our board
    that of the person who looks at it.
    """
    row = work.session.scalars(
        scoped_at_home(principal, ApplicationRow).where(
            ApplicationRow.client_id == principal.client_id
        )
    ).one_or_none()
    if row is None or row.kind != KIND_BOARD:
        return None if row is None else row.facility_id
    user = work.session.get(UserRow, principal.user_id)
    return None if user is None else user.facility_id


def _checked(facility_id: str | None) -> str | None:
    """The id as it is kept; InvalidError `invalid_facility`."""
    if facility_id is None:
        return None
    facility_id = facility_id.strip()
    if not (facility_id and facility_id.isprintable() and len(facility_id) <= ID_LENGTH):
        raise InvalidError(
            "invalid_facility",
            f"Write the facility's id in 1 to {ID_LENGTH} printable characters.",
            details={"fields": ["facility_id"]},
        )
    return facility_id
