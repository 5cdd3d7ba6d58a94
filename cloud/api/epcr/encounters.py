"""Encounters: open, list, read, export as FHIR, hand over."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from cloud.api.epcr.encounter_answers import encounter_model, encounter_view_model
from cloud.api.epcr.encounter_models import (
    EncounterModel,
    EncounterRequest,
    EncountersModel,
    EncounterStatus,
)
from cloud.api.shared.answers import FHIR_MEDIA_TYPE, exact_json
from cloud.api.shared.authentication import EpcrSee, EpcrWrite
from cloud.api.shared.documentation import Responses, errors
from cloud.api.shared.entity_tags import version_tag
from cloud.api.shared.errors import wants_fhir
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import (
    FIRST_LIMIT,
    Cursor,
    Limit,
    PageByTime,
    Since,
    page_json,
    parse_since,
)
from cloud.api.shared.services import AllServices, Services, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters import service as encounters
from cloud.core.encounters.gathering import gather_handover
from cloud.core.kernel.collector import at_rest
from cloud.core.kernel.errors import InvalidError, MalformedError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.fhir.bundle import NoSuchPageError, transaction_bundle

router = APIRouter(prefix="/api/v1/epcr/encounters", tags=["Encounters"], route_class=StrictRoute)

Detail = Literal["trend", "full"]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000, description="Page of the bundle, from 1.")]
Update = Annotated[
    bool,
    Query(description="Conditional updates of what may have changed since an earlier bundle."),
]

Puts = Annotated[
    bool,
    Query(description="What only servers take that create what is put: Provenance, Binary."),
]
_LIST: Final = "encounters"
_BUNDLE: Final[dict[str, Any]] = {
    "schema": {"type": "object", "properties": {"resourceType": {"const": "Bundle"}}}
}
_FHIR_ANSWERS: Final[Responses] = {
    200: {
        "description": "A transaction Bundle (FHIR R4)",
        "content": {FHIR_MEDIA_TYPE: _BUNDLE},
    }
}


@router.post(
    "",
    status_code=201,
    response_model=EncounterModel,
    responses={200: {"model": EncounterModel}, **errors(400, 413, 415, 422)},
)
def open_encounter(
    request: Request,
    body: EncounterRequest,
    caller: EpcrWrite,
    work: Work,
    services: AllServices,
) -> Response:
    """201 for a new encounter, 200 for the one this incident and vehicle have already."""

    def produce() -> tuple[int, EncounterModel]:
        row, is_new = encounters.create(work, caller, services.vault, _wanted(body))
        return (201 if is_new else 200), encounter_model(row)

    return answer_once(request, work, caller, body, produce)


@router.get("", response_model=EncountersModel, responses=errors(400, 422))
def list_encounters(
    caller: EpcrSee,
    work: Work,
    services: AllServices,
    status: EncounterStatus | None = None,
    since: Since = None,
    vehicle_id: Annotated[str | None, Query(max_length=64)] = None,
    facility_id: Annotated[
        str | None, Query(max_length=80, description="Where the patient is brought.")
    ] = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Encounters by their last change, pseudonymised and without their readings; for a facility's
    application without `argus:epcr:read`, those that come to it.
    """
    wanted = PageByTime(services.cursors, caller, _LIST, limit, cursor)
    after = wanted.after()
    only = encounters.EncounterFilter(
        status=status, since=parse_since(since), vehicle_id=vehicle_id, facility_id=facility_id
    )
    rows = encounters.listing(work, caller, only, after_row=after, limit=limit + 1)
    page = wanted.of(rows, lambda row: (row.updated_at, row.encounter_id))
    document = EncountersModel(
        encounters=[encounter_model(row) for row in page.items], next_cursor=page.next_cursor
    )
    return page_json(document)


@router.get(
    "/{encounter_id}",
    response_model=EncounterModel,
    responses={
        200: {"content": {FHIR_MEDIA_TYPE: _BUNDLE}},
        **errors(400, 404, 410),
    },
)
def get_encounter(
    request: Request,
    encounter_id: str,
    caller: EpcrSee,
    work: Work,
    services: AllServices,
    format: Annotated[
        str | None, Query(max_length=16, description="`fhir` for the Bundle.")
    ] = None,
    detail: Detail = "trend",
    page: PageNumber = 1,
) -> Response:
    """The partner's projection; the Bundle by `format=fhir` or Accept: application/fhir+json."""
    if format not in (None, "fhir", "json"):
        raise MalformedError("unknown_format", "Send format=fhir or leave it out.")
    if format == "fhir" or (format is None and wants_fhir(request)):
        return _bundle(request, services, work, caller, encounter_id, detail, page)
    view = encounters.view(work, services.vault, caller, encounter_id)
    return exact_json(
        encounter_view_model(view).model_dump(exclude_none=True),
        headers={"ETag": version_tag(view.row.version)},
    )


@router.get(
    "/{encounter_id}/fhir-bundle",
    response_class=Response,
    responses={**_FHIR_ANSWERS, **errors(400, 404, 410, 422)},
)
def get_bundle(
    request: Request,
    encounter_id: str,
    caller: EpcrSee,
    work: Work,
    services: AllServices,
    detail: Detail = "trend",
    page: PageNumber = 1,
    update: Update = False,
    puts: Puts = False,
) -> Response:
    """The handover as a transaction Bundle; `detail=full` holds every reading, page by page."""
    return _bundle(
        request, services, work, caller, encounter_id, detail, page, update=update, puts=puts
    )


@at_rest()
def _bundle(
    request: Request,
    services: Services,
    work: UnitOfWork,
    caller: Principal,
    encounter_id: str,
    detail: Detail,
    page: int,
    *,
    update: bool = False,
    puts: bool = False,
) -> Response:
    handover = gather_handover(
        work, services.vault, caller, encounter_id, detail, is_first_page=page == 1
    )
    base = f"{services.tokens.policy.issuer}{request.url.path}"
    parameters = {
        name: value
        for name, value in request.query_params.items()
        if name in ("format", "detail", "update", "puts")
    }

    def page_url(number: int) -> str:
        return f"{base}?{urlencode({**parameters, 'detail': detail, 'page': number})}"

    try:
        bundle = transaction_bundle(
            handover, detail=detail, page=page, page_url=page_url, update=update, puts=puts
        )
    except NoSuchPageError as exc:
        raise InvalidError("no_such_page", "Follow the links of the first page.") from exc
    return exact_json(bundle, media_type=FHIR_MEDIA_TYPE)


def _wanted(body: EncounterRequest) -> encounters.NewEncounter:
    complaint = body.chief_complaint
    return encounters.NewEncounter(
        care_model=body.care_model,
        vehicle_id=body.vehicle_id,
        crew_ids=body.crew_ids,
        cad_incident_id=body.cad_incident_id,
        started_at=body.started_at,
        patient=body.patient.told() if body.patient else None,
        sex=body.patient.sex if body.patient else None,
        chief_complaint=complaint.model_dump(exclude_none=True) if complaint else None,
        triage=body.triage.model_dump() if body.triage else None,
    )
