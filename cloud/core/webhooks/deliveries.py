"""What was sent to an endpoint and what became of it, for its client; and sending it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, func, select

from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.traces import current_trace
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.catalogue import CATALOGUE
from cloud.core.webhooks.dialects import body_of
from cloud.core.webhooks.endpoints import ACTIVE, DISABLED, check_events
from cloud.core.webhooks.queueing import new_delivery
from cloud.core.webhooks.tables import (
    DISCARDED,
    FAILED,
    QUEUED,
    RETRYING,
    SENDING,
    STATES,
    SUCCEEDED,
    AttemptRow,
    DeliveryRow,
    EndpointRow,
)
from cloud.core.webhooks.traced import headers_again

SETTLED: Final = (SUCCEEDED, FAILED, DISCARDED)
MOST_REPLAYED: Final = 10_000
"""So many deliveries of a time range are sent again at once."""
_RESOURCE: Final = "webhook"


def listing(
    work: UnitOfWork,
    endpoint: EndpointRow,
    *,
    state: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[DeliveryRow]:
    """Deliveries to an endpoint of the caller's, the newest first, with row numbers below `before`.

    InvalidError `unknown_status` for a state there is not.
    """
    if state is not None and state not in STATES:
        raise InvalidError("unknown_status", f"Use one of: {', '.join(STATES)}.")
    statement = _of(endpoint)
    if state is not None:
        statement = statement.where(DeliveryRow.state == state)
    if before is not None:
        statement = statement.where(DeliveryRow.row_id < before)
    return list(work.session.scalars(statement.order_by(DeliveryRow.row_id.desc()).limit(limit)))


def find(
    work: UnitOfWork, endpoint: EndpointRow, delivery_id: str, *, to_change: bool = False
) -> DeliveryRow:
    """One delivery to an endpoint of the caller's; NotFoundError `delivery_not_found`."""
    statement = _of(endpoint).where(DeliveryRow.delivery_id == delivery_id)
    if to_change:
        statement = statement.with_for_update()
    row = work.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFoundError("delivery_not_found", "There is no such delivery to this webhook.")
    return row


def attempts_of(work: UnitOfWork, delivery: DeliveryRow) -> list[AttemptRow]:
    """Its attempts in order. What the receivers said is for operators only."""
    statement = select(AttemptRow).where(AttemptRow.delivery_row == delivery.row_id)
    return list(work.session.scalars(statement.order_by(AttemptRow.number)))


def send_test(
    work: UnitOfWork, principal: Principal, endpoint: EndpointRow, event_type: str = ""
) -> DeliveryRow:
    """Queue the sample of an event (by itself the endpoint's first), marked as a test.

    It goes the way every delivery goes, at once even where the endpoint rests after failures and
    others wait there.
    InvalidError `unknown_event`, ConflictError `webhook_not_active`.
    """
    name = event_type or next(iter(endpoint.events), "")
    kind = CATALOGUE.get(name)
    if kind is None:
        raise InvalidError("unknown_event", "Name an event of the catalogue.")
    if endpoint.status != ACTIVE:
        raise ConflictError("webhook_not_active", "Make the webhook active first.")
    trace = current_trace()
    event = DomainEvent(
        event_id=new_id("evt_test"),
        tenant_id=endpoint.tenant_id,
        type=kind.name,
        occurred_at=work.now,
        resource_type=_RESOURCE,
        resource_id=kind.resource.sample,
        data={},
        trace_id=principal.trace_id,
        is_recorded=trace is not None and trace.context.is_recorded,
    )
    body = body_of(endpoint.dialect, event, kind.sample, is_test=True)
    due_at = _first_in_line(work, endpoint)
    row = new_delivery(work, endpoint, event, body, is_test=True)
    row.due_at = due_at
    _open_door(work, endpoint)
    work.session.flush()
    audit.record(work, principal, "webhook.tested", _RESOURCE, endpoint.endpoint_id)
    return row


def replay(
    work: UnitOfWork, principal: Principal, endpoint: EndpointRow, delivery_id: str
) -> DeliveryRow:
    """Have a delivery sent again, the same octets under the same message id, before all that waits.

    One that waits to be tried again is due at once. ConflictError `still_waiting` where it is in
    hand or next, `webhook_disabled`; ForbiddenError `event_not_approved` where the caller may not
    know of it any more.
    """
    _hold(work, endpoint)
    row = find(work, endpoint, delivery_id, to_change=True)
    _check_serves(endpoint)
    check_events(principal, [row.event_type])
    if row.state in (QUEUED, SENDING):
        raise ConflictError("still_waiting", "It is being sent; look at it again later.")
    due_at = _first_in_line(work, endpoint)
    if row.state == RETRYING:
        row.due_at = due_at
    else:
        newest = select(func.max(DeliveryRow.replay)).where(
            DeliveryRow.endpoint_id == endpoint.endpoint_id,
            DeliveryRow.message_id == row.message_id,
        )
        row = _again(work, row, (work.session.scalar(newest) or 0) + 1)
        row.due_at = due_at
    _open_door(work, endpoint)
    work.session.flush()
    audit.record(work, principal, "delivery.replayed", "webhook_delivery", delivery_id)
    return row


