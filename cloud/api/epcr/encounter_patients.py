"""Whose encounter it is: identified, corrected, unlinked."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from cloud.api.epcr.acting import answer_act
from cloud.api.epcr.encounter_models import EncounterModel
from cloud.api.epcr.patient_models import (
    CorrectionRequest,
    PatientLinkModel,
    PatientLinksModel,
    PatientRequest,
    UnlinkRequest,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import EpcrWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters import patients
from cloud.core.encounters.record_tables import PatientLinkRow

router = APIRouter(
    prefix="/api/v1/epcr/encounters/{encounter_id}/patient",
    tags=["Encounters"],
    route_class=StrictRoute,
)


@router.post(
    "", response_model=EncounterModel, responses=errors(400, 404, 409, 410, 412, 413, 415, 422)
)
def identify_patient(
    request: Request,
    encounter_id: str,
    body: PatientRequest,
    caller: EpcrWrite,
    work: Work,
    services: AllServices,
) -> Response:
    """Say who the patient is, or more of it. What is known otherwise already is to be corrected."""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        body,
        lambda: patients.identify(work, services.vault, caller, encounter_id, body.told()),
    )


@router.put(
    "", response_model=EncounterModel, responses=errors(400, 404, 409, 410, 412, 413, 415, 422)
)
def correct_patient(
    request: Request,
    encounter_id: str,
    body: CorrectionRequest,
    caller: EpcrWrite,
    work: Work,
    services: AllServices,
) -> Response:
    """The same person, whose name or number was written wrongly: the whole of what is known now."""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        body,
        lambda: patients.correct(
            work, services.vault, caller, encounter_id, body.identity.identity(), body.reason
        ),
    )


@router.post(
    "/unlink",
    response_model=EncounterModel,
    responses=errors(400, 404, 409, 410, 412, 413, 415, 422),
)
def unlink_patient(
    request: Request,
    encounter_id: str,
    body: UnlinkRequest,
    caller: EpcrWrite,
    work: Work,
    services: AllServices,
) -> Response:
    """It was the wrong patient: nobody is linked then, and whoever has the record is told."""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        body,
        lambda: patients.unlink(work, services.vault, caller, encounter_id, body.reason),
    )


@router.get("/history", response_model=PatientLinksModel, responses=errors(404, 410))
def patient_history(encounter_id: str, caller: EpcrWrite, work: Work) -> Response:
    """Whose the encounter was and is, by ids; the wrong patient stays in it."""
    links = patients.read_links(work, caller, encounter_id)
    document = PatientLinksModel(links=[_link(one) for one in links])
    return exact_json(document.model_dump(exclude_none=True))


def _link(row: PatientLinkRow) -> PatientLinkModel:
    is_merged = row.reason == patients.SAME_PERSON
    return PatientLinkModel(
        patient_id=row.patient_id,
        since=row.since,
        until=row.until,
        entered_in_error=row.until is not None and not is_merged,
        reason=None if is_merged else row.reason or None,
        merged=is_merged,
    )
