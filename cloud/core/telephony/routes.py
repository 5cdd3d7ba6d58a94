"""Where calls lead: by the number that was dialled, or by the carrier's subaccount."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sqlalchemy import func, tuple_

from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, DuplicateError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.telephony.providers import provider
from cloud.core.telephony.tables import SUBACCOUNT_LENGTH, TelephonyRouteRow

MOST_ROUTES: Final = 10_000
LOWEST_PRIORITY: Final = 1_000
_KIND: Final = "telephony_route"
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


class Subsystem(Enum):
    """Who takes the calls."""

    PSAP = "psap"
    MUNICIPAL = "municipal"
    UTILITIES = "utilities"
    AMBULANCE = "ambulance"
    FIRE = "fire"
    POLICE = "police"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRoute:
    """What a route is to be; None leaves it as it is. A new one needs `provider_id`, `subsystem`
    and exactly one of `did` and `subaccount`, and naming one of those takes the other away.
    """

    provider_id: str | None = None
    did: str | None = None
    subaccount: str | None = None
    subsystem: Subsystem | None = None
    priority: int | None = None
    is_active: bool | None = None


def routes(
    work: UnitOfWork,
    principal: Principal,
    *,
    provider_id: str | None = None,
    after: str | None = None,
    limit: int,
) -> list[TelephonyRouteRow]:
    """The tenant's routes by priority, from the one after `after` on, all or one provider's;
    audited. NotFoundError `provider_not_found` or `route_not_found`.
    """
    statement = scoped(principal, TelephonyRouteRow)
    if provider_id is not None:
        found = provider(work, principal, provider_id)
        statement = statement.where(TelephonyRouteRow.provider_id == found.provider_id)
    if after is not None:
        last = route(work, principal, after)
        place = tuple_(TelephonyRouteRow.priority, TelephonyRouteRow.route_id)
        statement = statement.where(place > tuple_(last.priority, last.route_id))
    audit.record(work, principal, "list", _KIND, provider_id or "*")
    ordered = statement.order_by(TelephonyRouteRow.priority, TelephonyRouteRow.route_id)
    return list(work.session.scalars(ordered.limit(limit)))


def route(
    work: UnitOfWork, principal: Principal, route_id: str, *, to_change: bool = False
) -> TelephonyRouteRow:
    """One route of the caller's tenant; NotFoundError `route_not_found`."""
    statement = scoped(principal, TelephonyRouteRow).where(TelephonyRouteRow.route_id == route_id)
    if to_change:
        statement = statement.with_for_update()
    row = None if "\x00" in route_id else work.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFoundError("route_not_found", "Use a telephony route of your organisation.")
    return row


def upsert_route(
    work: UnitOfWork, principal: Principal, route_id: str | None, wanted: WantedRoute
) -> TelephonyRouteRow:
    """Make a route, or change the one of this id.

    InvalidError `invalid_route` for a number that is not E.164 and for two origins or none;
    NotFoundError `provider_not_found`; DuplicateError `route_exists` for a number that leads
    somewhere already; ConflictError `too_many_routes`.
    """
    _check(wanted)
    if wanted.provider_id is not None:
        provider(work, principal, wanted.provider_id)
    if route_id is None:
        row = _make(work, principal, wanted)
    else:
        row = route(work, principal, route_id, to_change=True)
        row.provider_id = wanted.provider_id or row.provider_id
        row.subsystem = wanted.subsystem.value if wanted.subsystem else row.subsystem
        if wanted.did is not None or wanted.subaccount is not None:
            row.did, row.subaccount = wanted.did, wanted.subaccount
        row.priority = row.priority if wanted.priority is None else wanted.priority
        row.is_active = row.is_active if wanted.is_active is None else wanted.is_active
    _check_free(work, principal, row)
    row.updated_at = work.now
    work.session.add(row)
    work.session.flush()
    action = "telephony.route_made" if route_id is None else "telephony.route_changed"
    audit.record(work, principal, action, _KIND, row.route_id)
    return row


def delete_route(work: UnitOfWork, principal: Principal, route_id: str) -> None:
    """End a route; calls to its number lead nowhere then. NotFoundError."""
    row = route(work, principal, route_id, to_change=True)
    work.session.delete(row)
    audit.record(work, principal, "telephony.route_deleted", _KIND, route_id)


def _make(work: UnitOfWork, principal: Principal, wanted: WantedRoute) -> TelephonyRouteRow:
    has_origin = wanted.did is not None or wanted.subaccount is not None
    if wanted.provider_id is None or wanted.subsystem is None or not has_origin:
        raise _invalid("Send provider, subsystem, and a did or a subaccount of a new route.")
    count = scoped(principal, TelephonyRouteRow).with_only_columns(func.count())
    if (work.session.scalar(count) or 0) >= MOST_ROUTES:
        raise ConflictError("too_many_routes", "Delete routes that are not used any more.")
    return TelephonyRouteRow(
        route_id=new_id("rt"),
        tenant_id=principal.tenant_id,
        provider_id=wanted.provider_id,
        did=wanted.did,
        subaccount=wanted.subaccount,
        subsystem=wanted.subsystem.value,
        priority=wanted.priority or 0,
        is_active=wanted.is_active is not False,
        created_at=work.now,
        updated_at=work.now,
    )


def _check(wanted: WantedRoute) -> None:
    if wanted.did is not None and wanted.subaccount is not None:
        raise _invalid("Send a did or a subaccount, not both.")
    if wanted.did is not None and not _E164.fullmatch(wanted.did):
        raise _invalid("Send the did in E.164, as +353 and the rest without blanks.")
    name = wanted.subaccount
    if name is not None and not (
        name.strip() and name.isprintable() and len(name) <= SUBACCOUNT_LENGTH
    ):
        raise _invalid(f"Write the subaccount in 1 to {SUBACCOUNT_LENGTH} printable characters.")
    if wanted.priority is not None and not 0 <= wanted.priority <= LOWEST_PRIORITY:
        raise _invalid(f"Send a priority from 0 to {LOWEST_PRIORITY}.")


def _check_free(work: UnitOfWork, principal: Principal, row: TelephonyRouteRow) -> None:
    statement = scoped(principal, TelephonyRouteRow).where(
        TelephonyRouteRow.route_id != row.route_id
    )
    if row.did is not None:
        statement = statement.where(TelephonyRouteRow.did == row.did)
    else:
        statement = statement.where(
            TelephonyRouteRow.provider_id == row.provider_id,
            TelephonyRouteRow.subaccount == row.subaccount,
        )
    with work.session.no_autoflush:
        taken = work.session.scalars(statement).first()
    if taken is not None:
        raise DuplicateError("route_exists", "Change the route that is there for it.")


def _invalid(message: str) -> InvalidError:
    return InvalidError("invalid_route", message)
