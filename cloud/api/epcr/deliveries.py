"""What was told to hospitals: look at deliveries, and have them sent again."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from cloud.api.epcr.hospital_models import (
    DeliveriesModel,
    DeliveryDetailModel,
    DeliveryModel,
    DeliveryState,
    PlacedModel,
    ReplayRequest,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import EpcrRead, PlatformAdmin
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, page_json
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters.service import find as find_encounter
from cloud.core.exchange import deliveries
from cloud.core.exchange.causes import WAITING
from cloud.core.exchange.deliveries import DeliveryFilter
from cloud.core.exchange.tables import DeliveryRow

router = APIRouter(prefix="/api/v1/epcr", tags=["Hospitals"], route_class=StrictRoute)

_LIST: Final = "deliveries"
_MOST_OF_ENCOUNTER: Final = 200
Id = Annotated[str | None, Query(max_length=80)]


@router.get("/deliveries", response_model=DeliveriesModel, responses=errors(400, 422))
def list_deliveries(
    caller: PlatformAdmin,
    work: Work,
    services: AllServices,
    state: DeliveryState | None = None,
    connection_id: Id = None,
    encounter_id: Id = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The tenant's deliveries, newest first."""
    before = None
    if cursor is not None:
        before = int(services.cursors.decode(caller, _LIST, cursor)[0])
    wanted = DeliveryFilter(state=state, connection_id=connection_id, encounter_id=encounter_id)
    rows = deliveries.listing(work, caller, wanted, before=before, limit=limit + 1)
    following = None
    if len(rows) > limit:
        following = services.cursors.encode(caller, _LIST, [rows[limit - 1].row_id])
    document = DeliveriesModel(
        deliveries=[DeliveryModel(**_fields(row)) for row in rows[:limit]], next_cursor=following
    )
    return page_json(document)


@router.get("/deliveries/{delivery_id}", response_model=DeliveryDetailModel, responses=errors(404))
def get_delivery(
    delivery_id: str, caller: PlatformAdmin, work: Work, services: AllServices
) -> Response:
    """One delivery, what the hospital said, and where everything lies there."""
    row = deliveries.find(work, caller, delivery_id)
    document = DeliveryDetailModel(
        **_fields(row),
        words=deliveries.words_of(work, services.vault, caller, row) or None,
        placed=[
            PlacedModel(full_url=one.full_url, location=one.location, etag=one.etag or None)
            for one in deliveries.placed_by(work, row)
        ],
    )
    return exact_json(document.model_dump(exclude_none=True))


@router.post(
    "/deliveries/{delivery_id}/replay",
    response_model=DeliveryModel,
    responses=errors(400, 404, 409, 413, 415, 422),
)
def replay_delivery(
    request: Request, delivery_id: str, body: ReplayRequest, caller: PlatformAdmin, work: Work
) -> Response:
    """Have it sent again, whatever became of it before."""

    def produce() -> tuple[int, DeliveryModel]:
        row = deliveries.replay(work, caller, delivery_id, is_fresh=body.fresh)
        return 200, DeliveryModel(**_fields(row))

    return answer_once(request, work, caller, body, produce)


@router.get(
    "/encounters/{encounter_id}/deliveries",
    response_model=DeliveriesModel,
    responses=errors(404),
)
def list_deliveries_of_encounter(encounter_id: str, caller: EpcrRead, work: Work) -> Response:
    """Whether the hospital has it: for the crew and whoever follows the encounter."""
    find_encounter(work, caller, encounter_id)
    wanted = DeliveryFilter(encounter_id=encounter_id)
    rows = deliveries.listing(work, caller, wanted, before=None, limit=_MOST_OF_ENCOUNTER)
    document = DeliveriesModel(deliveries=[DeliveryModel(**_fields(row)) for row in rows])
    return exact_json(document.model_dump(exclude_none=True))


def _fields(row: DeliveryRow) -> dict[str, Any]:
    return {
        "id": row.delivery_id,
        "connection_id": row.connection_id,
        "encounter_id": row.encounter_id,
        "kind": row.kind,
        "state": row.state,
        "attempts": row.attempts,
        "parts": row.parts,
        "created_at": row.created_at,
        "due_at": row.due_at if row.state == WAITING else None,
        "attempted_at": row.attempted_at,
        "settled_at": row.settled_at,
        "response_status": row.response_status,
        "reason": row.reason or None,
    }
