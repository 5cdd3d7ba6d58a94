"""/fhir/R4/metadata: the CapabilityStatement, for everybody."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from cloud.api.fhir.answers import BASE_PATH, check_format, fhir
from cloud.api.fhir.documentation import FHIR_ANSWER
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices
from cloud.core.authorization.profiles import PLATFORM
from cloud.fhir.rest import topics
from cloud.fhir.rest.capability import capability_statement
from cloud.fhir.rest.registry import BY_NAME

router = APIRouter(prefix=BASE_PATH, tags=["FHIR R4"], dependencies=[Depends(check_format)])

_CACHED: Final = {"Cache-Control": "public, max-age=300"}


@router.get(
    "/metadata",
    response_class=Response,
    responses={**FHIR_ANSWER, **errors(406)},
    summary="The CapabilityStatement",
)
def metadata(request: Request, services: AllServices) -> Response:
    """What this server can do; no token is needed to read it."""
    issuer = services.tokens.policy.issuer
    statement = capability_statement(
        base=f"{issuer}{BASE_PATH}",
        token_url=f"{issuer}{PLATFORM.token_path}",
        version=request.app.version,
        kinds=BY_NAME,
        more=[topics.capability(f"{issuer}{BASE_PATH}")],
    )
    return fhir(statement, headers=_CACHED)
