"""How long what is kept, legal holds, and erasure, for administrators."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from cloud.api.platform.administration import counted
from cloud.api.platform.retention_models import (
    DueModel,
    ErasureModel,
    ErasureRequest,
    HoldModel,
    HoldRequest,
    HoldsModel,
    PolicyModel,
    PolicyRequest,
    RetentionModel,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import PlatformAdmin
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.retention import erasing, holds, sweeping
from cloud.core.retention.policies import WantedPolicy, change_policy, policy_of, wanted_of
from cloud.core.retention.tables import LegalHoldRow

router = APIRouter(
    prefix="/v1/platform",
    tags=["Platform"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)


@router.get(
    "/retention",
    response_model=RetentionModel,
    responses=errors(429),
    summary="How long what is kept",
)
def read_retention(caller: PlatformAdmin, work: Work, services: AllServices) -> Response:
    """The policy in force, and how much is older: that goes within the hour."""
    return exact_json(_retention(work, caller.tenant_id, services).model_dump())


@router.put(
    "/retention",
    response_model=RetentionModel,
    responses=errors(400, 413, 415, 422, 429),
    summary="Set how long what is kept",
)
def set_retention(
    body: PolicyRequest, caller: PlatformAdmin, work: Work, services: AllServices
) -> Response:
    """Waveforms no longer than readings, readings no longer than records."""
    change_policy(work, caller, WantedPolicy(**body.model_dump()), services.retention)
    work.session.flush()
    return exact_json(_retention(work, caller.tenant_id, services).model_dump())


@router.get(
    "/legal-holds",
    response_model=HoldsModel,
    responses=errors(429),
    summary="The legal holds",
)
def list_holds(caller: PlatformAdmin, work: Work) -> Response:
    """Those lifted too, the newest first."""
    rows = holds.holds(work, caller)
    return exact_json(HoldsModel(legal_holds=[_hold(row) for row in rows]).model_dump())


@router.post(
    "/legal-holds",
    status_code=201,
    response_model=HoldModel,
    responses=errors(400, 404, 410, 413, 415, 422, 429),
    summary="Place a legal hold",
)
def place_hold(request: Request, body: HoldRequest, caller: PlatformAdmin, work: Work) -> Response:
    """Neither retention nor an erasure takes it away until the hold is lifted."""

    def produce() -> tuple[int, HoldModel]:
        made = holds.place_hold(
            work,
            caller,
            encounter_id=body.encounter_id,
            patient_id=body.patient_id,
            reason=body.reason,
        )
        return 201, _hold(made)

    return answer_once(request, work, caller, body, produce)


@router.post(
    "/legal-holds/{hold_id}/lift",
    response_model=HoldModel,
    responses=errors(404, 409, 429),
    summary="Lift a legal hold",
)
def lift_hold(hold_id: str, caller: PlatformAdmin, work: Work) -> Response:
    """From now on what it kept may go."""
    return exact_json(_hold(holds.lift_hold(work, caller, hold_id)).model_dump())


@router.post(
    "/erasures",
    response_model=ErasureModel,
    responses=errors(400, 404, 409, 410, 413, 415, 422, 429),
    summary="Erase an encounter or a patient",
)
def erase(request: Request, body: ErasureRequest, caller: PlatformAdmin, work: Work) -> Response:
    """At once and for good. The audit stays, and that there was an encounter.

    409 `legal_hold` says which hold forbids it and why; 409 `encounter_open` while it goes on.
    """

    def produce() -> tuple[int, ErasureModel]:
        made = erasing.erase(
            work,
            caller,
            encounter_id=body.encounter_id,
            patient_id=body.patient_id,
            reason=body.reason,
            is_trial=body.dry_run,
        )
        return 200, ErasureModel(
            dry_run=body.dry_run,
            encounters=list(made.encounters),
            patients=list(made.patients),
            counts=made.counts,
        )

    return answer_once(request, work, caller, body, produce)


def _retention(work: Work, tenant_id: str, services: AllServices) -> RetentionModel:
    due = sweeping.due(work, tenant_id, services.retention)
    return RetentionModel(
        in_force=PolicyModel(**asdict(policy_of(work, tenant_id, services.retention))),
        own=PolicyRequest(**asdict(wanted_of(work, tenant_id))),
        due=DueModel(**asdict(due)),
    )


def _hold(row: LegalHoldRow) -> HoldModel:
    return HoldModel(
        hold_id=row.hold_id,
        encounter_id=row.encounter_id,
        patient_id=row.patient_id,
        reason=row.reason,
        placed_at=row.placed_at,
        placed_by=row.placed_by,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
    )
