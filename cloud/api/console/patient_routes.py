"""One patient's page asks how the numbers went and who it is, and says that it knows.

The live stream is pseudonymised. What people wrote, and who the patient is, is asked for here by
those who may know it, and audited each time under its own name.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from cloud.api.console.records import identity_payload, pre_alert_words, record_payload
from cloud.api.console.trends import TYPES, trend_payload
from cloud.api.console.visits import BoardActor, BoardReader
from cloud.api.shared.answers import exact_json
from cloud.api.shared.handover_paper import paper
from cloud.api.shared.services import AllServices
from cloud.core.encounters import live
from cloud.core.encounters.finding import find
from cloud.core.encounters.handing_over import acknowledge
from cloud.core.encounters.projections import check_destination, note_read, project, sees_identity
from cloud.core.encounters.record import ActKind
from cloud.core.encounters.recorded import record_of
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ForbiddenError, MalformedError
from cloud.core.observations.trends import trend_points

router = APIRouter(tags=["Board"], include_in_schema=False)


class Acknowledgement(BaseModel):
    """Who says that the hospital knows."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    acknowledged_by: str = Field(min_length=1, max_length=80)


def plain_id(encounter_id: str) -> str:
    """An id that can be looked up: PostgreSQL compares none with a NUL in it."""
    if "\x00" in encounter_id:
        raise MalformedError("malformed_address", "Leave NUL out of the address.")
    return encounter_id


EncounterId = Annotated[str, Depends(plain_id)]


@router.get("/board/pre-alerts")
def pre_alerts(watcher: BoardReader, services: AllServices) -> Response:
    """What crews wrote ahead of those who come to the caller's facility, by encounter."""
    caller, found = watcher.principal, {}
    with services.database.begin(now=services.clock()) as work:
        for row in live.open_encounters(work, caller):
            if sees_identity(work, caller, row):
                alert = record_of(work, caller, row).newest(ActKind.PRE_ALERT)
                if alert is not None:
                    found[row.encounter_id] = pre_alert_words(alert)
        if found:
            audit.record(work, caller, "read-identified", "encounter", "pre-alerts")
    return exact_json({"pre_alerts": found})


@router.get("/board/{encounter_id}/trends")
def trends(encounter_id: EncounterId, watcher: BoardReader, services: AllServices) -> Response:
    """Every number the charts show, since the encounter began."""
    # Not audited: whoever opened the page is, once, and sees nothing here that is not on it.
    with services.database.reading(now=services.clock()) as work:
        find(work, watcher.principal, encounter_id)
        points = trend_points(work, watcher.principal, encounter_id, TYPES)
    return exact_json(trend_payload(points))


@router.get("/board/{encounter_id}/identified")
def identified(encounter_id: EncounterId, watcher: BoardReader, services: AllServices) -> Response:
    """Who it is and what people wrote, where the patient comes to the caller's facility."""
    caller = watcher.principal
    with services.database.begin(now=services.clock()) as work:
        row = find(work, caller, encounter_id)
        if not sees_identity(work, caller, row):
            raise ForbiddenError(
                "not_the_destination", "Who it is, is told at the facility it is brought to."
            )
        projection = project(work, services.vault, caller, row)
        note_read(work, caller, row, is_identified=True)
    identity = projection.identity
    return exact_json(
        {
            "identity": None if identity is None else identity_payload(identity),
            "received_by": row.received_by or "",
            "record": record_payload(projection.record),
        }
    )


@router.get("/board/{encounter_id}/handover.pdf")
def printout(encounter_id: EncounterId, watcher: BoardReader, services: AllServices) -> Response:
    """The handover on paper, by the print button."""
    return paper(services, watcher.principal, encounter_id)


@router.post("/board/{encounter_id}/acknowledgement")
def acknowledgement(
    encounter_id: EncounterId, body: Acknowledgement, caller: BoardActor, services: AllServices
) -> Response:
    """The hospital knows: of who comes, or that it has taken the patient over."""
    with services.database.begin(now=services.clock()) as work:
        row = find(work, caller, encounter_id)
        check_destination(work, caller, row)
        acknowledge(work, caller, encounter_id, acknowledged_by=body.acknowledged_by)
    return exact_json({"acknowledged_by": body.acknowledged_by})
