"""What happened to an encounter, in the order of time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, cast

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from cloud.api.epcr.device_answers import code_name
from cloud.api.shared.authentication import EpcrSee
from cloud.api.shared.documentation import errors
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, PageByTime, page_json
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters.timeline import READING, Entry, timeline

router = APIRouter(prefix="/api/v1/epcr/encounters", tags=["Encounters"], route_class=StrictRoute)
_LIST: Final = "timeline"


class TimelineEntryModel(BaseModel):
    """One thing that happened.

    `what` is the act's kind, the path that was told, the crew's deed, or what a device measured:
    the first and the last reading of each type.
    """

    id: str
    at: datetime
    source: Literal["act", "change", "crew", "reading"]
    what: str
    by: str | None = None
    data: dict[str, Any] | None = None


class TimelineModel(BaseModel):
    """A page of what happened, oldest first; `next_cursor` is null at the end."""

    entries: list[TimelineEntryModel]
    next_cursor: str | None = None


@router.get(
    "/{encounter_id}/timeline", response_model=TimelineModel, responses=errors(400, 404, 410, 422)
)
def get_timeline(
    encounter_id: str,
    caller: EpcrSee,
    work: Work,
    services: AllServices,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Acts, changes, deeds of the crew and readings; what people wrote, at the destination only."""
    wanted = PageByTime(services.cursors, caller, f"{_LIST} {encounter_id}", limit, cursor)
    entries = timeline(work, caller, encounter_id, after=wanted.after(), limit=limit + 1)
    page = wanted.of(entries, lambda entry: entry.place)
    document = TimelineModel(
        entries=[_entry(entry) for entry in page.items], next_cursor=page.next_cursor
    )
    return page_json(document)


def _entry(entry: Entry) -> TimelineEntryModel:
    is_reading = entry.source == READING
    return TimelineEntryModel(
        id=entry.entry_id,
        at=entry.at,
        source=cast("Any", entry.source),
        what=code_name(int(entry.what)) if is_reading else entry.what,
        by=entry.by or None,
        data=dict(entry.data) or None,
    )
