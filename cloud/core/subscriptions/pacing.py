"""When a subscription is told something, and what becomes of it when nobody answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from cloud.core.kernel.work import UnitOfWork
from cloud.core.subscriptions.service import ACTIVE, ERROR, OFF, REQUESTED
from cloud.core.subscriptions.tables import NotifiedEventRow, SubscriptionRow

LEASE: Final = timedelta(minutes=2)
"""Who took one on has so long to settle it; then another worker may."""
PAUSES: Final = tuple(timedelta(seconds=one) for one in (2, 10, 60, 300, 900, 3600, 3600))
"""After each failure in a row; after the last it is in error, until its client asks anew."""


def followers_of(work: UnitOfWork, tenant_id: str, topic: str) -> list[SubscriptionRow]:
    """The subscriptions of a topic that are not switched off, locked for this unit."""
    statement = (
        select(SubscriptionRow)
        .where(
            SubscriptionRow.tenant_id == tenant_id,
            SubscriptionRow.topic == topic,
            SubscriptionRow.status != OFF,
        )
        .order_by(SubscriptionRow.subscription_id)
        .with_for_update()
    )
    return list(work.session.scalars(statement))


def add_event(work: UnitOfWork, row: SubscriptionRow, event_id: str, encounter_id: str) -> None:
    """Give it an event; the same again changes nothing."""
    known = select(NotifiedEventRow.row_id).where(
        NotifiedEventRow.subscription_id == row.subscription_id,
        NotifiedEventRow.event_id == event_id,
    )
    if work.session.scalar(known) is not None:
        return
    row.events += 1
    work.session.add(
        NotifiedEventRow(
            subscription_id=row.subscription_id,
            number=row.events,
            event_id=event_id,
            encounter_id=encounter_id,
            happened_at=work.now,
        )
    )
    if row.status == ACTIVE and not row.failures:
        row.due_at = work.now


def claim(work: UnitOfWork, *, limit: int) -> list[SubscriptionRow]:
    """Those with something to send now, taken on by whoever commits this unit."""
    statement = (
        select(SubscriptionRow)
        .where(SubscriptionRow.due_at <= work.now, SubscriptionRow.status.in_((REQUESTED, ACTIVE)))
        .order_by(SubscriptionRow.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = list(work.session.scalars(statement))
    for row in rows:
        row.due_at = work.now + LEASE
    return rows


def end_over(work: UnitOfWork) -> None:
    """Switch off those whose time is over."""
    statement = select(SubscriptionRow).where(
        SubscriptionRow.ends_at <= work.now, SubscriptionRow.status != OFF
    )
    for row in work.session.scalars(statement):
        row.status, row.due_at = OFF, None
        row.version += 1


def arrived(work: UnitOfWork, row: SubscriptionRow, *, through: int) -> None:
    """What was sent was taken, events up to `through` among it."""
    if row.status == REQUESTED:
        row.status = ACTIVE
        row.version += 1
    row.failures, row.error = 0, ""
    row.delivered = max(row.delivered, through)
    row.due_at = work.now if row.delivered < row.events else _heartbeat(work, row)


def failed(work: UnitOfWork, row: SubscriptionRow, why: str) -> None:
    """It was not taken; `why` in words of ours."""
    row.failures += 1
    row.error = why
    if row.failures > len(PAUSES):
        row.status, row.due_at = ERROR, None
        row.version += 1
        row.updated_at = work.now
    else:
        row.due_at = work.now + PAUSES[row.failures - 1]


def stop(row: SubscriptionRow, why: str) -> None:
    """It is not served any more until its client asks anew."""
    row.status, row.error, row.due_at = ERROR, why, None
    row.version += 1


def _heartbeat(work: UnitOfWork, row: SubscriptionRow) -> datetime | None:
    if row.heartbeat_seconds is None:
        return None
    return work.now + timedelta(seconds=row.heartbeat_seconds)
