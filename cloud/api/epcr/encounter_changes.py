"""Changes of an encounter by the crew's devices, who may have been without a network."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cloud.api.epcr.change_models import (
    ChangedModel,
    ChangeRequest,
    ChangesModel,
    ConflictModel,
    FlaggedModel,
    LostModel,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import EpcrWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.entity_tags import named_version, version_tag
from cloud.api.shared.pages import (
    FIRST_LIMIT,
    Cursor,
    Limit,
    PageByTime,
    Since,
    page_json,
    parse_since,
)
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters import changing
from cloud.core.encounters.taking import Change, Given
from cloud.core.kernel.errors import ConflictError

router = APIRouter(prefix="/api/v1/epcr/encounters", tags=["Encounters"], route_class=StrictRoute)

_LIST: Final = "encounter-changes"


@router.patch(
    "/{encounter_id}",
    response_model=ChangedModel,
    responses=errors(400, 404, 409, 412, 413, 415, 422),
)
def change_encounter(
    request: Request, encounter_id: str, body: ChangeRequest, caller: EpcrWrite, work: Work
) -> Response:
    """Merge a device's operations; all are kept or, where one may not be told, none is."""
    try:
        changed = changing.change(
            work,
            caller,
            encounter_id,
            change_of(body, caller.client_id),
            version=named_version(request),
            reason=body.reason or "",
        )
    except ConflictError as exc:
        if exc.reason == "version_differs":
            raise HTTPException(412) from exc
        raise
    return exact_json(
        changed_model(changed).model_dump(mode="json"),
        headers={"ETag": version_tag(changed.row.version)},
    )


@router.get(
    "/{encounter_id}/changes",
    response_model=ChangesModel,
    responses=errors(400, 404, 422),
)
def list_changes(
    encounter_id: str,
    caller: EpcrWrite,
    work: Work,
    services: AllServices,
    device_id: Annotated[str, Query(pattern=r"^[A-Za-z0-9._:@-]{1,80}$")],
    since: Since = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """What a device told that does not count, by the time it lost."""
    wanted = PageByTime(services.cursors, caller, _LIST, limit, cursor)
    standing = changing.lost_since(
        work,
        caller,
        encounter_id,
        device_id,
        since=parse_since(since),
        after=wanted.after(),
        limit=limit + 1,
    )
    page = wanted.of(standing.lost, lambda one: (one.changed_at, str(one.kept_as)))
    document = ChangesModel(
        superseded=[_lost(one) for one in page.items if not one.is_conflict],
        conflicts=[ConflictModel(op_id=one.op_id) for one in page.items if one.is_conflict],
        version=standing.row.version,
        vector=dict(standing.vector),
        next_cursor=page.next_cursor,
    )
    return page_json(document, mode="json")


def change_of(body: ChangeRequest, client_id: str) -> Change:
    """What the core is asked for by a change's body."""
    return Change(
        device_id=body.device_id,
        given=[
            Given(op_id=op.op_id, path=op.path, value=op.value, at=op.at, vector=op.vector)
            for op in body.ops
        ],
        by=client_id,
        sent_at=body.sent_at,
    )


def changed_model(changed: changing.Changed) -> ChangedModel:
    """The answer to a change."""
    return ChangedModel(
        applied=list(changed.applied),
        superseded=[_lost(one) for one in changed.superseded],
        conflicts=[ConflictModel(op_id=op_id) for op_id in changed.conflicts],
        flagged=[
            FlaggedModel(op_id=op_id, flags=list(flags)) for op_id, flags in changed.flags.items()
        ],
        version=changed.row.version,
        vector=dict(changed.vector),
    )


def _lost(lost: changing.Lost) -> LostModel:
    return LostModel(
        op_id=lost.op_id,
        winner_op_id=lost.winner_op_id,
        path=lost.path,
        changed_at=lost.changed_at,
    )
