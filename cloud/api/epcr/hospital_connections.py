"""Connections to hospitals: make, look at, change, test and end them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from cloud.api.epcr.hospital_models import (
    AccessRequest,
    ConnectionChangeRequest,
    ConnectionModel,
    ConnectionRequest,
    ConnectionsModel,
    TrialModel,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import PlatformAdmin
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.services import AllServices, Services, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.exchange import connections
from cloud.core.exchange.access import Access, open_access, public_jwk
from cloud.core.exchange.connections import ConnectionChange, NewConnection
from cloud.core.exchange.tables import ConnectionRow
from cloud.core.kernel import audit
from cloud.exchange.trying import try_connection

router = APIRouter(
    prefix="/api/v1/epcr/hospital-connections", tags=["Hospitals"], route_class=StrictRoute
)


@router.post(
    "",
    status_code=201,
    response_model=ConnectionModel,
    responses=errors(400, 409, 413, 415, 422),
)
def connect_hospital(
    request: Request,
    body: ConnectionRequest,
    caller: PlatformAdmin,
    work: Work,
    services: AllServices,
) -> Response:
    """Connect a facility's server; from now on what it wants goes there."""
    wanted = _wanted(body)
    connections.check_destinations(wanted.address, wanted.access, services.outbound)

    def produce() -> tuple[int, ConnectionModel]:
        row = connections.create(work, services.vault, caller, wanted, outbound=services.outbound)
        return 201, _model(services, row)

    return answer_once(request, work, caller, body, produce)


@router.get("", response_model=ConnectionsModel, responses=errors(422))
def list_hospital_connections(
    caller: PlatformAdmin,
    work: Work,
    services: AllServices,
    facility_id: Annotated[str | None, Query(max_length=80)] = None,
) -> Response:
    """The tenant's connections that have not ended."""
    rows = connections.listing(work, caller, facility_id=facility_id)
    document = ConnectionsModel(connections=[_model(services, row) for row in rows])
    return exact_json(document.model_dump(exclude_none=True))


@router.get("/{connection_id}", response_model=ConnectionModel, responses=errors(404))
def get_hospital_connection(
    connection_id: str, caller: PlatformAdmin, work: Work, services: AllServices
) -> Response:
    """One connection."""
    row = connections.find(work, caller, connection_id)
    return exact_json(_model(services, row).model_dump(exclude_none=True))


@router.patch(
    "/{connection_id}",
    response_model=ConnectionModel,
    responses=errors(400, 404, 409, 413, 415, 422),
)
def change_hospital_connection(
    connection_id: str,
    body: ConnectionChangeRequest,
    caller: PlatformAdmin,
    work: Work,
    services: AllServices,
) -> Response:
    """Change it; it is tried again at once, however long it rested."""
    wanted = ConnectionChange(
        name=body.name,
        address=body.address,
        wants=body.wants,
        form=body.form,
        is_identified=body.is_identified,
        access=None if body.access is None else _access(body.access),
        authorities=body.authorities,
        is_paused=body.is_paused,
    )
    connections.check_destinations(wanted.address or "", wanted.access, services.outbound)
    row = connections.change(
        work, services.vault, caller, connection_id, wanted, outbound=services.outbound
    )
    return exact_json(_model(services, row).model_dump(exclude_none=True))


@router.delete("/{connection_id}", response_model=ConnectionModel, responses=errors(404))
def end_hospital_connection(
    connection_id: str, caller: PlatformAdmin, work: Work, services: AllServices
) -> Response:
    """End it: nothing more goes there, its credentials are gone. Again changes nothing."""
    row = connections.end(work, services.vault, caller, connection_id)
    return exact_json(_model(services, row).model_dump(exclude_none=True))


@router.post("/{connection_id}/test", response_model=TrialModel, responses=errors(400, 404, 409))
def test_hospital_connection(
    connection_id: str, caller: PlatformAdmin, services: AllServices
) -> Response:
    """Reach the server as a delivery would, without a patient, and say what came of it."""
    with services.database.begin(now=services.clock()) as work:
        row = connections.find(work, caller, connection_id)
        audit.record(work, caller, "hospital.tested", "hospital_connection", connection_id)
    # No transaction is open while another server takes its time.
    trial = try_connection(row, services.vault, services.outbound, services.clock)
    document = TrialModel(
        ok=trial.is_good,
        reason=trial.reason or None,
        response_status=trial.status,
        milliseconds=trial.milliseconds,
        facts=trial.facts,
    )
    return exact_json(document.model_dump(exclude_none=True))


def _model(services: Services, row: ConnectionRow) -> ConnectionModel:
    access = open_access(services.vault, row.connection_id, row.sealed_access)
    return ConnectionModel.model_validate(
        {
            "id": row.connection_id,
            "facility_id": row.facility_id,
            "name": row.name,
            "kind": row.kind,
            "address": row.address,
            "wants": row.wants,
            "form": row.form,
            "is_identified": row.is_identified,
            "access_kind": row.access_kind,
            "has_certificate": bool(access.certificate),
            "has_authorities": bool(row.authorities),
            "status": row.status,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "failures": row.failures,
            "closed_until": row.closed_until,
            "last_taken_at": row.last_taken_at,
            "last_failed_at": row.last_failed_at,
            "last_reason": row.last_reason or None,
            "public_jwk": public_jwk(access),
        }
    )


def _wanted(body: ConnectionRequest) -> NewConnection:
    return NewConnection(
        facility_id=body.facility_id,
        name=body.name,
        kind=body.kind,
        address=body.address,
        wants=body.wants,
        form=body.form,
        is_identified=body.is_identified,
        access=_access(body.access),
        authorities=body.authorities,
    )


def _access(given: AccessRequest) -> Access:
    return Access(**given.model_dump())
