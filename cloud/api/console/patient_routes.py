"""One patient's page asks: how the numbers went; and says: I have taken the patient over."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from cloud.api.console.trends import TYPES, trend_payload
from cloud.api.console.visits import BoardReader
from cloud.api.shared.answers import exact_json
from cloud.api.shared.services import AllServices
from cloud.core.encounters import service as encounters
from cloud.core.observations.trends import trend_points

router = APIRouter(tags=["Board"], include_in_schema=False)


@router.get("/board/{encounter_id}/trends")
def trends(encounter_id: str, watcher: BoardReader, services: AllServices) -> Response:
    """Every number the charts show, since the encounter began."""
    # Not audited: whoever opened the page is, once, and sees nothing here that is not on it.
    with services.database.reading(now=services.clock()) as work:
        encounters.find(work, watcher.principal, encounter_id)
        points = trend_points(work, watcher.principal, encounter_id, TYPES)
    return exact_json(trend_payload(points))
