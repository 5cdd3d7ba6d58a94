"""Connections to hospitals, as a tenant's administrators see and change them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import update

from cloud.core.exchange.access import (
    Access,
    check_access,
    check_authorities,
    open_access,
    seal_access,
    with_own_key,
)
from cloud.core.exchange.tables import ConnectionRow, DeliveryRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.names import checked_name
from cloud.core.kernel.outbound import (
    STREAM_SCHEMES,
    OutboundError,
    OutboundPolicy,
    check_address,
    check_endpoint,
)
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

Kind = Literal["fhir", "mllp"]
Form = Literal["transaction", "document", "both"]
Wish = Literal["pre_alert", "handover", "amendment", "vitals"]
WISHES: Final[tuple[Wish, ...]] = ("pre_alert", "handover", "amendment", "vitals")
STANDARD_WISHES: Final[tuple[Wish, ...]] = ("pre_alert", "handover", "amendment")
FHIR: Final = "fhir"
MLLP: Final = "mllp"
ACTIVE: Final = "active"
PAUSED: Final = "paused"
ENDED: Final = "ended"
MOST_CONNECTIONS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """What to connect: `form` says what a FHIR server gets at a handover."""

    facility_id: str
    name: str
    kind: Kind
    address: str
    wants: Sequence[Wish] = STANDARD_WISHES
    form: Form = "transaction"
    is_identified: bool = False
    access: Access = field(default_factory=Access)
    authorities: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChange:
    """What becomes different; None stays as it is."""

    name: str | None = None
    address: str | None = None
    wants: Sequence[Wish] | None = None
    form: Form | None = None
    is_identified: bool | None = None
    access: Access | None = None
    authorities: str | None = None
    is_paused: bool | None = None


def check_destinations(address: str, access: Access | None, outbound: OutboundPolicy) -> None:
    """InvalidError `invalid_address` unless both may be called, where their names lead now.

    Ask before a unit of work begins: a name may take its time.
    """
    is_stream = address.partition("://")[0].lower() in STREAM_SCHEMES
    try:
        if address:
            check_endpoint(address, outbound, is_stream=is_stream)
        if access is not None and access.token_url:
            check_endpoint(access.token_url, outbound)
    except OutboundError as exc:
        raise _bad_address(exc) from exc


def create(
    work: UnitOfWork,
    vault: Vault,
    caller: Principal,
    wanted: NewConnection,
    *,
    outbound: OutboundPolicy,
) -> ConnectionRow:
    """A new connection, active at once: what happens from now on goes over it.

    InvalidError for an address that is not called and for credentials that cannot work,
    ConflictError `too_many_connections`.
    """
    if len(listing(work, caller)) >= MOST_CONNECTIONS:
        raise ConflictError("too_many_connections", "End connections that are not used any more.")
    access = with_own_key(wanted.access)
    _check(wanted.kind, wanted.address, access, wanted.authorities, wanted.wants, outbound)
    connection_id = new_id("hc")
    row = ConnectionRow(
        connection_id=connection_id,
        tenant_id=caller.tenant_id,
        facility_id=wanted.facility_id,
        name=checked_name(wanted.name),
        kind=wanted.kind,
        address=wanted.address,
        wants=list(wanted.wants),
        form=wanted.form,
        is_identified=wanted.is_identified,
        access_kind=access.kind,
        sealed_access=seal_access(vault, connection_id, access),
        authorities=wanted.authorities,
        status=ACTIVE,
        version=1,
        created_at=work.now,
        created_by=caller.user_id or caller.client_id,
        updated_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    audit.record(work, caller, "hospital.connected", "hospital_connection", connection_id)
    return row


def change(
    work: UnitOfWork,
    vault: Vault,
    caller: Principal,
    connection_id: str,
    wanted: ConnectionChange,
    *,
    outbound: OutboundPolicy,
) -> ConnectionRow:
    """Change a connection; a new address or new credentials open it again at once."""
    row = find(work, caller, connection_id)
    if row.status == ENDED:
        raise ConflictError("connection_ended", "Make a new connection.")
    access = open_access(vault, connection_id, row.sealed_access)
    if wanted.access is not None:
        access = with_own_key(wanted.access)
        row.access_kind = access.kind
        row.sealed_access = seal_access(vault, connection_id, access)
    for name, value in _changes(wanted).items():
        setattr(row, name, value)
    _check(row.kind, row.address, access, row.authorities, row.wants, outbound)
    if wanted.is_paused is not None:
        row.status = PAUSED if wanted.is_paused else ACTIVE
    row.failures, row.closed_until = 0, None
    row.version += 1
    row.updated_at = work.now
    audit.record(work, caller, "hospital.changed", "hospital_connection", connection_id)
    return row


def end(work: UnitOfWork, vault: Vault, caller: Principal, connection_id: str) -> ConnectionRow:
    """End a connection: what waits is dropped, and its credentials are forgotten."""
    row = find(work, caller, connection_id)
    if row.status != ENDED:
        row.status, row.access_kind, row.updated_at = ENDED, "none", work.now
        row.sealed_access = seal_access(vault, connection_id, Access())
        row.version += 1
        work.session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.connection_id == connection_id, DeliveryRow.state == "waiting")
            .values(state="dropped", reason="connection_ended", settled_at=work.now)
        )
        audit.record(work, caller, "hospital.ended", "hospital_connection", connection_id)
    return row


def find(work: UnitOfWork, caller: Principal, connection_id: str) -> ConnectionRow:
    """One connection of the caller's tenant; NotFoundError otherwise."""
    row = work.session.scalars(
        scoped(caller, ConnectionRow).where(ConnectionRow.connection_id == connection_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError(
            "connection_not_found", "Use the id of a connection of your organisation."
        )
    return row


def listing(
    work: UnitOfWork, caller: Principal, *, facility_id: str | None = None
) -> list[ConnectionRow]:
    """The tenant's connections that have not ended, by age."""
    statement = scoped(caller, ConnectionRow).where(ConnectionRow.status != ENDED)
    if facility_id is not None:
        statement = statement.where(ConnectionRow.facility_id == facility_id)
    order = (ConnectionRow.created_at, ConnectionRow.connection_id)
    return list(work.session.scalars(statement.order_by(*order)))


def _changes(wanted: ConnectionChange) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": None if wanted.name is None else checked_name(wanted.name),
        "address": wanted.address,
        "wants": None if wanted.wants is None else list(wanted.wants),
        "form": wanted.form,
        "is_identified": wanted.is_identified,
        "authorities": wanted.authorities,
    }
    return {name: value for name, value in given.items() if value is not None}


def _check(
    kind: str,
    address: str,
    access: Access,
    authorities: str,
    wants: Sequence[str],
    outbound: OutboundPolicy,
) -> None:
    check_access(access)
    check_authorities(authorities)
    if kind == MLLP and access.kind != "none":
        raise InvalidError(
            "invalid_access",
            "MLLP knows no tokens: use a client certificate.",
            details={"fields": ["access.kind"]},
        )
    if not wants or len(set(wants)) != len(wants):
        raise InvalidError(
            "invalid_wants",
            "Say what the hospital wants, each once.",
            details={"fields": ["wants"]},
        )
    try:
        _check_address(kind, address, outbound)
        if access.token_url:
            check_address(access.token_url, outbound)
    except OutboundError as exc:
        raise _bad_address(exc) from exc


def _bad_address(exc: OutboundError) -> InvalidError:
    return InvalidError("invalid_address", f"{exc}.".capitalize(), details={"fields": ["address"]})


def _check_address(kind: str, address: str, outbound: OutboundPolicy) -> None:
    check_address(address, outbound, is_stream=kind == MLLP)
    if kind == FHIR and "?" in address:
        raise OutboundError("use the server's base address, without a query", "unreadable_address")
