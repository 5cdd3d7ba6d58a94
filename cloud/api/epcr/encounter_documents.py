"""The encounter's document: the whole report, signed, one for each version."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from cloud.api.shared.answers import FHIR_MEDIA_TYPE, exact_json
from cloud.api.shared.authentication import require
from cloud.api.shared.documentation import Responses, errors
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters import documents
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_HANDOVER, EPCR_READ
from cloud.fhir.document import document_bundle, pre_alert_bundle
from cloud.fhir.document_making import document_maker
from cloud.fhir.json import loads

router = APIRouter(prefix="/api/v1/epcr/encounters", tags=["Encounters"], route_class=StrictRoute)

EpcrExport = Annotated[Principal, Depends(require(EPCR_READ, EPCR_HANDOVER))]
Version = Annotated[
    int | None,
    Query(ge=1, le=1_000_000, description="A version that was kept; the newest without it."),
]
Kind = Literal["report", "pre-alert"]
_ANSWERS: Final[Responses] = {
    200: {
        "description": "A signed document Bundle (FHIR R4)",
        "content": {
            FHIR_MEDIA_TYPE: {
                "schema": {"type": "object", "properties": {"resourceType": {"const": "Bundle"}}}
            }
        },
    }
}


@router.get(
    "/{encounter_id}/fhir-document",
    response_class=Response,
    responses={**_ANSWERS, **errors(400, 404, 422)},
)
def get_document(
    encounter_id: str,
    caller: EpcrExport,
    work: Work,
    services: AllServices,
    version: Version = None,
    kind: Kind = "report",
) -> Response:
    """The report as a signed document; preliminary until the patient is handed over.

    `kind=pre-alert` holds the newest of each vital sign alone and is never kept.
    """
    is_report = kind == "report"
    if version is not None and not is_report:
        raise InvalidError("no_such_version", "Ask for a version of the report: kind=report.")
    bundle = document_bundle if is_report else pre_alert_bundle
    maker = document_maker(services.tokens.ring, services.clock, bundle)
    found = documents.document(
        work, services.vault, caller, encounter_id, maker, version=version, is_kept=is_report
    )
    answer = {**loads(found.octets), "signature": found.signature}
    headers = {} if found.version is None else {"ETag": f'W/"{found.version}"'}
    return exact_json(answer, media_type=FHIR_MEDIA_TYPE, headers=headers)
