"""What callers can ask of subscriptions: each client sees its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, delete, func, select

from cloud.core.authorization.acting import acting
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.subscriptions.tables import NotifiedEventRow, SubscriptionRow

REQUESTED: Final = "requested"
ACTIVE: Final = "active"
ERROR: Final = "error"
OFF: Final = "off"
MOST_OF_A_CLIENT: Final = 50
KEPT_FOR: Final = timedelta(days=30)
_RESOURCE: Final = "Subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a client asks for. `headers` are whole lines, `criteria` empty asks for everything."""

    topic: str
    endpoint: str
    content: str
    status: str = REQUESTED
    criteria: str = ""
    reason: str = ""
    headers: tuple[str, ...] = ()
    heartbeat_seconds: int | None = None
    timeout_seconds: int = 10
    most_events: int = 20
    ends_at: datetime | None = None


def create(
    work: UnitOfWork, vault: Vault, principal: Principal, wanted: Wanted, *, base: str
) -> SubscriptionRow:
    """A new one, which is greeted next; ConflictError `too_many_subscriptions`."""
    mine = select(func.count()).where(
        SubscriptionRow.tenant_id == principal.tenant_id,
        SubscriptionRow.client_id == principal.client_id,
    )
    if (work.session.scalar(mine) or 0) >= MOST_OF_A_CLIENT:
        raise ConflictError(
            "too_many_subscriptions", f"End one first: {MOST_OF_A_CLIENT} are the most."
        )
    row = SubscriptionRow(
        subscription_id=new_id("sub"),
        tenant_id=principal.tenant_id,
        client_id=principal.client_id,
        base=base,
        created_at=work.now,
        updated_at=work.now,
        version=1,
    )
    _fill(work, vault, row, wanted)
    work.session.add(row)
    work.session.flush()
    audit.record(work, principal, "create", _RESOURCE, row.subscription_id)
    return row


def change(
    work: UnitOfWork, vault: Vault, principal: Principal, row: SubscriptionRow, wanted: Wanted
) -> None:
    """Ask for something else; unless it is switched off it is greeted anew."""
    row.version += 1
    row.updated_at = work.now
    _fill(work, vault, row, wanted)
    audit.record(work, principal, "update", _RESOURCE, row.subscription_id)


def remove(work: UnitOfWork, principal: Principal, row: SubscriptionRow) -> None:
    """End one, with what it was told."""
    work.session.execute(
        delete(NotifiedEventRow).where(NotifiedEventRow.subscription_id == row.subscription_id)
    )
    work.session.delete(row)
    audit.record(work, principal, "delete", _RESOURCE, row.subscription_id)


def find(
    work: UnitOfWork, principal: Principal, subscription_id: str, *, to_change: bool = False
) -> SubscriptionRow:
    """One of the caller's own; NotFoundError for anybody else's."""
    statement = _own(principal).where(SubscriptionRow.subscription_id == subscription_id)
    if to_change:
        statement = statement.with_for_update()
    row = work.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFoundError("resource_not_found", "There is no such Subscription of yours.")
    return row


def listing(work: UnitOfWork, principal: Principal) -> list[SubscriptionRow]:
    """The caller's own by age."""
    statement = _own(principal).order_by(
        SubscriptionRow.created_at, SubscriptionRow.subscription_id
    )
    return list(work.session.scalars(statement))


def events_of(
    work: UnitOfWork, row: SubscriptionRow, *, after: int, through: int, limit: int
) -> list[NotifiedEventRow]:
    """Its events with numbers above `after`, up to `through`."""
    statement = (
        select(NotifiedEventRow)
        .where(
            NotifiedEventRow.subscription_id == row.subscription_id,
            NotifiedEventRow.number > after,
            NotifiedEventRow.number <= through,
        )
        .order_by(NotifiedEventRow.number)
        .limit(limit)
    )
    return list(work.session.scalars(statement))


def headers_of(vault: Vault, row: SubscriptionRow) -> list[str]:
    """The header lines its notifications bear."""
    opened = vault.open(row.sealed_headers, purpose=_purpose(row))
    lines: list[str] = json.loads(opened)
    return lines


def owner_of(work: UnitOfWork, row: SubscriptionRow) -> Principal | None:
    """The client it belongs to with the rights it has now; None for one that may nothing more."""
    now = acting(work, row.tenant_id, row.client_id)
    if now is None:
        return None
    return Principal(
        tenant_id=row.tenant_id,
        client_id=row.client_id,
        scopes=now.scopes,
        sandbox_of=now.sandbox_of,
    )


def forget_events(work: UnitOfWork) -> None:
    """Forget events nobody asked for within a month."""
    before = work.now - KEPT_FOR
    work.session.execute(delete(NotifiedEventRow).where(NotifiedEventRow.happened_at < before))


def _own(principal: Principal) -> Select[SubscriptionRow]:
    return scoped(principal, SubscriptionRow).where(
        SubscriptionRow.client_id == principal.client_id
    )


def _fill(work: UnitOfWork, vault: Vault, row: SubscriptionRow, wanted: Wanted) -> None:
    row.topic, row.criteria, row.reason = wanted.topic, wanted.criteria, wanted.reason
    row.endpoint, row.content = wanted.endpoint, wanted.content
    row.heartbeat_seconds, row.timeout_seconds = wanted.heartbeat_seconds, wanted.timeout_seconds
    row.most_events, row.ends_at = wanted.most_events, wanted.ends_at
    lines = json.dumps(list(wanted.headers)).encode()
    row.sealed_headers = vault.seal(lines, purpose=_purpose(row))
    row.status = OFF if wanted.status == OFF else REQUESTED
    row.failures, row.error = 0, ""
    row.due_at = None if row.status == OFF else work.now


def _purpose(row: SubscriptionRow) -> str:
    return f"subscription:{row.subscription_id}"
