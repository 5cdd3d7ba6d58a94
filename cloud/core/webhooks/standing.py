"""How the webhooks of an installation stand, and forgetting what is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import case, delete, func, or_, select, update

from cloud.core.authorization.tables import APPROVED, ApplicationRow
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.endpoints import ACTIVE, DISABLED, PAUSED, REMOVED
from cloud.core.webhooks.tables import (
    DISCARDED,
    AttemptRow,
    DeliveryRow,
    EndpointRow,
    IncidentRow,
)

KEPT_FOR: Final = timedelta(days=30)
FORGOTTEN_AT_ONCE: Final = 1000
RESTING: Final = "resting"
SLOW: Final = "slow"


@dataclass(frozen=True, slots=True)
class Standing:
    """`endpoints` counts by active, paused, disabled; of the active ones again resting and slow;
    those of jobs' callbacks not. `overdue` is how long ago what waits for longest at an open
    endpoint that is served was due.
    """

    waiting: int
    overdue: timedelta
    endpoints: Mapping[str, int]


def standing(work: UnitOfWork) -> Standing:
    """Counts over every tenant, for the operator of the service."""
    waiting = select(func.count()).select_from(DeliveryRow).where(DeliveryRow.due_at.is_not(None))
    is_open = or_(EndpointRow.closed_until.is_(None), EndpointRow.closed_until <= work.now)
    oldest = (
        select(func.min(DeliveryRow.due_at))
        .join(EndpointRow, EndpointRow.endpoint_id == DeliveryRow.endpoint_id)
        .join(ApplicationRow, ApplicationRow.client_id == EndpointRow.client_id)
        .where(
            DeliveryRow.due_at.is_not(None),
            EndpointRow.status == ACTIVE,
            ApplicationRow.status == APPROVED,
            is_open,
        )
    )
    due_at = work.session.scalar(oldest)
    counted = select(
        EndpointRow.status,
        func.count(),
        func.sum(case((is_open, 0), else_=1)),
        func.sum(case((EndpointRow.is_slow, 1), else_=0)),
    ).where(EndpointRow.status_reason != REMOVED, EndpointRow.is_internal.is_(False))
    counts = dict.fromkeys((ACTIVE, PAUSED, DISABLED, RESTING, SLOW), 0)
    for status, count, resting, slow in work.session.execute(counted.group_by(EndpointRow.status)):
        counts[status] = count
        if status == ACTIVE:
            counts[RESTING], counts[SLOW] = resting, slow
    return Standing(
        waiting=work.session.scalar(waiting) or 0,
        overdue=max(work.now - due_at, timedelta(0)) if due_at is not None else timedelta(0),
        endpoints=counts,
    )


def forget_delivered(work: UnitOfWork, *, limit: int = FORGOTTEN_AT_ONCE) -> int:
    """Forget a portion of what was settled a month ago, with its attempts; how many deliveries."""
    before = work.now - KEPT_FOR
    old = select(DeliveryRow.row_id).where(DeliveryRow.settled_at < before).limit(limit)
    rows = list(work.session.scalars(old.order_by(DeliveryRow.settled_at)))
    if rows:
        work.session.execute(delete(AttemptRow).where(AttemptRow.delivery_row.in_(rows)))
        work.session.execute(delete(DeliveryRow).where(DeliveryRow.row_id.in_(rows)))
    return len(rows)


def discard_stale(work: UnitOfWork, *, limit: int = FORGOTTEN_AT_ONCE) -> int:
    """Discard a portion of what has waited for a month: its endpoint is paused, or its application
    is not approved any more; how many.
    """
    before = work.now - KEPT_FOR
    stale = select(DeliveryRow.row_id).where(
        DeliveryRow.due_at < before, DeliveryRow.created_at < before
    )
    rows = list(work.session.scalars(stale.order_by(DeliveryRow.due_at).limit(limit)))
    if rows:
        work.session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.row_id.in_(rows), DeliveryRow.due_at.is_not(None))
            .values(state=DISCARDED, due_at=None, settled_at=work.now)
            .execution_options(synchronize_session=False)
        )
    return len(rows)


def forget_endpoints(work: UnitOfWork) -> None:
    """Forget endpoints that were removed, and those of one job's callback, once nothing of them is
    left; and incidents that were closed long ago.
    """
    before = work.now - KEPT_FOR
    has_deliveries = (
        select(DeliveryRow.row_id)
        .where(DeliveryRow.endpoint_id == EndpointRow.endpoint_id)
        .exists()
    )
    is_over = or_(EndpointRow.status_reason == REMOVED, EndpointRow.is_internal)
    work.session.execute(
        delete(EndpointRow)
        .where(is_over, EndpointRow.updated_at < before, ~has_deliveries)
        .execution_options(synchronize_session=False)
    )
    work.session.execute(
        delete(IncidentRow).where(IncidentRow.is_open.is_(False), IncidentRow.changed_at < before)
    )
