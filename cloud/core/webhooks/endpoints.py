"""Endpoints of webhooks as their client sees them: each client its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Select, and_, func, or_, select, update

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks import schedules, signing
from cloud.core.webhooks.catalogue import CATALOGUE
from cloud.core.webhooks.dialects import ARGUS, DIALECTS
from cloud.core.webhooks.schedules import SCHEDULES
from cloud.core.webhooks.signing import Secret
from cloud.core.webhooks.tables import DISCARDED, DeliveryRow, EndpointRow

ACTIVE: Final = "active"
PAUSED: Final = "paused"
DISABLED: Final = "disabled"
REMOVED: Final = "removed"
OVER: Final = "over"
MOST_OF_A_CLIENT: Final = 50
_RESOURCE: Final = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A new endpoint as its client asks for it. The address was checked by the egress guard."""

    url: str
    events: Sequence[str]
    secret: str = ""
    dialect: str = ARGUS
    retry_profile: str = schedules.DEFAULT
    description: str = ""
    is_internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be different; None leaves a thing as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    secret: str | None = None
    is_active: bool | None = None
    description: str | None = None
    retry_profile: str | None = None
    is_forced: bool = field(default=False)


def create(
    work: UnitOfWork, vault: Vault, principal: Principal, wanted: Wanted
) -> tuple[EndpointRow, str]:
    """A new endpoint, and its secret where one had to be made (empty otherwise).

    InvalidError for events, a dialect, a profile or a secret that are not to be had; ForbiddenError
    `event_not_approved`; ConflictError `too_many_webhooks`.
    """
    if not wanted.is_internal:
        _check_room(work, principal)
    made = "" if wanted.secret else signing.new_secret()
    secret = signing.check_secret(wanted.secret) if wanted.secret else made
    endpoint_id = new_id("wh")
    row = EndpointRow(
        endpoint_id=endpoint_id,
        tenant_id=principal.tenant_id,
        client_id=principal.client_id,
        url=wanted.url,
        description=wanted.description,
        events=check_events(principal, wanted.events),
        dialect=_known(DIALECTS, wanted.dialect, "unknown_dialect"),
        retry_profile=_known(SCHEDULES, wanted.retry_profile, "unknown_retry_profile"),
        is_internal=wanted.is_internal,
        sealed_secrets=signing.seal(vault, endpoint_id, (Secret(secret),)),
        status=ACTIVE,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    audit.record(work, principal, "create", _RESOURCE, endpoint_id)
    return row, made


def change(
    work: UnitOfWork, vault: Vault, principal: Principal, row: EndpointRow, wanted: Change
) -> None:
    """Make it different; errors as `create`, and those of `rotate` for a new secret."""
    if wanted.events is not None:
        row.events = check_events(principal, wanted.events)
    if wanted.url is not None and wanted.url != row.url:
        row.url = wanted.url
        begin_anew(row)
    if wanted.description is not None:
        row.description = wanted.description
    if wanted.retry_profile is not None:
        row.retry_profile = _known(SCHEDULES, wanted.retry_profile, "unknown_retry_profile")
    if wanted.secret is not None:
        rotate(work, vault, principal, row, secret=wanted.secret, is_forced=wanted.is_forced)
    if wanted.is_active is not None:
        row.status, row.status_reason = (ACTIVE if wanted.is_active else PAUSED), ""
        if wanted.is_active:
            begin_anew(row)
    _touch(work, row)
    audit.record(work, principal, "update", _RESOURCE, row.endpoint_id)


def rotate(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    row: EndpointRow,
    *,
    secret: str = "",
    is_forced: bool = False,
) -> str:
    """A new secret: the given one, or one that is made and returned. The old one signs beside it
    for 24 hours. The one that signs already changes nothing, so that a PUT may come twice.

    ConflictError `rotation_under_way` while an older one still signs, unless it is forced: then
    the oldest is dropped at once.
    """
    held = signing.opened(vault, row.endpoint_id, row.sealed_secrets, now=work.now)
    if held[0].text == secret:
        return ""
    if len(held) > 1 and not is_forced:
        raise ConflictError(
            "rotation_under_way",
            "The secret before still signs. Wait until its day is over, or force the rotation.",
        )
    made = "" if secret else signing.new_secret()
    newest = signing.check_secret(secret) if secret else made
    former = Secret(held[0].text, work.now + signing.GRACE)
    row.sealed_secrets = signing.seal(vault, row.endpoint_id, (Secret(newest), former))
    _touch(work, row)
    audit.record(work, principal, "rotate-secret", _RESOURCE, row.endpoint_id)
    return made


def remove(work: UnitOfWork, principal: Principal, row: EndpointRow) -> None:
    """End it. What still waited is discarded and its secrets are gone; what was delivered stays to
    be read by operators.
    """
    # scoped by the endpoint, which is the caller's own.
    work.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.endpoint_id == row.endpoint_id, DeliveryRow.due_at.is_not(None))
        .values(state=DISCARDED, due_at=None, settled_at=work.now)
    )
    row.status, row.status_reason, row.sealed_secrets = DISABLED, REMOVED, b""
    _touch(work, row)
    audit.record(work, principal, "delete", _RESOURCE, row.endpoint_id)


