"""What was sent and what became of it, as a tenant's people see it; and sending it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from cloud.core.exchange.causes import DROPPED, WAITING, new_delivery
from cloud.core.exchange.claiming import words_purpose
from cloud.core.exchange.connections import ENDED
from cloud.core.exchange.connections import find as find_connection
from cloud.core.exchange.tables import ConnectionRow, DeliveryRow, PartRow, PlacedRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

STATES: Final = ("waiting", "taken", "refused", "conflict", "abandoned", "dropped")
TROUBLED: Final = ("refused", "conflict", "abandoned")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries a list shall hold; None means any."""

    state: str | None = None
    connection_id: str | None = None
    encounter_id: str | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How the exchange of an installation stands."""

    by_state: Mapping[str, int]
    oldest_waiting: datetime | None
    closed_connections: int


def listing(
    work: UnitOfWork, caller: Principal, wanted: DeliveryFilter, *, before: int | None, limit: int
) -> list[DeliveryRow]:
    """Deliveries, the newest first, with row numbers below `before`."""
    statement = scoped(caller, DeliveryRow)
    if wanted.state is not None:
        statement = statement.where(DeliveryRow.state == wanted.state)
    if wanted.connection_id is not None:
        statement = statement.where(DeliveryRow.connection_id == wanted.connection_id)
    if wanted.encounter_id is not None:
        statement = statement.where(DeliveryRow.encounter_id == wanted.encounter_id)
    if before is not None:
        statement = statement.where(DeliveryRow.row_id < before)
    return list(work.session.scalars(statement.order_by(DeliveryRow.row_id.desc()).limit(limit)))


def find(work: UnitOfWork, caller: Principal, delivery_id: str) -> DeliveryRow:
    """One delivery of the caller's tenant; NotFoundError otherwise."""
    row = work.session.scalars(
        scoped(caller, DeliveryRow).where(DeliveryRow.delivery_id == delivery_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("delivery_not_found", "Use the id of a delivery of your organisation.")
    return row


def words_of(work: UnitOfWork, vault: Vault, caller: Principal, row: DeliveryRow) -> str:
    """What the hospital said to the last attempt; it may quote the record, so the look is audited.

    Empty where it said nothing.
    """
    if row.sealed_words is None:
        return ""
    audit.record(work, caller, "read", "delivery", row.delivery_id)
    return vault.open(row.sealed_words, purpose=words_purpose(row)).decode()


def placed_by(work: UnitOfWork, row: DeliveryRow) -> list[PlacedRow]:
    """What lies at the hospital as this delivery put it there, by fullUrl."""
    statement = select(PlacedRow).where(
        PlacedRow.connection_id == row.connection_id, PlacedRow.delivery_id == row.delivery_id
    )
    return list(work.session.scalars(statement.order_by(PlacedRow.full_url)))


def replay(work: UnitOfWork, caller: Principal, delivery_id: str, *, is_fresh: bool) -> DeliveryRow:
    """Have a delivery sent again: the same octets, or another one from the encounter as it is now.

    The delivery that waits. ConflictError `still_waiting`, or `connection_ended`.
    """
    row = find(work, caller, delivery_id)
    if row.state == WAITING:
        raise ConflictError("still_waiting", "It is being sent; look at it again later.")
    connection = find_connection(work, caller, row.connection_id)
    if connection.status == ENDED:
        raise ConflictError("connection_ended", "Make a new connection.")
    note = "made anew" if is_fresh else "same octets"
    audit.record(work, caller, "delivery.replayed", "delivery", delivery_id, note=note)
    if is_fresh:
        # What was sent stays as it was: it says what may have to be withdrawn one day.
        return new_delivery(work, connection, row.encounter_id, row.kind, cause=new_id("rpl"))
    for part in work.session.scalars(select(PartRow).where(PartRow.delivery_id == delivery_id)):
        part.taken_at = None
    row.state, row.due_at, row.settled_at, row.faults = WAITING, work.now, None, 0
    row.created_at = work.now
    return row


def backlog(work: UnitOfWork) -> Backlog:
    """Counts over every tenant, for the operator of the service."""
    counted = (
        select(DeliveryRow.state, func.count())
        .where(DeliveryRow.state != DROPPED)
        .group_by(DeliveryRow.state)
    )
    oldest = select(func.min(DeliveryRow.created_at)).where(DeliveryRow.state == WAITING)
    closed = (
        select(func.count())
        .select_from(ConnectionRow)
        .where(ConnectionRow.closed_until > work.now, ConnectionRow.status != ENDED)
    )
    return Backlog(
        by_state={state: count for state, count in work.session.execute(counted)},  # noqa: C416 - rows are no pairs
        oldest_waiting=work.session.scalar(oldest),
        closed_connections=work.session.scalar(closed) or 0,
    )
