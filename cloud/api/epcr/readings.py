"""Readings without an encounter, moves and their history, encounters that change vehicle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from cloud.api.epcr.device_answers import code_name, unit_name
from cloud.api.epcr.encounter_answers import encounter_model
from cloud.api.epcr.encounter_models import EncounterModel
from cloud.api.epcr.reading_models import (
    MovedDeviceModel,
    MoveModel,
    MoveRequest,
    MovesModel,
    StretchModel,
    UnlinkedReadingsModel,
    ValueModel,
    VehicleRequest,
    WaitingKindModel,
)
from cloud.api.shared.authentication import EpcrRead, EpcrWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, Since, page_json, parse_since
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters import rebinding
from cloud.core.encounters.placement_tables import ReadingMoveRow
from cloud.core.encounters.tray import Kind, Stretch, Tray, TrayFilter
from cloud.core.encounters.vehicle_change import change_vehicle
from cloud.core.encounters.waiting import ADVICE, Waits
from cloud.core.kernel import audit
from cloud.core.observations.tables import ObservationRow

router = APIRouter(prefix="/api/v1/epcr", tags=["Readings"], route_class=StrictRoute)

_TRAY: Final = "unlinked-readings"
_MOVES: Final = "reading-moves"
_A_DAY: Final = timedelta(days=1)
_AHEAD: Final = timedelta(minutes=5)


@router.get("/unlinked-readings", response_model=UnlinkedReadingsModel, responses=errors(400, 422))
def list_unlinked(
    caller: EpcrRead,
    work: Work,
    services: AllServices,
    vehicle_id: Annotated[str | None, Query(max_length=64)] = None,
    device_id: Annotated[str | None, Query(max_length=80)] = None,
    reason: Waits | None = None,
    since: Since = None,
    until: Since = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """What belongs to no encounter, by stretches, with why it waits; the last day unless told."""
    end = parse_since(until) or work.now + _AHEAD
    wanted = TrayFilter(
        since=parse_since(since) or end - _A_DAY,
        until=end,
        vehicle_id=vehicle_id,
        device_id=device_id,
        reason=None if reason is None else reason.value,
    )
    after = int(services.cursors.decode(caller, _TRAY, cursor)[0]) if cursor is not None else 0
    found = Tray(work, caller).stretches(wanted, after=after, limit=limit + 1)
    following = None
    if len(found) > limit:
        following = services.cursors.encode(caller, _TRAY, [after + limit])
    document = UnlinkedReadingsModel(
        stretches=[_stretch(one) for one in found[:limit]],
        since=wanted.since,
        until=wanted.until,
        next_cursor=following,
    )
    return page_json(document)


@router.post(
    "/reading-moves",
    status_code=201,
    response_model=MoveModel,
    responses=errors(400, 404, 409, 413, 415, 422),
)
def move_readings(request: Request, body: MoveRequest, caller: EpcrWrite, work: Work) -> Response:
    """Link what waits to an encounter, move it from one to another, or let it wait again."""

    def produce() -> tuple[int, MoveModel]:
        moved = rebinding.move_readings(
            work,
            caller,
            rebinding.Move(
                from_encounter_id=body.from_encounter_id,
                to_encounter_id=body.to_encounter_id,
                since=body.since,
                until=body.until,
                reason=body.reason,
                device_ids=body.device_ids,
                vehicle_id=body.vehicle_id,
            ),
        )
        return 201, _move(moved.rows)

    return answer_once(request, work, caller, body, produce)


@router.get("/reading-moves", response_model=MovesModel, responses=errors(400, 422))
def list_moves(
    caller: EpcrRead,
    work: Work,
    services: AllServices,
    encounter_id: Annotated[str | None, Query(max_length=80)] = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """What was moved, by whom and why; of one encounter what came to it and what left it."""
    before = int(services.cursors.decode(caller, _MOVES, cursor)[0]) if cursor is not None else 0
    groups = rebinding.moves_of(work, caller, encounter_id, before=before, limit=limit + 1)
    following = None
    if len(groups) > limit:
        following = services.cursors.encode(caller, _MOVES, [groups[limit - 1][0].row_id])
    audit.record(work, caller, "list", "reading-moves", encounter_id or "*")
    document = MovesModel(moves=[_move(one) for one in groups[:limit]], next_cursor=following)
    return page_json(document)


@router.post(
    "/encounters/{encounter_id}/vehicle",
    response_model=EncounterModel,
    responses=errors(400, 404, 409, 413, 415, 422),
)
def move_encounter(
    request: Request, encounter_id: str, body: VehicleRequest, caller: EpcrWrite, work: Work
) -> Response:
    """Let an encounter go on in another vehicle; both vehicles' gateways are told."""

    def produce() -> tuple[int, EncounterModel]:
        row = change_vehicle(
            work, caller, encounter_id, body.vehicle_id, at=body.at, reason=body.reason or ""
        )
        return 200, encounter_model(row)

    return answer_once(request, work, caller, body, produce)


def _stretch(one: Stretch) -> StretchModel:
    kinds = sorted(one.kinds.values(), key=lambda kind: kind.type_cf)
    return StretchModel(
        vehicle_id=one.vehicle_id,
        device_id=one.device_id,
        since=one.since,
        until=one.until,
        reason=one.reason,
        advice=ADVICE[one.reason],
        observations=sum(kind.count for kind in kinds if not kind.samples),
        waveforms=sum(kind.count for kind in kinds if kind.samples),
        candidates=list(one.candidates),
        kinds=[_kind(kind) for kind in kinds],
    )


def _kind(kind: Kind) -> WaitingKindModel:
    return WaitingKindModel(
        mdc_code=code_name(kind.type_cf),
        count=kind.count,
        samples=kind.samples or None,
        first=_value(kind.first),
        last=_value(kind.last),
    )


def _value(row: ObservationRow | None) -> ValueModel | None:
    if row is None:
        return None
    return ValueModel(
        at=row.observed_at,
        value=row.value,
        unit_code=None if row.unit_term is None else unit_name(row.unit_term),
        text=None if row.code_cf is None else code_name(row.code_cf),
    )


def _move(rows: Sequence[ReadingMoveRow]) -> MoveModel:
    first = rows[0]
    return MoveModel(
        id=first.move_id,
        from_encounter_id=first.from_encounter_id,
        to_encounter_id=first.to_encounter_id,
        since=first.since,
        until=first.until,
        reason=first.reason,
        by=first.by,
        at=first.at,
        observations=sum(row.observations for row in rows),
        waveforms=sum(row.waveforms for row in rows),
        devices=[
            MovedDeviceModel(
                device_id=row.device_id,
                vehicle_id=row.vehicle_id,
                observations=row.observations,
                waveforms=row.waveforms,
            )
            for row in rows
        ],
    )
