"""Devices: list, enrol, get."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from cloud.api.epcr.device_answers import device_model
from cloud.api.epcr.device_models import (
    DeviceClass,
    DeviceModel,
    DeviceStatus,
    EnrolRequest,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import DevicesRead, DevicesWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.devices import service as devices
from protocols.model.codes import SystemId

router = APIRouter(prefix="/api/v1/devices", tags=["Devices"], route_class=StrictRoute)

_DEVICES: Final = TypeAdapter(list[DeviceModel])
_LIST: Final = "devices"


@router.get("", response_model=list[DeviceModel], responses=errors(400, 422))
def list_devices(
    request: Request,
    caller: DevicesRead,
    work: Work,
    services: AllServices,
    vehicle_id: Annotated[str | None, Query(max_length=64)] = None,
    status: DeviceStatus | None = None,
    device_class: DeviceClass | None = None,
    calibration_overdue: bool | None = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """A bare array; where more follow, `X-Next-Cursor` and `Link` say so."""
    after = services.cursors.decode(caller, _LIST, cursor)[0] if cursor is not None else ""
    wanted = devices.DeviceFilter(
        vehicle_id=vehicle_id,
        status=status,
        device_class=device_class,
        is_calibration_overdue=calibration_overdue,
    )
    rows = devices.devices(work, caller, wanted, after=str(after), limit=limit + 1)
    page = [device_model(row, work.now) for row in rows[:limit]]
    headers = {}
    if len(rows) > limit:
        following = services.cursors.encode(caller, _LIST, [page[-1].id])
        query = {**request.query_params, "cursor": following}
        headers = {
            "X-Next-Cursor": following,
            "Link": f'<{request.url.path}?{urlencode(query)}>; rel="next"',
        }
    return exact_json(_DEVICES.dump_python(page, exclude_none=True), headers=headers)


@router.post(
    "/enrol",
    status_code=201,
    response_model=DeviceModel,
    responses={200: {"model": DeviceModel}, **errors(400, 409, 413, 415, 422)},
)
def enrol(request: Request, body: EnrolRequest, caller: DevicesWrite, work: Work) -> Response:
    """201 for a device new to the organisation, 200 when it is enrolled again."""

    def produce() -> tuple[int, DeviceModel]:
        row, is_new = devices.enrol(work, caller, _enrolment(body))
        return (201 if is_new else 200), device_model(row, work.now)

    return answer_once(request, work, caller, body, produce)


@router.get("/{device_id}", response_model=DeviceModel, responses=errors(404))
def get_device(device_id: str, caller: DevicesRead, work: Work) -> Response:
    """One device of the caller's organisation."""
    row = devices.device(work, caller, device_id)
    return exact_json(device_model(row, work.now).model_dump(exclude_none=True))


def _enrolment(body: EnrolRequest) -> devices.Enrolment:
    return devices.Enrolment(
        serial_number=body.serial_number,
        device_class=body.device_class,
        manufacturer=body.manufacturer,
        model=body.model or "",
        firmware=body.firmware or "",
        vehicle_id=body.vehicle_id,
        system_id=SystemId.parse(body.system_id) if body.system_id else None,
        udi=body.udi or "",
    )
