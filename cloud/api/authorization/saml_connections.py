"""Connections to identity providers: make, look at, change and end them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from cloud.api.authorization.limits import counted
from cloud.api.authorization.saml_models import (
    SamlConnectionChange,
    SamlConnectionModel,
    SamlConnectionRequest,
    SamlConnectionsModel,
    connection_model,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import PlatformAdmin
from cloud.api.shared.documentation import errors
from cloud.api.shared.entity_tags import check_match, tagged
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.reviewed import ReviewedAccess
from cloud.api.shared.services import AllServices, Services, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.entitlements.access import FEDERATION
from cloud.core.federation import connections
from cloud.core.federation.connections import ConnectionChange, NewConnection
from cloud.core.federation.tables import SamlConnectionRow

router = APIRouter(
    prefix="/v1/saml/connections",
    tags=["SAML"],
    route_class=StrictRoute,
    dependencies=[Depends(counted), Depends(ReviewedAccess(FEDERATION))],
)


@router.post(
    "",
    status_code=201,
    response_model=SamlConnectionModel,
    responses=errors(400, 409, 413, 415, 422, 429),
    summary="Connect an identity provider",
)
def connect_identity_provider(
    request: Request,
    body: SamlConnectionRequest,
    caller: PlatformAdmin,
    work: Work,
    services: AllServices,
) -> Response:
    """From its metadata, given as text. What it is told of us is at `service.metadata_url`."""

    def produce() -> tuple[int, SamlConnectionModel]:
        wanted = NewConnection(
            name=body.name,
            metadata=body.metadata,
            has_key=body.has_key,
            provisions=body.provisions,
            roles=tuple(body.roles),
            attribute_names=_named(body) or {},
        )
        row = connections.create(
            work, services.vault, caller, wanted, is_secure=_is_secure(services)
        )
        return 201, _model(services, row)

    return answer_once(request, work, caller, body, produce)


@router.get("", response_model=SamlConnectionsModel, responses=errors(429), summary="Connections")
def list_identity_providers(caller: PlatformAdmin, work: Work, services: AllServices) -> Response:
    """Those of the tenant that have not ended."""
    rows = connections.listing(work, caller)
    document = SamlConnectionsModel(connections=[_model(services, row) for row in rows])
    return exact_json(document.model_dump(exclude_none=True))


@router.get(
    "/{connection_id}",
    response_model=SamlConnectionModel,
    responses=errors(404, 429),
    summary="One connection",
)
def get_identity_provider(
    connection_id: str, caller: PlatformAdmin, work: Work, services: AllServices
) -> Response:
    """Its ETag names the state it is in."""
    return tagged(_model(services, connections.find(work, caller, connection_id)))


@router.patch(
    "/{connection_id}",
    response_model=SamlConnectionModel,
    responses=errors(400, 404, 409, 412, 413, 415, 422, 429),
    summary="Change a connection",
)
def change_identity_provider(
    request: Request,
    connection_id: str,
    body: SamlConnectionChange,
    caller: PlatformAdmin,
    work: Work,
    services: AllServices,
) -> Response:
    """New metadata brings new certificates; it has to be the same identity provider's."""
    row = connections.find(work, caller, connection_id, to_change=True)
    check_match(request, _model(services, row))
    wanted = ConnectionChange(
        name=body.name,
        metadata=body.metadata,
        provisions=body.provisions,
        roles=body.roles,
        attribute_names=_named(body),
        is_paused=body.is_paused,
        has_key=body.has_key,
    )
    row = connections.change(
        work, services.vault, caller, connection_id, wanted, is_secure=_is_secure(services)
    )
    return tagged(_model(services, row))


@router.delete(
    "/{connection_id}",
    response_model=SamlConnectionModel,
    responses=errors(404, 429),
    summary="End a connection",
)
def end_identity_provider(
    connection_id: str, caller: PlatformAdmin, work: Work, services: AllServices
) -> Response:
    """Nobody signs in over it any more, and whom it let in is signed out. Again changes nothing."""
    row = connections.end(work, caller, connection_id)
    return exact_json(_model(services, row).model_dump(exclude_none=True))


def _named(body: SamlConnectionRequest | SamlConnectionChange) -> dict[str, str] | None:
    if body.attribute_names is None:
        return None
    return {str(name): told for name, told in body.attribute_names.items()}


def _model(services: Services, row: SamlConnectionRow) -> SamlConnectionModel:
    return connection_model(row, services.authorization.issuer)


def _is_secure(services: Services) -> bool:
    """People are sent to nothing less secure than we are ourselves."""
    return services.authorization.issuer.startswith("https://")
