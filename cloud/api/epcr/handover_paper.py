"""The handover on paper."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from cloud.api.shared.authentication import require
from cloud.api.shared.documentation import Responses, errors
from cloud.api.shared.handover_paper import PDF, paper
from cloud.api.shared.services import AllServices
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_HANDOVER, EPCR_READ

router = APIRouter(prefix="/api/v1/epcr/encounters", tags=["Encounters"], route_class=StrictRoute)

_DOCUMENT: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_ANSWERS: Final[Responses] = {200: {"description": "A4 pages", "content": {PDF: _DOCUMENT}}}
Reader = Annotated[Principal, Depends(require(EPCR_READ, EPCR_HANDOVER))]


@router.get(
    "/{encounter_id}/handover.pdf",
    response_class=Response,
    responses={**_ANSWERS, **errors(400, 404)},
)
def get_paper(encounter_id: str, caller: Reader, services: AllServices) -> Response:
    """What a receiving team reads on paper: times, vital signs, ECG to scale, gaps, who printed."""
    return paper(services, caller, encounter_id)
