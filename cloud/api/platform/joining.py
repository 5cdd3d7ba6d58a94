"""A gateway joins with a one-time code. Nobody is authenticated here: the code is the proof."""

from __future__ import annotations

import logging
import time
from typing import Annotated, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from cloud.api.shared.answers import exact_json
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictModel, StrictRoute
from cloud.core.devices.joining import Welcome, welcome

router = APIRouter(prefix="/v1/gateways", tags=["Gateways"], route_class=StrictRoute)

LOG: Final = logging.getLogger("vitalwire.fleet")


class JoinRequest(StrictModel):
    """A one-time code and a PKCS #10 request in PEM over a key the gateway made itself."""

    code: Annotated[str, StringConstraints(min_length=4, max_length=64)]
    request: Annotated[str, StringConstraints(min_length=1, max_length=8192)]


class JoinedModel(BaseModel):
    """What the gateway keeps. `trust` is empty where the servers' authority is a public one."""

    gateway_id: str
    tenant_id: str
    vehicle_id: str
    certificate: str
    authority: str
    trust: str
    configuration: str
    configuration_key_id: str
    configuration_key: str


@router.post(
    "/enrol",
    status_code=201,
    response_model=JoinedModel,
    responses=errors(400, 403, 413, 415, 422, 429),
)
def join(request: Request, body: JoinRequest, work: Work, services: AllServices) -> Response:
    """201 with a certificate and a configuration; the code is void from then on."""
    address = request.client.host if request.client is not None else "-"
    services.attempts.count(address, now=time.monotonic())
    given = welcome(work, services.vault, services.offer, code=body.code, request_pem=body.request)
    LOG.info("event=gateway_joined gateway=%s", given.joined.gateway.gateway_id)
    return exact_json(_model(given).model_dump(), status=201)


def _model(given: Welcome) -> JoinedModel:
    return JoinedModel(
        gateway_id=str(given.joined.gateway.gateway_id),
        tenant_id=given.joined.gateway.tenant_id,
        vehicle_id=given.joined.vehicle_id,
        certificate=given.joined.certificate.pem,
        authority=given.authority,
        trust=given.authority if given.offer.is_own_authority else "",
        configuration=given.configuration,
        configuration_key_id=given.configuration_key_id,
        configuration_key=given.configuration_key,
    )
