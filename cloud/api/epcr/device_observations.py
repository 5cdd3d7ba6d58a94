"""What devices measured: send one reading or many, read the series back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from cloud.api.epcr.device_answers import observation_model
from cloud.api.epcr.device_models import (
    BatchModel,
    BatchRequest,
    ObservationModel,
    ObservationRequest,
    ObservationsModel,
    VerdictModel,
)
from cloud.api.shared.authentication import DevicesRead, DevicesWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.errors import STATUS
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, Since, page_json, parse_since
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.devices import service as devices
from cloud.core.encounters.reading_checks import (
    NewReading,
    NewValue,
    NewWaveform,
    parse_mdc_code,
)
from cloud.core.encounters.readings import Verdict, record_reading, record_readings
from cloud.core.kernel import audit
from cloud.core.kernel.errors import InvalidError
from cloud.core.observations import queries

router = APIRouter(prefix="/api/v1/devices", tags=["Devices"], route_class=StrictRoute)

_SERIES: Final = "observations"
_WAVES: Final = "waveforms"
Kind = Annotated[
    Literal["numbers", "waveforms"],
    Query(description="`waveforms` for samples; `numbers` is everything else."),
]


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


@router.post(
    "/{device_id}/observations:batch",
    response_model=BatchModel,
    responses=errors(400, 404, 409, 413, 415, 422),
)
def send_observations(
    request: Request, device_id: str, body: BatchRequest, caller: DevicesWrite, work: Work
) -> Response:
    """Up to 500 readings, each with its own verdict; the same batch again changes nothing."""

    def produce() -> tuple[int, BatchModel]:
        read = [_parsed(one) for one in body.observations]
        verdicts = record_readings(work, caller, device_id, read)
        results = [_verdict(place, one) for place, one in enumerate(verdicts)]
        counts = [one.status for one in results]
        stored, repeated = counts.count(201), counts.count(200)
        return 200, BatchModel(
            stored=stored,
            repeated=repeated,
            refused=len(counts) - stored - repeated,
            results=results,
        )

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
    kind: Kind = "numbers",
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """What a device measured, by time, whether or not it belongs to an encounter."""
    devices.device(work, caller, device_id)
    is_wave = kind == "waveforms"
    name = _WAVES if is_wave else _SERIES
    series = queries.device_waveforms if is_wave else queries.device_series
    rows = series(
        work,
        caller,
        device_id,
        since=parse_since(since),
        type_cf=None if mdc_code is None else parse_mdc_code(mdc_code).cf_code,
        after=_position(services, caller, name, cursor),
        limit=limit + 1,
    )
    audit.record(work, caller, "read", "observations", device_id)
    page = rows[:limit]
    following = None
    if len(rows) > limit:
        last = page[-1]
        following = services.cursors.encode(
            caller, name, [last.observed_at.isoformat(), last.row_id]
        )
    document = ObservationsModel(
        observations=[observation_model(row, with_samples=is_wave) for row in page],
        next_cursor=following,
    )
    return page_json(document)


def _position(
    services: AllServices, caller: DevicesRead, name: str, cursor: str | None
) -> queries.Position | None:
    if cursor is None:
        return None
    at, row_id = services.cursors.decode(caller, name, cursor)
    return queries.Position(datetime.fromisoformat(str(at)), int(row_id))


def _parsed(raw: dict[str, Any]) -> NewReading | InvalidError:
    """A reading of a batch, or what a caller who sent it alone would have been told."""
    try:
        return _reading(ObservationRequest.model_validate(raw))
    except ValidationError as exc:
        fields = [
            {"field": ".".join(str(part) for part in item["loc"])[:80], "rule": item["type"]}
            for item in exc.errors(include_input=False, include_context=False)
        ]
        return InvalidError(
            "invalid_request",
            "Correct the fields in details.fields.",
            details={"fields": fields},
        )


def _verdict(place: int, verdict: Verdict) -> VerdictModel:
    refused, row = verdict.refused, verdict.row
    if row is None or refused is not None:
        error = refused or InvalidError("unstorable", "Send a value that can be kept.")
        return VerdictModel(
            index=place,
            status=STATUS[error.code],
            error=error.reason,
            message=error.message,
            details=error.details or None,
        )
    return VerdictModel(
        index=place,
        status=201 if verdict.is_new else 200,
        id=f"obs_{row.observation_id.hex}",
        encounter_id=row.encounter_id,
        flags=list(row.flags),
    )


def _reading(body: ObservationRequest) -> NewReading:
    single = wave = None
    if body.unit_code is not None and body.value is not None:
        single = NewValue(mdc_code=body.mdc_code, value=body.value, unit_code=body.unit_code)
    if body.unit_code is not None and body.waveform is not None:
        wave = NewWaveform(
            samples=body.waveform.samples,
            scale=body.waveform.scale,
            offset=body.waveform.offset,
            period_us=body.waveform.period_us,
            unit_code=body.unit_code,
        )
    return NewReading(
        mdc_code=body.mdc_code,
        single=single,
        components=tuple(
            NewValue(mdc_code=item.mdc_code, value=item.value, unit_code=item.unit_code)
            for item in body.components
        ),
        waveform=wave,
        encounter_id=body.encounter_id,
        observed_at=body.observed_at,
        sequence=body.sequence,
        status=body.status,
    )
