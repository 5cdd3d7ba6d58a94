"""/fhir/R4/Encounter/{id}/$everything: one encounter with all that hangs on it."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from cloud.api.fhir.answers import BASE_PATH, check_format, fhir, is_strict
from cloud.api.fhir.callers import READ, FhirRequirement
from cloud.api.fhir.documentation import FHIR_ANSWER, everything_parameters
from cloud.api.fhir.searches import absent, cursor_of, desk_of, note
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices, Work
from cloud.core.kernel.principal import Principal
from cloud.fhir.rest import everything as whole
from cloud.fhir.rest.ids import is_id
from cloud.fhir.rest.registry import BY_NAME

router = APIRouter(prefix=BASE_PATH, tags=["FHIR R4"], dependencies=[Depends(check_format)])

_READING = FhirRequirement("Encounter", READ)


@router.get(
    "/Encounter/{id}/$everything",
    response_class=Response,
    responses={**FHIR_ANSWER, **errors(400, 404, 406)},
    summary="An encounter and all that hangs on it",
    openapi_extra={"parameters": everything_parameters()},
)
def everything(
    request: Request,
    id: str,
    work: Work,
    services: AllServices,
    caller: Principal = Depends(_READING),
) -> Response:
    """Type after type, page after page; only types the caller may read."""
    desk = desk_of(services, work, caller)
    kind = BY_NAME["Encounter"]
    if not is_id(id) or kind.read(desk, id) is None:
        raise absent(kind)
    pairs = request.query_params.multi_items()
    cursor = cursor_of(services, caller, whole.path_of(id), pairs)
    sent = pairs if cursor is None else cursor.sent
    asked = whole.parse(sent, base=desk.base, is_strict=is_strict(request))
    bundle = whole.everything(desk, services.vault, id, asked, cursor, BY_NAME)
    note(desk, "everything", "Encounter", id)
    return fhir(bundle)
