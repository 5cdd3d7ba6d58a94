"""What is done to devices: assigned, retired, set aside, taken up again, calibrated."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from cloud.api.epcr.device_answers import device_model
from cloud.api.epcr.device_care_models import (
    AssignmentModel,
    AssignmentsModel,
    AssignRequest,
    CalibrationRequest,
    CareRequest,
    DeviceEventModel,
    DeviceEventsModel,
)
from cloud.api.epcr.device_models import DeviceModel
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import DevicesRead, DevicesWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Limit
from cloud.api.shared.services import Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.devices import assignments, care, history
from cloud.core.devices.service import device as find_device
from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

router = APIRouter(prefix="/api/v1/devices", tags=["Devices"], route_class=StrictRoute)
_Act = Callable[[UnitOfWork, Principal, str, str], DeviceRow]


@router.post(
    "/{device_id}/assign",
    response_model=DeviceModel,
    responses=errors(400, 404, 413, 415, 422),
)
def assign_device(
    request: Request, device_id: str, body: AssignRequest, caller: DevicesWrite, work: Work
) -> Response:
    """Give a device to a vehicle. What it measured there since and waits finds its encounter."""

    def produce() -> tuple[int, DeviceModel]:
        row = find_device(work, caller, device_id)
        assignments.assign(
            work, caller, row, body.vehicle_id, since=body.since, reason=body.reason or ""
        )
        return 200, device_model(row, work.now)

    return answer_once(request, work, caller, body, produce)


@router.post(
    "/{device_id}/retire", response_model=DeviceModel, responses=errors(400, 404, 413, 415, 422)
)
def retire_device(
    request: Request, device_id: str, body: CareRequest, caller: DevicesWrite, work: Work
) -> Response:
    """Take a device out of the fleet; enrolling it again brings it back, there or elsewhere."""
    return _done(request, device_id, body, caller, work, care.retire)


@router.post(
    "/{device_id}/quarantine",
    response_model=DeviceModel,
    responses=errors(400, 404, 409, 413, 415, 422),
)
def quarantine_device(
    request: Request, device_id: str, body: CareRequest, caller: DevicesWrite, work: Work
) -> Response:
    """Set a device aside: what it measures is kept and waits, charted for no patient."""
    return _done(request, device_id, body, caller, work, care.quarantine)


@router.post(
    "/{device_id}/reinstate",
    response_model=DeviceModel,
    responses=errors(400, 404, 409, 413, 415, 422),
)
def reinstate_device(
    request: Request, device_id: str, body: CareRequest, caller: DevicesWrite, work: Work
) -> Response:
    """Take up again a device that was set aside."""
    return _done(request, device_id, body, caller, work, care.reinstate)


@router.post(
    "/{device_id}/calibrations",
    status_code=201,
    response_model=DeviceModel,
    responses=errors(400, 404, 413, 415, 422),
)
def calibrate_device(
    request: Request, device_id: str, body: CalibrationRequest, caller: DevicesWrite, work: Work
) -> Response:
    """Note a calibration that was done, and when the next is due."""

    def produce() -> tuple[int, DeviceModel]:
        row = care.calibrate(
            work,
            caller,
            device_id,
            calibrated_at=body.calibrated_at,
            due_at=body.due_at,
            reference=body.reference or "",
        )
        return 201, device_model(row, work.now)

    return answer_once(request, work, caller, body, produce)


@router.get("/{device_id}/assignments", response_model=AssignmentsModel, responses=errors(404))
def list_assignments(device_id: str, caller: DevicesRead, work: Work) -> Response:
    """Where a device belonged, with times: somebody's word, else where it was heard."""
    find_device(work, caller, device_id)
    document = AssignmentsModel(
        assignments=[
            AssignmentModel(
                vehicle_id=row.vehicle_id,
                since=row.since,
                until=row.until,
                source=row.source,
                by=row.by,
                reason=row.reason or None,
            )
            for row in assignments.assignments(work, caller, [device_id])
        ]
    )
    return exact_json(document.model_dump(exclude_none=True))


@router.get("/{device_id}/events", response_model=DeviceEventsModel, responses=errors(404, 422))
def list_events(
    device_id: str, caller: DevicesRead, work: Work, limit: Limit = FIRST_LIMIT
) -> Response:
    """What was done to a device, newest first."""
    find_device(work, caller, device_id)
    document = DeviceEventsModel(
        events=[
            DeviceEventModel(
                kind=row.kind, at=row.at, by=row.by, reason=row.reason or None, details=row.data
            )
            for row in history.events(work, caller, device_id, limit=limit)
        ]
    )
    return exact_json(document.model_dump(exclude_none=True))


def _done(
    request: Request,
    device_id: str,
    body: CareRequest,
    caller: Principal,
    work: UnitOfWork,
    act: _Act,
) -> Response:
    def produce() -> tuple[int, DeviceModel]:
        return 200, device_model(act(work, caller, device_id, body.reason), work.now)

    return answer_once(request, work, caller, body, produce)
