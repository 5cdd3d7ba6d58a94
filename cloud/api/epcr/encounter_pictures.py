"""Photographs and signatures of an encounter, as octets."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from cloud.api.shared.authentication import EpcrHandover
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters.attachments import read_picture
from cloud.core.encounters.signatures import UNKNOWN_TYPE

router = APIRouter(prefix="/api/v1/epcr/encounters", tags=["Encounters"], route_class=StrictRoute)
_OCTETS: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_PICTURE: Final[dict[str, Any]] = {
    "description": "The picture as it was taken",
    "content": dict.fromkeys(("image/png", "image/jpeg", UNKNOWN_TYPE), _OCTETS),
}


@router.get(
    "/{encounter_id}/attachments/{attachment_id}",
    response_class=Response,
    responses={200: _PICTURE, **errors(404, 409, 410, 422)},
)
def get_picture(
    encounter_id: str, attachment_id: UUID, caller: EpcrHandover, work: Work
) -> Response:
    """For applications of the facility the patient is brought to. It is never to be shown as a
    page: what its octets are decides what it is called.
    """
    picture = read_picture(work, caller, encounter_id, attachment_id)
    return Response(
        picture.octets,
        media_type=picture.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{attachment_id}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