def find(
    work: UnitOfWork, principal: Principal, endpoint_id: str, *, to_change: bool = False
) -> EndpointRow:
    """One of the caller's own; NotFoundError `webhook_not_found` for anybody else's."""
    statement = _own(principal).where(EndpointRow.endpoint_id == endpoint_id)
    if to_change:
        statement = statement.with_for_update(key_share=True)
    row = work.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFoundError("webhook_not_found", "There is no such webhook of yours.")
    return row


def listing(
    work: UnitOfWork,
    principal: Principal,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int = MOST_OF_A_CLIENT,
) -> list[EndpointRow]:
    """The caller's own by age, from behind `after` on."""
    statement = _own(principal)
    if after is not None:
        at, endpoint_id = after
        statement = statement.where(
            or_(
                EndpointRow.created_at > at,
                and_(EndpointRow.created_at == at, EndpointRow.endpoint_id > endpoint_id),
            )
        )
    statement = statement.order_by(EndpointRow.created_at, EndpointRow.endpoint_id)
    return list(work.session.scalars(statement.limit(limit)))


def check_events(principal: Principal, events: Iterable[str]) -> list[str]:
    """The events by name, each once. InvalidError `unknown_event`, or none at all;
    ForbiddenError `event_not_approved` for one whose data the caller may not read.
    """
    named = list(dict.fromkeys(events))
    if not named:
        raise InvalidError("events_required", "Name at least one event.")
    unknown = [one for one in named if one not in CATALOGUE]
    if unknown:
        raise InvalidError(
            "unknown_event",
            "Name events of the catalogue.",
            details={"fields": [{"field": "events", "known": sorted(CATALOGUE)}]},
        )
    missing: dict[str, list[str]] = {}
    for one in named:
        kind = CATALOGUE[one]
        if not kind.is_for(principal.scopes):
            missing.setdefault(kind.scope, []).append(one)
    if missing:
        raise ForbiddenError(
            "event_not_approved", _words(missing), details={"required": sorted(missing)}
        )
    return named


def _words(missing: Mapping[str, Sequence[str]]) -> str:
    needs = "; ".join(f"{', '.join(missing[scope])} needs {scope}" for scope in sorted(missing))
    return (
        f"The token does not cover what these events are about: {needs}. Have the scope approved "
        "for the application, and ask for it with the token."
    )


def _known(known: Iterable[str], name: str, reason: str) -> str:
    if name not in known:
        raise InvalidError(reason, f"Use one of: {', '.join(sorted(known))}.")
    return name


def _check_room(work: UnitOfWork, principal: Principal) -> None:
    # Whoever counts at the same time waits here, and counts this one too.
    mine = select(ApplicationRow).where(
        ApplicationRow.tenant_id == principal.tenant_id,
        ApplicationRow.client_id == principal.client_id,
    )
    work.session.execute(mine.with_for_update(key_share=True))
    count = work.session.scalar(select(func.count()).select_from(_own(principal).subquery()))
    if (count or 0) >= MOST_OF_A_CLIENT:
        raise ConflictError("too_many_webhooks", f"Delete one first: {MOST_OF_A_CLIENT} at most.")


def begin_anew(row: EndpointRow) -> None:
    """What failed before counts no more."""
    row.failures, row.failing_since, row.closed_until, row.is_slow = 0, None, None, False


def _touch(work: UnitOfWork, row: EndpointRow) -> None:
    row.version += 1
    row.updated_at = work.now


def _own(principal: Principal) -> Select[EndpointRow]:
    return scoped(principal, EndpointRow).where(
        EndpointRow.client_id == principal.client_id,
        EndpointRow.is_internal.is_(False),
        EndpointRow.status_reason != REMOVED,
    )
