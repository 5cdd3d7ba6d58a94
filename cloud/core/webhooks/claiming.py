"""Which endpoint is served next, by whom, and what became of what was sent: any number of senders.

A sender holds the lease of an endpoint while it sends a portion of what is due there, in order of
that time. Leases are short and kept alive by whoever runs the senders: when that dies they run out,
and the same octets go again under the same message id. Who lost a lease is not heard.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, bindparam, case, func, insert, or_, select, update

from cloud.core.authorization.tables import APPROVED, ApplicationRow
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.endings import disable, end_if_over
from cloud.core.webhooks.endpoints import ACTIVE, DISABLED
from cloud.core.webhooks.judging import Attempt, judge, next_of
from cloud.core.webhooks.tables import (
    QUEUED,
    RETRYING,
    SENDING,
    SUCCEEDED,
    AttemptRow,
    DeliveryRow,
    EndpointRow,
)
from cloud.db.base import table_of

PORTION: Final = 20
"""So many messages an endpoint is sent before another one has its turn."""
LEASE_LIFE: Final = timedelta(seconds=6)
SET_ASIDE_FOR: Final = timedelta(minutes=10)
MOST_OF_ANSWER: Final = 1024


@dataclass(frozen=True, slots=True)
class Claim:
    """An endpoint in one sender's hands, and what to send there, in order."""

    lease: str
    endpoint: EndpointRow
    deliveries: tuple[DeliveryRow, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery of the portion, and what the attempt came to."""

    delivery: DeliveryRow
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Settled:
    """What each delivery came to (none: the lease was lost, nothing was kept), and whether the next
    of the portion may go.
    """

    states: tuple[str, ...]
    goes_on: bool


def is_any_due(work: UnitOfWork, *, may_be_slow: bool = True, but: Collection[str] = ()) -> bool:
    """Whether a claim would find something; for a unit that only reads."""
    statement = _next(work.now, may_be_slow=may_be_slow, but=but)
    return work.session.scalar(statement.with_only_columns(EndpointRow.endpoint_id)) is not None


def claim(
    work: UnitOfWork,
    *,
    life: timedelta = LEASE_LIFE,
    may_be_slow: bool = True,
    but: Collection[str] = (),
) -> Claim | None:
    """Lease the endpoint whose turn it is: of the tenant that has the fewest in hand, and among
    those of the one that was not served for longest.

    Without `may_be_slow` only endpoints that do not keep a sender waiting. `but` are tenants that
    have their share already; it is no matter where there is no other tenant. One that failed gets
    one message, as a probe.
    """
    statement = _next(work.now, may_be_slow=may_be_slow, but=but)
    endpoint = work.session.scalars(
        statement.with_for_update(skip_locked=True, key_share=True, of=EndpointRow)
    ).first()
    if endpoint is None:
        return None
    rows = _due(work, endpoint, limit=1 if endpoint.failures else PORTION)
    if not rows:
        return None
    endpoint.lease = secrets.token_hex(16)
    endpoint.leased_until, endpoint.served_at = work.now + life, work.now
    return Claim(endpoint.lease, endpoint, rows)


def keep(work: UnitOfWork, leases: Collection[str], *, life: timedelta = LEASE_LIFE) -> None:
    """Let leases that are still held begin anew."""
    work.session.execute(
        update(EndpointRow)
        .where(EndpointRow.lease.in_(leases))
        .values(leased_until=work.now + life)
        .execution_options(synchronize_session=False)
    )


def settle(
    work: UnitOfWork,
    vault: Vault,
    held: Claim,
    sent: Sequence[Sent],
    draw: float,
    *,
    is_last: bool,
) -> Settled:
    """Write down what some attempts came to; where nothing may follow, give the endpoint back.

    Nothing follows the last, a failure, and what its owner did to the endpoint meanwhile.
    """
    endpoint = _held(work, held)
    if endpoint is None:
        return Settled((), goes_on=False)
    _keep_attempts(work, vault, sent)
    states = []
    for one in sent:
        state, due_at = next_of(
            one.delivery,
            endpoint.retry_profile,
            one.attempt,
            draw,
            began=_first_attempt(work, one.delivery),
        )
        states.append(state)
        if not one.attempt.is_taken:
            _move(work, [_moved(work, one, state, due_at)], is_taken=False)
        reason = judge(endpoint, one.attempt, work.now, draw)
        if reason and endpoint.status != DISABLED:
            disable(work, endpoint, reason)
    taken = [_moved(work, one, SUCCEEDED, None) for one in sent if one.attempt.is_taken]
    _move(work, taken, is_taken=True)
    is_as_it_was = endpoint.status == ACTIVE and endpoint.version == held.endpoint.version
    goes_on = is_as_it_was and not is_last and not endpoint.failures
    if not goes_on:
        is_all = sent[-1].delivery is held.deliveries[-1]
        _give_back(work, endpoint, () if is_all else held.deliveries)
        end_if_over(work, endpoint)
    return Settled(tuple(states), goes_on=goes_on)


def set_aside(work: UnitOfWork, held: Claim) -> None:
    """Give an endpoint back that could not be served through a fault of ours, and let it rest."""
    endpoint = _held(work, held)
    if endpoint is not None:
        endpoint.closed_until = work.now + SET_ASIDE_FOR
        _give_back(work, endpoint, held.deliveries)


def answer_purpose(delivery_id: str) -> str:
    """What the vault seals a receiver's answer for."""
    return f"webhook-answer/{delivery_id}"


def _next(now: datetime, *, may_be_slow: bool, but: Collection[str]) -> Select[EndpointRow]:
    # The first of an index, whatever else lies there: whether any exists could be asked of another
    # index too, and that one holds a month of what was sent.
    # every tenant: they take turns.
    first_due = (
        select(func.min(DeliveryRow.due_at))
        .where(DeliveryRow.endpoint_id == EndpointRow.endpoint_id, DeliveryRow.due_at.is_not(None))
        .scalar_subquery()
    )
    is_in_hand = case((EndpointRow.leased_until > now, 1), else_=0)
    # every tenant: how much each has in hand.
    tenants = (
        select(
            EndpointRow.tenant_id,
            func.sum(is_in_hand).label("in_hand"),
            func.max(EndpointRow.served_at).label("served_at"),
            func.count().over().label("how_many"),
        )
        .where(EndpointRow.status == ACTIVE)
        .group_by(EndpointRow.tenant_id)
        .subquery()
    )
    statement = (
        select(EndpointRow)
        .join(ApplicationRow, ApplicationRow.client_id == EndpointRow.client_id)
        .join(tenants, tenants.c.tenant_id == EndpointRow.tenant_id)
        .where(
            EndpointRow.status == ACTIVE,
            ApplicationRow.status == APPROVED,
            or_(EndpointRow.closed_until.is_(None), EndpointRow.closed_until <= now),
            or_(EndpointRow.leased_until.is_(None), EndpointRow.leased_until <= now),
            first_due <= now,
        )
        .order_by(
            tenants.c.in_hand,
            tenants.c.served_at.nulls_first(),
            EndpointRow.served_at.nulls_first(),
            EndpointRow.endpoint_id,
        )
        .limit(1)
    )
    if but:
        is_alone = tenants.c.how_many == 1
        statement = statement.where(or_(is_alone, EndpointRow.tenant_id.not_in(but)))
    return statement if may_be_slow else statement.where(EndpointRow.is_slow.is_(False))


def _held(work: UnitOfWork, held: Claim) -> EndpointRow | None:
    """The endpoint, locked, if its lease is still ours.

    Whoever queues to it meanwhile points at its key, and neither waits for the other.
    """
    return work.session.scalars(
        select(EndpointRow)
        .where(
            EndpointRow.endpoint_id == held.endpoint.endpoint_id, EndpointRow.lease == held.lease
        )
        .with_for_update(key_share=True)
    ).one_or_none()


def _due(work: UnitOfWork, endpoint: EndpointRow, *, limit: int) -> tuple[DeliveryRow, ...]:
    """What is due at an endpoint we locked, in order, marked as being sent."""
    due = select(DeliveryRow.row_id).where(
        DeliveryRow.endpoint_id == endpoint.endpoint_id, DeliveryRow.due_at <= work.now
    )
    due = due.order_by(DeliveryRow.due_at, DeliveryRow.row_id).limit(limit)
    rows = work.session.scalars(
        update(DeliveryRow)
        .where(DeliveryRow.row_id.in_(due))
        .values(state=SENDING)
        .returning(DeliveryRow)
        .execution_options(synchronize_session=False)
    )
    return tuple(sorted(rows, key=lambda row: (row.due_at or work.now, row.row_id)))


def _first_attempt(work: UnitOfWork, delivery: DeliveryRow) -> datetime | None:
    if not delivery.attempts:
        return None
    first = select(AttemptRow.at).where(
        AttemptRow.delivery_row == delivery.row_id, AttemptRow.number == 1
    )
    return work.session.scalar(first)


def _keep_attempts(work: UnitOfWork, vault: Vault, sent: Sequence[Sent]) -> None:
    rows = [
        {
            "delivery_row": delivery.row_id,
            "number": delivery.attempts + 1,
            "at": attempt.at,
            "duration_ms": attempt.milliseconds,
            "response_status": attempt.status,
            "error": attempt.word,
            "sealed_answer": _sealed(vault, delivery, attempt),
        }
        for delivery, attempt in ((one.delivery, one.attempt) for one in sent)
    ]
    work.session.execute(insert(AttemptRow), rows)


def _sealed(vault: Vault, delivery: DeliveryRow, attempt: Attempt) -> bytes | None:
    if not attempt.answer:
        return None
    answer, purpose = attempt.answer[:MOST_OF_ANSWER], answer_purpose(delivery.delivery_id)
    return vault.seal(answer, purpose=purpose)


def _moved(work: UnitOfWork, one: Sent, state: str, due_at: datetime | None) -> dict[str, Any]:
    return {
        "key": one.delivery.row_id,
        "state": state,
        "due_at": due_at,
        "attempts": one.delivery.attempts + 1,
        "attempted_at": one.attempt.at,
        "settled_at": work.now if due_at is None else None,
        "response_status": one.attempt.status,
        "duration_ms": one.attempt.milliseconds,
        "error": one.attempt.word,
    }


def _move(work: UnitOfWork, moved: Sequence[dict[str, Any]], *, is_taken: bool) -> None:
    if not moved:
        return
    table = table_of(DeliveryRow)
    names = [name for name in moved[0] if name != "key"]
    statement = update(table).where(table.c.row_id == bindparam("key"))
    if not is_taken:
        # Discarded meanwhile, it stays so; but what arrived did arrive.
        statement = statement.where(table.c.state == SENDING)
    statement = statement.values({name: bindparam(name) for name in names})
    work.session.connection().execute(statement, list(moved))


def _give_back(work: UnitOfWork, endpoint: EndpointRow, deliveries: Sequence[DeliveryRow]) -> None:
    """End the lease; those of the deliveries that were not sent wait again."""
    endpoint.lease, endpoint.leased_until = "", None
    if not deliveries:
        return
    work.session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.row_id.in_([row.row_id for row in deliveries]),
            DeliveryRow.state == SENDING,
        )
        .values(state=case((DeliveryRow.attempts > 0, RETRYING), else_=QUEUED))
        .execution_options(synchronize_session=False)
    )
