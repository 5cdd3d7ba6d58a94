"""Devices: list, enrol, get; their observations: send and read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from cloud.api.epcr.device_answers import device_model, observation_model
from cloud.api.epcr.device_models import (
    DeviceClass,
    DeviceModel,
    DeviceStatus,
    EnrolRequest,
    ObservationModel,
    ObservationRequest,
    ObservationsModel,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import DevicesRead, DevicesWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, Since, parse_since
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.devices import service as devices
from cloud.core.encounters.readings import NewReading, NewValue, parse_mdc_code, record_reading
from cloud.core.kernel import audit
from cloud.core.observations import queries
from protocols.model.codes import SystemId

router = APIRouter(prefix="/api/v1/devices", tags=["Devices"], route_class=StrictRoute)

_DEVICES: Final = TypeAdapter(list[DeviceModel])
_LIST: Final = "devices"
_SERIES: Final = "observations"


@router.get("", response_model=list[DeviceModel], responses=errors(400, 422))
def list_devices(
    request: Request,
    caller: DevicesRead,
    work: Work,
    services: AllServices,
    vehicle_id: Annotated[str | None, Query(max_length=64)] = None,
    status: DeviceStatus | None = None,
    device_class: DeviceClass | None = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """A bare array; where more follow, `X-Next-Cursor` and `Link` say so."""
    after = services.cursors.decode(caller, _LIST, cursor)[0] if cursor is not None else ""
    wanted = devices.DeviceFilter(vehicle_id=vehicle_id, status=status, device_class=device_class)
    rows = devices.devices(work, caller, wanted, after=str(after), limit=limit + 1)
    page = [device_model(row) for row in rows[:limit]]
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
        return (201 if is_new else 200), device_model(row)

    return answer_once(request, work, caller, body, produce)


@router.get("/{device_id}", response_model=DeviceModel, responses=errors(404))
def get_device(device_id: str, caller: DevicesRead, work: Work) -> Response:
    """One device of the caller's organisation."""
    row = devices.device(work, caller, device_id)
    return exact_json(device_model(row).model_dump(exclude_none=True))


@router.post(
    "/{device_id}/observations",
    status_code=201,
    response_model=ObservationModel,
    responses={200: {"model": ObservationModel}, **errors(400, 404, 409, 413, 415, 422)},
)
def send_observation(
    request: Request, device_id: str, body: ObservationRequest, caller: DevicesWrite, work: Work
) -> Response:
    """201 for a new reading, 200 for one that is stored already (same device and sequence)."""

    def produce() -> tuple[int, ObservationModel]:
        row, is_new = record_reading(work, caller, device_id, _reading(body))
        return (201 if is_new else 200), observation_model(row)

    return answer_once(request, work, caller, body, produce)


@router.get(
    "/{device_id}/observations",
    response_model=ObservationsModel,
    responses=errors(400, 404, 422),
)
def list_observations(
    device_id: str,
    caller: DevicesRead,
    work: Work,
    services: AllServices,
    since: Since = None,
    mdc_code: Annotated[str | None, Query(max_length=80)] = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """What a device measured, by time; waveforms are in the encounter's bundle."""
    devices.device(work, caller, device_id)
    rows = queries.device_series(
        work,
        caller,
        device_id,
        since=parse_since(since),
        type_cf=None if mdc_code is None else parse_mdc_code(mdc_code).cf_code,
        after=_position(services, caller, cursor),
        limit=limit + 1,
    )
    audit.record(work, caller, "read", "observations", device_id)
    page = rows[:limit]
    following = None
    if len(rows) > limit:
        last = page[-1]
        following = services.cursors.encode(
            caller, _SERIES, [last.observed_at.isoformat(), last.row_id]
        )
    document = ObservationsModel(
        observations=[observation_model(row) for row in page], next_cursor=following
    )
    return exact_json(document.model_dump(exclude_none=True))


def _position(
    services: AllServices, caller: DevicesRead, cursor: str | None
) -> queries.Position | None:
    if cursor is None:
        return None
    at, row_id = services.cursors.decode(caller, _SERIES, cursor)
    return queries.Position(datetime.fromisoformat(str(at)), int(row_id))


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


def _reading(body: ObservationRequest) -> NewReading:
    single = None
    if body.value is not None and body.unit_code is not None:
        single = NewValue(mdc_code=body.mdc_code, value=body.value, unit_code=body.unit_code)
    return NewReading(
        mdc_code=body.mdc_code,
        single=single,
        components=tuple(
            NewValue(mdc_code=item.mdc_code, value=item.value, unit_code=item.unit_code)
            for item in body.components
        ),
        encounter_id=body.encounter_id,
        observed_at=body.observed_at,
        sequence=body.sequence,
        status=body.status,
    )
