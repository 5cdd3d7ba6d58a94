"""An encounter as a report of NEMSIS 3.5."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from cloud.api.shared.authentication import EpcrRead
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters.gathering import gather_handover
from cloud.core.kernel.errors import ConflictError
from cloud.nemsis.report import Agency, IncompleteReportError, nemsis_report

router = APIRouter(prefix="/api/v1/epcr/encounters", tags=["Encounters"], route_class=StrictRoute)

MEDIA_TYPE: Final = "application/xml"
Name = Annotated[str, Query(max_length=50, description="As the state registered it.")]
Code = Annotated[str, Query(pattern=r"^([0-9]{7})?$", description="A code of NEMSIS.")]


@router.get(
    "/{encounter_id}/nemsis",
    response_class=Response,
    responses={
        200: {"description": "An EMSDataSet (NEMSIS 3.5.0)", "content": {MEDIA_TYPE: {}}},
        **errors(400, 404, 409, 422),
    },
)
def get_nemsis(
    encounter_id: str,
    caller: EpcrRead,
    work: Work,
    services: AllServices,
    agency_id: Name = "",
    agency_number: Name = "",
    agency_state: Annotated[
        str, Query(pattern=r"^([0-9]{2})?$", description="Two-digit ANSI code of the state.")
    ] = "",
    dispatch_reason: Code = "",
    equipment: Code = "",
    response_mode: Code = "",
) -> Response:
    """The national elements; 409 `report_incomplete` names what is mandatory and was not told."""
    handover = gather_handover(work, services.vault, caller, encounter_id, "nemsis")
    agency = Agency(
        state_id=agency_id,
        number=agency_number,
        state=agency_state,
        dispatch_reason=dispatch_reason,
        equipment=equipment,
        response_mode=response_mode,
    )
    try:
        report = nemsis_report(handover, agency)
    except IncompleteReportError as exc:
        raise ConflictError(
            "report_incomplete",
            "Tell what is mandatory in NEMSIS: times in the encounter, the rest in the query.",
            details={"missing": list(exc.missing)},
        ) from exc
    return Response(report, media_type=MEDIA_TYPE)
