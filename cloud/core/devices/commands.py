"""Commands to gateways: queued, sent until answered or expired, answered once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select, update

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.devices.fleet_tables import CommandRow
from cloud.core.devices.tables import GatewayRow
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ConflictError, NotFoundError, ThrottledError
from cloud.core.kernel.identifiers import public_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from protocols.uplink.command_codec import encode_command
from protocols.uplink.commands import Command, CommandAnswer, Outcome, Request

OPEN: Final = "open"
PREFIX: Final = "cmd"
DEFAULT_LIFE: Final = timedelta(hours=24)
MOST_OPEN: Final = 200
FIRST_WAIT: Final = timedelta(seconds=4)
LONGEST_WAIT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An encoded command and whose it is."""

    tenant_id: str
    gateway_id: str
    octets: bytes


def gateway(work: UnitOfWork, principal: Principal, gateway_id: str) -> GatewayRow:
    """One gateway of the caller's tenant; NotFoundError otherwise."""
    row = work.session.scalars(
        scoped(principal, GatewayRow).where(GatewayRow.gateway_id == gateway_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("gateway_not_found", "Use the id of a gateway of your organisation.")
    return row


def queue(
    work: UnitOfWork,
    principal: Principal,
    gateway_id: str,
    request: Request,
    *,
    life: timedelta = DEFAULT_LIFE,
    command_id: UUID | None = None,
) -> CommandRow:
    """Put a command in the gateway's queue; with a `command_id` known already, that command.

    NotFoundError for a gateway that is not the tenant's, ConflictError `gateway_revoked`,
    ThrottledError `queue_full` when too many wait.
    """
    gateway(work, principal, gateway_id)
    if command_id is not None:
        known = work.session.get(CommandRow, public_id(PREFIX, command_id))
        if known is not None:
            return known
    application = work.session.get(ApplicationRow, gateway_id)
    if application is None or not application.is_approved:
        raise ConflictError("gateway_revoked", "A revoked gateway takes no commands.")
    _check_room(work, principal, gateway_id)
    command = Command(
        command_id=command_id or uuid4(),
        issued_at=work.now,
        expires_at=work.now + life,
        request=request,
    )
    row = CommandRow(
        command_id=public_id(PREFIX, command.command_id),
        tenant_id=principal.tenant_id,
        gateway_id=gateway_id,
        kind=command.kind,
        octets=encode_command(command),
        issued_by=principal.client_id,
        issued_at=command.issued_at,
        expires_at=command.expires_at,
        status=OPEN,
        deliveries=0,
        next_at=work.now,
        facts={},
        reason="",
    )
    work.session.add(row)
    work.session.flush()
    audit.record(work, principal, f"command-{command.kind}"[:40], "gateway", gateway_id)
    return row


def command(work: UnitOfWork, principal: Principal, gateway_id: str, command_id: str) -> CommandRow:
    """One command of a gateway of the caller's tenant; NotFoundError otherwise."""
    row = work.session.scalars(
        scoped(principal, CommandRow).where(
            CommandRow.gateway_id == gateway_id, CommandRow.command_id == command_id
        )
    ).one_or_none()
    if row is None:
        raise NotFoundError("command_not_found", "Use the id of a command of this gateway.")
    return row


def commands(
    work: UnitOfWork, principal: Principal, gateway_id: str, *, status: str | None, limit: int
) -> list[CommandRow]:
    """The newest commands of a gateway, newest first."""
    gateway(work, principal, gateway_id)
    statement = scoped(principal, CommandRow).where(CommandRow.gateway_id == gateway_id)
    if status is not None:
        statement = statement.where(CommandRow.status == status)
    statement = statement.order_by(CommandRow.issued_at.desc(), CommandRow.command_id)
    return list(work.session.scalars(statement.limit(limit)))


def has_due(work: UnitOfWork, *, gateway: Principal | None = None) -> bool:
    """Whether a command is to be sent now: to one gateway, or to any."""
    # every tenant: the sender is the service's own.
    statement = select(CommandRow.command_id).where(CommandRow.next_at <= work.now)
    if gateway is not None:
        statement = statement.where(CommandRow.gateway_id == gateway.gateway_id)
    return work.session.scalar(statement.limit(1)) is not None


def claim_due(
    work: UnitOfWork, *, gateway: Principal | None = None, limit: int = 64
) -> list[Outgoing]:
    """Commands to be sent now, oldest first: of one gateway, or of all (the broker's sender).

    Each is due again later, ever more rarely, until it is answered. On PostgreSQL several senders
    take different ones.
    """
    # every tenant: the sender is the service's own.
    statement = select(CommandRow).where(CommandRow.next_at <= work.now)
    if gateway is not None:
        statement = scoped(gateway, CommandRow).where(
            CommandRow.gateway_id == gateway.gateway_id, CommandRow.next_at <= work.now
        )
    statement = statement.order_by(CommandRow.issued_at, CommandRow.command_id)
    rows = list(work.session.scalars(statement.limit(limit).with_for_update(skip_locked=True)))
    for row in rows:
        wait = min(FIRST_WAIT * 2 ** min(row.deliveries, 16), LONGEST_WAIT)
        row.deliveries += 1
        row.next_at = work.now + wait
    return [Outgoing(tenant_id=r.tenant_id, gateway_id=r.gateway_id, octets=r.octets) for r in rows]


def make_due(work: UnitOfWork, gateway: Principal) -> None:
    """The gateway is there again: what is open goes to it at once."""
    work.session.execute(
        update(CommandRow)
        .where(
            CommandRow.tenant_id == gateway.tenant_id,
            CommandRow.gateway_id == gateway.gateway_id,
            CommandRow.next_at > work.now,
        )
        .values(next_at=work.now, deliveries=0)
        .execution_options(synchronize_session=False)
    )


def settle(work: UnitOfWork, gateway: Principal, answer: CommandAnswer) -> CommandRow | None:
    """Keep the first answer to a command; None for one that is unknown or answered already."""
    row = work.session.scalars(
        scoped(gateway, CommandRow)
        .where(
            CommandRow.gateway_id == gateway.gateway_id,
            CommandRow.command_id == public_id(PREFIX, answer.command_id),
            or_(CommandRow.status == OPEN, CommandRow.answered_at.is_(None)),
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    row.status, row.reason = answer.outcome.value, answer.reason[:80]
    row.facts = dict(answer.facts)
    row.answered_at, row.next_at = work.now, None
    outbox.publish(
        work,
        tenant_id=row.tenant_id,
        event_type="gateway.command.answered",
        resource_type="command",
        resource_id=row.command_id,
        data={"gateway_id": row.gateway_id, "kind": row.kind, "status": row.status},
    )
    return row


def expire(work: UnitOfWork) -> int:
    """Close commands whose time is over and that nobody answered; how many. All tenants."""
    # every tenant: the watch is the service's own.
    statement = (
        select(CommandRow)
        .where(CommandRow.next_at.is_not(None), CommandRow.expires_at <= work.now)
        .with_for_update(skip_locked=True)
        .limit(500)
    )
    rows: Sequence[CommandRow] = list(work.session.scalars(statement))
    for row in rows:
        row.status, row.reason, row.next_at = Outcome.EXPIRED.value, "never_answered", None
    return len(rows)


def void_all(work: UnitOfWork, gateway: Principal, *, but: str = "") -> None:
    """Close every open command of a gateway that is revoked, but one kind."""
    work.session.execute(
        update(CommandRow)
        .where(
            CommandRow.tenant_id == gateway.tenant_id,
            CommandRow.gateway_id == gateway.gateway_id,
            CommandRow.next_at.is_not(None),
            CommandRow.kind != but,
        )
        .values(status=Outcome.EXPIRED.value, reason="gateway_revoked", next_at=None)
        .execution_options(synchronize_session=False)
    )


def withdraw(work: UnitOfWork, gateway: Principal, *, kind: str) -> None:
    """Close the gateway's open commands of a kind: a newer one takes their place."""
    work.session.execute(
        update(CommandRow)
        .where(
            CommandRow.tenant_id == gateway.tenant_id,
            CommandRow.gateway_id == gateway.gateway_id,
            CommandRow.next_at.is_not(None),
            CommandRow.kind == kind,
        )
        .values(status=Outcome.EXPIRED.value, reason="superseded", next_at=None)
        .execution_options(synchronize_session=False)
    )


def open_by_kind(work: UnitOfWork) -> dict[str, int]:
    """How many commands are open, by kind (for the metrics; every tenant)."""
    # every tenant: a count for the operator of the service.
    statement = (
        select(CommandRow.kind, func.count())
        .where(CommandRow.next_at.is_not(None))
        .group_by(CommandRow.kind)
    )
    return {str(kind): int(count) for kind, count in work.session.execute(statement)}


def _check_room(work: UnitOfWork, principal: Principal, gateway_id: str) -> None:
    waiting = work.session.scalar(
        select(func.count())
        .select_from(CommandRow)
        .where(
            CommandRow.tenant_id == principal.tenant_id,
            CommandRow.gateway_id == gateway_id,
            CommandRow.next_at.is_not(None),
        )
    )
    if (waiting or 0) >= MOST_OPEN:
        raise ThrottledError(
            "queue_full", "Wait until the gateway answered what it was sent.", retry_after=60
        )
