"""The fleet: look at gateways, invite, configure and revoke them."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from cloud.api.epcr.gateway_models import (
    ConfigurationModel,
    ConfigurationRequest,
    ConfigurationsModel,
    GatewayModel,
    GatewaysModel,
    InvitationModel,
    InvitationRequest,
    RevocationRequest,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import DevicesRead, PlatformAdmin
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, page_json
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.devices import configurations, fleet
from cloud.core.devices.fleet_tables import ConfigurationRow
from cloud.core.devices.invitations import invite
from cloud.core.devices.revocation import revoke

router = APIRouter(prefix="/api/v1/gateways", tags=["Gateways"], route_class=StrictRoute)

_LIST = "gateways"


@router.get("", response_model=GatewaysModel, responses=errors(400, 422))
def list_gateways(
    caller: DevicesRead,
    work: Work,
    services: AllServices,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The organisation's gateways by id."""
    after = services.cursors.decode(caller, _LIST, cursor)[0] if cursor is not None else ""
    views = fleet.gateways(work, caller, after=str(after), limit=limit + 1)
    following = None
    if len(views) > limit:
        following = services.cursors.encode(caller, _LIST, [views[limit - 1].gateway_id])
    document = GatewaysModel(
        gateways=[_gateway(view) for view in views[:limit]], next_cursor=following
    )
    return page_json(document)


@router.post(
    "/invitations",
    status_code=201,
    response_model=InvitationModel,
    responses=errors(400, 404, 413, 415, 422),
)
def invite_gateway(
    body: InvitationRequest, caller: PlatformAdmin, work: Work, services: AllServices
) -> Response:
    """A code for one gateway to join with; it is shown only now."""
    code, expires_at = invite(
        work,
        services.vault,
        caller,
        name=body.name,
        vehicle_id=body.vehicle_id,
        life=timedelta(minutes=body.minutes),
        gateway_id=body.gateway_id,
    )
    return exact_json(InvitationModel(code=code, expires_at=expires_at).model_dump(), status=201)


@router.get("/{gateway_id}", response_model=GatewayModel, responses=errors(404))
def get_gateway(gateway_id: str, caller: DevicesRead, work: Work) -> Response:
    """One gateway of the caller's organisation."""
    view = fleet.gateway(work, caller, gateway_id)
    return exact_json(_gateway(view).model_dump(exclude_none=True))


@router.post(
    "/{gateway_id}/revoke",
    response_model=GatewayModel,
    responses=errors(400, 404, 413, 415, 422),
)
def revoke_gateway(
    gateway_id: str, body: RevocationRequest, caller: PlatformAdmin, work: Work
) -> Response:
    """At once: nothing the gateway sends is recorded any more. Again changes nothing."""
    revoke(work, caller, gateway_id, reason=body.reason)
    view = fleet.gateway(work, caller, gateway_id)
    return exact_json(_gateway(view).model_dump(exclude_none=True))


@router.post(
    "/{gateway_id}/configurations",
    status_code=201,
    response_model=ConfigurationModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
)
def configure_gateway(
    request: Request,
    gateway_id: str,
    body: ConfigurationRequest,
    caller: PlatformAdmin,
    work: Work,
    services: AllServices,
) -> Response:
    """Sign the next version and send it; the gateway says what became of it."""

    def produce() -> tuple[int, ConfigurationModel]:
        row = configurations.configure(work, services.vault, caller, gateway_id, body.settings)
        return 201, _configuration(row)

    return answer_once(request, work, caller, body, produce)


@router.get(
    "/{gateway_id}/configurations", response_model=ConfigurationsModel, responses=errors(404, 422)
)
def list_configurations(
    gateway_id: str, caller: PlatformAdmin, work: Work, limit: Limit = FIRST_LIMIT
) -> Response:
    """A gateway's configurations, newest first."""
    rows = configurations.versions(work, caller, gateway_id, limit=limit)
    document = ConfigurationsModel(configurations=[_configuration(row) for row in rows])
    return exact_json(document.model_dump(exclude_none=True))


def _gateway(view: fleet.GatewayView) -> GatewayModel:
    age = view.backlog_age
    return GatewayModel.model_validate(
        {
            "id": view.gateway_id,
            "name": view.name,
            "status": view.status,
            "vehicle_id": view.vehicle_id,
            "created_at": view.created_at,
            "last_seen_at": view.last_seen_at,
            "link": view.link or None,
            "link_at": view.link_at,
            "reported_at": view.reported_at,
            "version": view.version or None,
            "configuration_version": view.configuration_version,
            "backlog_rows": view.backlog_rows,
            "backlog_age_seconds": None if age is None else age.total_seconds(),
            "certificate_ends_at": view.certificate_ends_at,
        }
    )


def _configuration(row: ConfigurationRow) -> ConfigurationModel:
    return ConfigurationModel.model_validate(
        {
            "version": row.version,
            "settings": row.settings,
            "status": row.status,
            "reason": row.reason or None,
            "command_id": row.command_id,
            "created_at": row.created_at,
            "created_by": row.created_by,
            "decided_at": row.decided_at,
        }
    )
