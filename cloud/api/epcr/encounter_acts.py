"""What happens to an encounter on its way to the hospital and afterwards."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from cloud.api.epcr.act_models import (
    AcknowledgementRequest,
    CancellationRequest,
    CompletionRequest,
    DestinationRequest,
    DuplicateRequest,
    HandoverRequest,
    OutcomeRequest,
    PreAlertRequest,
    RefusalRequest,
)
from cloud.api.epcr.acting import answer_act
from cloud.api.epcr.encounter_models import EncounterModel
from cloud.api.shared.authentication import EpcrHandover, EpcrTell, EpcrWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters import ending, handing_over
from cloud.core.encounters.finding import find
from cloud.core.encounters.projections import check_destination
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.scopes import EPCR_WRITE

router = APIRouter(
    prefix="/api/v1/epcr/encounters/{encounter_id}", tags=["Encounters"], route_class=StrictRoute
)
_ACT: Final[dict[str, Any]] = {
    "response_model": EncounterModel,
    "responses": errors(400, 404, 409, 410, 412, 413, 415, 422),
}


@router.post("/ready", **{**_ACT, "responses": errors(404, 409, 410, 412)})
def make_ready(request: Request, encounter_id: str, caller: EpcrWrite, work: Work) -> Response:
    """The record can be handed over; a second time changes nothing."""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        None,
        lambda: handing_over.make_ready(work, caller, encounter_id),
    )


@router.post("/pre-alert", **_ACT)
def pre_alert(
    request: Request, encounter_id: str, body: PreAlertRequest, caller: EpcrWrite, work: Work
) -> Response:
    """Announce the patient; the facility becomes the destination."""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        body,
        lambda: handing_over.pre_alert(work, caller, encounter_id, body.alert()),
    )


@router.post("/destination", **_ACT)
def change_destination(
    request: Request, encounter_id: str, body: DestinationRequest, caller: EpcrWrite, work: Work
) -> Response:
    """Go elsewhere; whom the patient was announced to is told."""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        body,
        lambda: handing_over.change_destination(
            work,
            caller,
            encounter_id,
            facility_id=body.facility_id,
            reason=body.reason,
            eta_at=body.eta,
        ),
    )


@router.post("/handover", **_ACT)
def hand_over(
    request: Request, encounter_id: str, body: HandoverRequest, caller: EpcrWrite, work: Work
) -> Response:
    """Hand the patient over to a facility; the same handover again changes nothing."""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        body,
        lambda: handing_over.hand_over(
            work,
            caller,
            encounter_id,
            facility_id=body.facility_id,
            received_by=body.received_by,
            signature=body.signature.signature() if body.signature else None,
            at=body.at,
        ),
    )


@router.post("/acknowledgement", **_ACT)
def acknowledge(
    request: Request,
    encounter_id: str,
    body: AcknowledgementRequest,
    caller: EpcrHandover,
    work: Work,
) -> Response:
    """The destination knows of the patient, or has taken them over; for its own applications."""

    def act() -> EncounterRow:
        check_destination(work, caller, find(work, caller, encounter_id))
        return handing_over.acknowledge(
            work, caller, encounter_id, acknowledged_by=body.acknowledged_by, note=body.note
        )

    return answer_act(request, work, caller, encounter_id, body, act)


@router.post("/refusal", **_ACT)
def refuse(
    request: Request, encounter_id: str, body: RefusalRequest, caller: EpcrWrite, work: Work
) -> Response:
    """The patient refuses care or transport; the encounter may then end without a handover."""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        body,
        lambda: ending.refuse(work, caller, encounter_id, body.refusal(), at=body.at),
    )


@router.post("/outcome", **_ACT)
def tell_outcome(
    request: Request, encounter_id: str, body: OutcomeRequest, caller: EpcrTell, work: Work
) -> Response:
    """What became of the patient: told by the destination, or by whoever writes the encounter."""

    def act() -> EncounterRow:
        if not caller.may(EPCR_WRITE):
            check_destination(work, caller, find(work, caller, encounter_id))
        return ending.tell_outcome(work, caller, encounter_id, body.outcome())

    return answer_act(request, work, caller, encounter_id, body, act)


@router.post("/complete", **_ACT)
def complete(
    request: Request,
    encounter_id: str,
    caller: EpcrWrite,
    work: Work,
    body: CompletionRequest | None = None,
) -> Response:
    """Close the paperwork; without a handover it needs a reason, or a refusal before."""
    reason = (body.not_conveyed or "") if body is not None else ""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        body,
        lambda: ending.complete(work, caller, encounter_id, not_conveyed=reason),
    )


@router.post("/cancel", **_ACT)
def cancel(
    request: Request, encounter_id: str, body: CancellationRequest, caller: EpcrWrite, work: Work
) -> Response:
    """There is no encounter after all; not after a handover."""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        body,
        lambda: ending.cancel(work, caller, encounter_id, reason=body.reason),
    )


@router.post("/duplicate", **_ACT)
def mark_duplicate(
    request: Request, encounter_id: str, body: DuplicateRequest, caller: EpcrWrite, work: Work
) -> Response:
    """It tells of the same patient contact as another encounter, which counts."""
    return answer_act(
        request,
        work,
        caller,
        encounter_id,
        body,
        lambda: ending.mark_duplicate(work, caller, encounter_id, of=body.duplicate_of),
    )
