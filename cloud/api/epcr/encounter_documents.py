"""The encounter's document: the whole report, signed, one for each version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from cloud.api.shared.answers import FHIR_MEDIA_TYPE, exact_json
from cloud.api.shared.authentication import require
from cloud.api.shared.documentation import Responses, errors
from cloud.api.shared.services import AllServices, Services, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters import documents
from cloud.core.encounters.handover import Handover
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_HANDOVER, EPCR_READ
from cloud.fhir.document import document_bundle
from cloud.fhir.json import dumps, loads
from cloud.fhir.signature import ALGORITHM, key_id, signature

router = APIRouter(prefix="/api/v1/epcr/encounters", tags=["Encounters"], route_class=StrictRoute)

EpcrExport = Annotated[Principal, Depends(require(EPCR_READ, EPCR_HANDOVER))]
Version = Annotated[
    int | None,
    Query(ge=1, le=1_000_000, description="A version that was kept; the newest without it."),
]
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
) -> Response:
    """The report as a signed document; preliminary until the patient is handed over."""
    found = documents.document(
        work, services.vault, caller, encounter_id, _maker(services), version=version
    )
    answer = {**loads(found.octets), "signature": found.signature}
    headers = {} if found.version is None else {"ETag": f'W/"{found.version}"'}
    return exact_json(answer, media_type=FHIR_MEDIA_TYPE, headers=headers)


def _maker(services: Services) -> documents.Maker:
    ring = services.tokens.ring

    def write(handover: Handover) -> bytes:
        return dumps(document_bundle(handover))

    def sign(octets: bytes) -> Mapping[str, Any]:
        document = loads(octets)
        report = document["entry"][0]["resource"]
        key = ring.signing_key(ALGORITHM)
        return signature(document, key, when=services.clock(), who=report["custodian"])

    def stands(told: Mapping[str, Any]) -> bool:
        return ring.public_key(key_id(told)) is not None

    return documents.Maker(write, sign, stands)
