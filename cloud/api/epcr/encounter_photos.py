"""Photographs of an encounter, sent as octets by the crew's devices."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cloud.api.epcr.change_models import DeviceId
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import EpcrWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices
from cloud.api.shared.strict_json import StrictRoute, Timestamp
from cloud.core.encounters.photographs import SentPhotograph, keep_photograph
from cloud.core.encounters.pictures import JPEG, PNG
from cloud.core.encounters.record import Photograph
from cloud.core.kernel.errors import InvalidError, UnsupportedError

router = APIRouter(prefix="/api/v1/epcr/encounters", tags=["Encounters"], route_class=StrictRoute)

# RFC 9530, 2: a dictionary of byte sequences; one of its members has to be SHA-256.
_SHA_256: Final = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):")
_OCTETS: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_DOCUMENTED: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {JPEG: _OCTETS, PNG: _OCTETS}}
}


class SentPhotographModel(BaseModel):
    """What is kept: the picture without the camera's notes, so its digest may be another one."""

    photo_id: UUID
    attachment_id: UUID
    media_type: str
    octets: int
    sha256: str
    flags: list[str]


@router.post(
    "/{encounter_id}/photos",
    status_code=201,
    response_model=SentPhotographModel,
    openapi_extra=_DOCUMENTED,
    responses={200: {"model": SentPhotographModel}, **errors(400, 404, 409, 413, 415, 422)},
)
async def send_photo(
    request: Request,
    encounter_id: str,
    caller: EpcrWrite,
    services: AllServices,
    photo_id: UUID,
    device_id: Annotated[DeviceId, Query()],
    at: Timestamp,
    content_digest: Annotated[str, Header(max_length=512)],
    by: Annotated[str, Query(max_length=80)] = "",
    is_late: Annotated[
        bool, Query(alias="late", description="Keep it as an amendment after the handover.")
    ] = False,
) -> Response:
    """201 for a new photograph, 200 for one that is kept already (same id, same octets)."""
    sent = SentPhotograph(
        photo_id=photo_id,
        device_id=device_id,
        media_type=_media_type(request),
        octets=b"",
        sha256=_digest(content_digest),
        at=at,
        by=by,
        is_late=is_late,
    )
    sent = replace(sent, octets=await request.body())

    def kept() -> tuple[Photograph, bool]:
        with services.database.begin(now=services.clock()) as work:
            return keep_photograph(work, caller, encounter_id, sent)

    photograph, is_new = await run_in_threadpool(kept)
    document = SentPhotographModel(
        photo_id=photograph.item_id,
        attachment_id=photograph.attachment_id,
        media_type=photograph.media_type,
        octets=photograph.octets,
        sha256=photograph.sha256,
        flags=list(photograph.flags),
    )
    return exact_json(document.model_dump(mode="json"), status=201 if is_new else 200)


def _media_type(request: Request) -> str:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (JPEG, PNG):
        raise UnsupportedError("unsupported_media_type", f"Send {JPEG} or {PNG}.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedError("unsupported_encoding", "Send the picture without compression.")
    return media_type


def _digest(header: str) -> bytes:
    found = _SHA_256.search(header)
    try:
        return base64.b64decode(found[1] if found else "", validate=True)
    except binascii.Error as exc:
        raise InvalidError(
            "invalid_digest", "Send Content-Digest: sha-256=:...: in base64."
        ) from exc
