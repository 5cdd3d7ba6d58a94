"""Which delivery is next, for whom, and what became of it: any number of couriers at once.

A courier holds the lease of a connection while it sends over it, so a connection carries one thing
at a time and in order. A courier that dies leaves its lease to run out; the next one sends the same
octets. What a courier says after it lost its lease is not heard.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased

from cloud.core.exchange.causes import WAITING
from cloud.core.exchange.connections import ACTIVE
from cloud.core.exchange.pacing import KEPT_TRYING, MOST_FAULTS, pause
from cloud.core.exchange.placing import note_versions, place
from cloud.core.exchange.tables import ConnectionRow, DeliveryRow, PartRow
from cloud.core.exchange.verdicts import RULES, Outcome, Verdict
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.principal import Principal, service_principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

ABANDONED: Final = "abandoned"
SETTLED_EVENT: Final = "epcr.delivery.settled"
MOST_WORDS: Final = 4000


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in one courier's hands, and the connection it goes over."""

    lease: str
    connection: ConnectionRow
    delivery: DeliveryRow

    @property
    def caller(self) -> Principal:
        """Us, inside the tenant whose delivery it is."""
        return service_principal(self.delivery.tenant_id, "exchange")


def is_any_due(work: UnitOfWork) -> bool:
    """Whether a claim would find something; for a unit that only reads."""
    return work.session.scalar(_due(work.now).with_only_columns(DeliveryRow.row_id)) is not None


def claim(work: UnitOfWork, *, life: timedelta) -> Claim | None:
    """The delivery that waits longest among those that may go now, its connection leased."""
    statement = _due(work.now).with_for_update(skip_locked=True, of=ConnectionRow)
    found = work.session.execute(statement).first()
    if found is None:
        return None
    delivery, connection = found
    connection.lease = secrets.token_hex(16)
    connection.leased_until = work.now + life
    delivery.attempts += 1
    delivery.attempted_at = work.now
    return Claim(connection.lease, connection, delivery)


def prepare(work: UnitOfWork, held: Claim, parts: Sequence[PartRow]) -> bool:
    """Keep what will be sent, once and for all; False when the lease was lost meanwhile."""
    if _held(work, held) is None:
        return False
    work.session.add_all(parts)
    held_row = _delivery(work, held)
    held_row.parts = len(parts)
    return True


def parts_of(work: UnitOfWork, delivery_id: str) -> list[PartRow]:
    """The parts of a delivery in order, none while they were not made."""
    statement = select(PartRow).where(PartRow.delivery_id == delivery_id)
    return list(work.session.scalars(statement.order_by(PartRow.number)))


def note_taken(
    work: UnitOfWork, held: Claim, part: PartRow, verdict: Verdict, *, life: timedelta
) -> bool:
    """One part arrived: it is never sent again, and the lease begins anew."""
    connection = _held(work, held)
    if connection is None:
        return False
    kept = work.session.get_one(PartRow, (part.delivery_id, part.number))
    kept.taken_at, kept.response_status = work.now, verdict.status
    connection.leased_until = work.now + life
    place(work, held.delivery, kept, verdict.placements)
    return True


def settle(work: UnitOfWork, vault: Vault, held: Claim, verdict: Verdict, draw: float) -> str:
    """Write down what an attempt came to and give the lease back; the delivery's state.

    Empty when the lease was lost: somebody else decides.
    """
    connection = _held(work, held)
    if connection is None:
        return ""
    delivery = _delivery(work, held)
    rule = RULES[verdict.outcome]
    if verdict.versions:
        note_versions(work, delivery, verdict.versions)
    _judge_connection(connection, verdict, work.now, draw)
    delivery.response_status, delivery.reason = verdict.status, verdict.reason
    delivery.sealed_words = None
    if verdict.words:
        words = verdict.words[:MOST_WORDS].encode()
        delivery.sealed_words = vault.seal(words, purpose=words_purpose(delivery))
    if rule.is_deliverys_fault:
        delivery.faults += 1
        delivery.due_at = work.now + pause(delivery.faults, draw, asked=verdict.retry_after)
    state = rule.settles_as
    if state is None and _is_hopeless(delivery, work.now):
        state = ABANDONED
    if state is not None:
        _end(work, held.caller, delivery, state)
    connection.lease, connection.leased_until = "", None
    return delivery.state


def words_purpose(delivery: DeliveryRow) -> str:
    """What the vault seals a hospital's words for: they may quote the record."""
    return f"delivery-words/{delivery.delivery_id}"


def _end(work: UnitOfWork, caller: Principal, delivery: DeliveryRow, state: str) -> None:
    delivery.state, delivery.settled_at = state, work.now
    note = f"{delivery.kind} {state}"
    outcome = "success" if state == Outcome.TAKEN else "failure"
    audit.record(
        work, caller, "delivered", "encounter", delivery.encounter_id, outcome=outcome, note=note
    )
    outbox.publish(
        work,
        tenant_id=delivery.tenant_id,
        event_type=SETTLED_EVENT,
        resource_type="delivery",
        resource_id=delivery.delivery_id,
        data={
            "encounter_id": delivery.encounter_id,
            "connection_id": delivery.connection_id,
            "kind": delivery.kind,
            "state": state,
            "reason": delivery.reason,
        },
    )


def _judge_connection(
    connection: ConnectionRow, verdict: Verdict, now: datetime, draw: float
) -> None:
    if RULES[verdict.outcome].closes_connection:
        connection.failures += 1
        wait = pause(connection.failures, draw, asked=verdict.retry_after)
        connection.closed_until = now + wait
        connection.last_failed_at, connection.last_reason = now, verdict.reason
        return
    # Whoever answers is there, whatever the answer.
    connection.failures, connection.closed_until = 0, None
    if verdict.outcome is Outcome.TAKEN:
        connection.last_taken_at = now
    else:
        connection.last_failed_at, connection.last_reason = now, verdict.reason


def _is_hopeless(delivery: DeliveryRow, now: datetime) -> bool:
    return delivery.faults >= MOST_FAULTS or now - delivery.created_at > KEPT_TRYING


def _due(now: datetime) -> Select[DeliveryRow, ConnectionRow]:
    earlier = aliased(DeliveryRow)
    is_first = ~(
        select(earlier.row_id)
        .where(
            earlier.connection_id == DeliveryRow.connection_id,
            earlier.lane == DeliveryRow.lane,
            earlier.state == WAITING,
            earlier.row_id < DeliveryRow.row_id,
        )
        .exists()
    )
    return (
        select(DeliveryRow, ConnectionRow)
        .join(ConnectionRow, ConnectionRow.connection_id == DeliveryRow.connection_id)
        .where(
            DeliveryRow.state == WAITING,
            DeliveryRow.due_at <= now,
            is_first,
            ConnectionRow.status == ACTIVE,
            or_(ConnectionRow.closed_until.is_(None), ConnectionRow.closed_until <= now),
            or_(ConnectionRow.leased_until.is_(None), ConnectionRow.leased_until <= now),
        )
        .order_by(DeliveryRow.due_at, DeliveryRow.row_id)
        .limit(1)
    )


def _held(work: UnitOfWork, held: Claim) -> ConnectionRow | None:
    """The connection, locked, if its lease is still ours."""
    return work.session.scalars(
        select(ConnectionRow)
        .where(
            ConnectionRow.connection_id == held.connection.connection_id,
            ConnectionRow.lease == held.lease,
        )
        .with_for_update()
    ).one_or_none()


def _delivery(work: UnitOfWork, held: Claim) -> DeliveryRow:
    return work.session.get_one(DeliveryRow, held.delivery.row_id)
