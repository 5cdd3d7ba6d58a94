"""Tokens an administrator makes for an application."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from cloud.api.platform.administration import counted
from cloud.api.platform.application_models import (
    SandboxModel,
    SandboxRequest,
    ServiceTokenModel,
    ServiceTokenRequest,
    ServiceTokensModel,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import AppsRead, AppsWrite, PlatformAdmin
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.authorization import service_tokens as core
from cloud.core.authorization.grant_tables import ServiceTokenRow
from cloud.core.authorization.tokens import SANDBOX
from cloud.core.sandbox.service import make_token

router = APIRouter(
    prefix="/v1/platform/apps/{client_id}",
    tags=["Platform"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)

_TOKEN: Final = frozenset({"token"})


@router.post(
    "/service-token",
    status_code=201,
    response_model=ServiceTokenModel,
    responses=errors(400, 404, 413, 415, 422, 429),
    summary="Make a service token",
)
def make_service_token(
    request: Request,
    client_id: str,
    body: ServiceTokenRequest,
    caller: AppsWrite,
    work: Work,
    services: AllServices,
) -> Response:
    """For some of the application's approved scopes; shown in this answer and in no other."""

    def produce() -> tuple[int, ServiceTokenModel]:
        made = core.make_service_token(
            work,
            caller,
            services.tokens,
            client_id,
            scopes=body.scopes,
            seconds=body.ttl_seconds,
            description=body.description,
        )
        return 201, _model(made.row, token=made.token)

    return answer_once(request, work, caller, body, produce, shown_once=_TOKEN)


@router.get(
    "/service-tokens",
    response_model=ServiceTokensModel,
    responses=errors(404, 429),
    summary="The service tokens of an application",
)
def list_service_tokens(client_id: str, caller: AppsRead, work: Work) -> Response:
    """Those that are good now, newest first."""
    rows = core.service_tokens(work, caller, client_id)
    document = ServiceTokensModel(service_tokens=[_model(row) for row in rows])
    return exact_json(document.model_dump(exclude={"service_tokens": {"__all__": {"token"}}}))


@router.delete(
    "/service-tokens/{jti}",
    status_code=204,
    responses=errors(404, 429),
    summary="End a service token",
)
def revoke_service_token(client_id: str, jti: str, caller: AppsWrite, work: Work) -> None:
    """Within seconds no process takes it any more."""
    core.revoke_service_token(work, caller, client_id, jti)


@router.post(
    "/sandbox-token",
    status_code=201,
    response_model=SandboxModel,
    responses=errors(400, 404, 413, 415, 422, 429),
    summary="Make a sandbox token",
)
def make_sandbox_token(
    request: Request,
    client_id: str,
    body: SandboxRequest,
    caller: PlatformAdmin,
    work: Work,
    services: AllServices,
) -> Response:
    """For the tenant's sandbox, where the scenarios are played: the host of real data refuses it,
    and the sandbox's host refuses every other.
    """

    def produce() -> tuple[int, SandboxModel]:
        made = make_token(
            work,
            caller,
            services.vault,
            services.tokens,
            client_id,
            seconds=body.ttl_seconds,
            scenarios=body.scenarios,
        )
        return 201, SandboxModel(
            token=made.token,
            expires_at=made.row.expires_at,
            audience=SANDBOX,
            scopes=made.row.scopes,
            sandbox_host=services.sandbox.netloc,
            scenarios=body.scenarios,
        )

    return answer_once(request, work, caller, body, produce, shown_once=_TOKEN)


def _model(row: ServiceTokenRow, *, token: str = "") -> ServiceTokenModel:
    return ServiceTokenModel(
        jti=row.token_id,
        token=token or None,
        scopes=row.scopes,
        description=row.description,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
    )