def replay_range(
    work: UnitOfWork,
    principal: Principal,
    endpoint: EndpointRow,
    *,
    since: datetime,
    until: datetime,
    states: Sequence[str] = SETTLED,
    events: Sequence[str] = (),
) -> int:
    """Have every message that happened from `since` until before `until`, and whose newest delivery
    came to one of `states`, sent again; how many. Tests are not.

    `events` are those wanted, all that the caller may know of where none are named. InvalidError
    `bad_range`, `unknown_event`, `unknown_status` for states that are not settled, or
    `too_many_deliveries`; ForbiddenError `event_not_approved`; ConflictError `webhook_disabled`.
    """
    _hold(work, endpoint)
    _check_serves(endpoint)
    if since >= until:
        raise InvalidError("bad_range", "The range ends before it begins.")
    if not states or not set(states) <= set(SETTLED):
        raise InvalidError("unknown_status", f"Use some of: {', '.join(SETTLED)}.")
    may_know = [name for name, kind in CATALOGUE.items() if kind.is_for(principal.scopes)]
    named = check_events(principal, events) if events else may_know
    newest = _newest(endpoint, since, until, states).where(DeliveryRow.event_type.in_(named))
    rows = work.session.scalars(newest.order_by(DeliveryRow.row_id).limit(MOST_REPLAYED + 1)).all()
    if len(rows) > MOST_REPLAYED:
        raise InvalidError(
            "too_many_deliveries", f"Ask for a shorter range: {MOST_REPLAYED} at most."
        )
    for row in rows:
        _again(work, row, row.replay + 1)
    if rows:
        _open_door(work, endpoint)
    work.session.flush()
    note = f"range of {len(rows)}"
    audit.record(work, principal, "delivery.replayed", _RESOURCE, endpoint.endpoint_id, note=note)
    return len(rows)


def _newest(
    endpoint: EndpointRow, since: datetime, until: datetime, states: Sequence[str]
) -> Select[Any]:
    newest = (
        select(func.max(DeliveryRow.row_id))
        .where(
            DeliveryRow.endpoint_id == endpoint.endpoint_id,
            DeliveryRow.occurred_at >= since,
            DeliveryRow.occurred_at < until,
            DeliveryRow.is_test.is_(False),
        )
        .group_by(DeliveryRow.message_id)
    )
    return select(DeliveryRow).where(DeliveryRow.row_id.in_(newest), DeliveryRow.state.in_(states))


def _again(work: UnitOfWork, row: DeliveryRow, replay_number: int) -> DeliveryRow:
    delivery_id = new_id("dlv")
    again = DeliveryRow(
        delivery_id=delivery_id,
        tenant_id=row.tenant_id,
        endpoint_id=row.endpoint_id,
        message_id=row.message_id,
        replay=replay_number,
        event_type=row.event_type,
        occurred_at=row.occurred_at,
        trace_id=row.trace_id,
        is_test=row.is_test,
        body=row.body,
        headers=headers_again(row.headers, delivery_id),
        state=QUEUED,
        due_at=work.now,
        created_at=work.now,
    )
    work.session.add(again)
    return again


def _hold(work: UnitOfWork, endpoint: EndpointRow) -> None:
    """Lock it before its deliveries, as senders do: neither waits for the other in a ring."""
    work.session.refresh(endpoint, with_for_update={"key_share": True})


def _check_serves(endpoint: EndpointRow) -> None:
    if endpoint.status == DISABLED:
        raise ConflictError("webhook_disabled", "Make the webhook active first.")


def _first_in_line(work: UnitOfWork, endpoint: EndpointRow) -> datetime:
    """When something is due that goes before all that happened and waits: who asks for one message
    looks at that one. Where an endpoint fails, only one message is tried after each rest.
    """
    waiting = select(func.min(DeliveryRow.due_at)).where(
        DeliveryRow.tenant_id == endpoint.tenant_id,
        DeliveryRow.endpoint_id == endpoint.endpoint_id,
        DeliveryRow.due_at.is_not(None),
        DeliveryRow.is_test.is_(False),
        DeliveryRow.replay == 0,
    )
    first: datetime | None = work.session.scalar(waiting)
    if first is None or first > work.now:
        return work.now
    return first - timedelta(microseconds=1)


def _open_door(work: UnitOfWork, endpoint: EndpointRow) -> None:
    """Whoever asks for something to be sent believes that the receiver is there again."""
    if endpoint.closed_until is not None and endpoint.closed_until > work.now:
        endpoint.closed_until = work.now


def _of(endpoint: EndpointRow) -> Select[DeliveryRow]:
    # scoped by the endpoint, which is the caller's own.
    return select(DeliveryRow).where(
        DeliveryRow.tenant_id == endpoint.tenant_id,
        DeliveryRow.endpoint_id == endpoint.endpoint_id,
    )
