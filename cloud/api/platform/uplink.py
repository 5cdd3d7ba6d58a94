"""The gateway's second way in: a batch over HTTPS, the acknowledgement as the answer."""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cloud.api.shared.authentication import GatewayUplink
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices, Services
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.errors import ForbiddenError, MalformedError, UnsupportedError
from cloud.core.kernel.principal import Principal
from protocols.errors import DecodeError
from protocols.uplink.channels import (
    HTTP_BATCHES_PATH,
    MEDIA_TYPE_BINARY,
    MEDIA_TYPE_COMPACT,
    MEDIA_TYPE_JSON,
)
from protocols.uplink.codec import decode_batch_json, encode_ack, encode_ack_json, read_batch
from protocols.uplink.messages import UplinkBatch

router = APIRouter(tags=["Uplink"])

LOG: Final = logging.getLogger("vitalwire.uplink")
WAY: Final = "https"
_MEDIA_TYPES: Final = (MEDIA_TYPE_COMPACT, MEDIA_TYPE_BINARY, MEDIA_TYPE_JSON)
_OCTETS: Final = {"schema": {"type": "string", "format": "binary"}}
_DOCUMENTED: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            MEDIA_TYPE_COMPACT: _OCTETS,
            MEDIA_TYPE_BINARY: _OCTETS,
            MEDIA_TYPE_JSON: {"schema": {"type": "array"}},
        },
    }
}


@router.post(
    HTTP_BATCHES_PATH,
    openapi_extra=_DOCUMENTED,
    response_class=Response,
    responses={
        200: {
            "description": "The acknowledgement: every row not rejected is durable",
            "content": {MEDIA_TYPE_BINARY: _OCTETS},
        },
        **errors(400, 413, 415),
    },
)
async def send_batch(request: Request, caller: GatewayUplink, services: AllServices) -> Response:
    """Store a batch of the caller's own gateway; the answer leaves after the commit."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _MEDIA_TYPES:
        raise UnsupportedError("unsupported_media_type", f"Send {MEDIA_TYPE_COMPACT}.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedError("unsupported_encoding", "Send the batch without compression.")
    octets = await request.body()
    return await run_in_threadpool(_record, services, caller, octets, media_type)


def _record(services: Services, caller: Principal, octets: bytes, media_type: str) -> Response:
    if caller.gateway_id is None:
        raise ForbiddenError("not_a_gateway", "Send batches with a gateway's own token.")
    came_ns = time.time_ns()
    batch = _decode(services, caller, octets, media_type)
    decoded_ns = time.time_ns()
    with services.database.begin(now=services.clock()) as work:
        ack = record_uplink(work, caller, batch)
    services.ingest_metrics.recorded(WAY, batch, ack, services.clock())
    services.traces.recorded(
        WAY, batch, came_ns=came_ns, decoded_ns=decoded_ns, committed_ns=time.time_ns()
    )
    if media_type == MEDIA_TYPE_JSON:
        return Response(encode_ack_json(ack), media_type=MEDIA_TYPE_JSON)
    return Response(encode_ack(ack), media_type=MEDIA_TYPE_BINARY)


def _decode(services: Services, caller: Principal, octets: bytes, media_type: str) -> UplinkBatch:
    try:
        if media_type == MEDIA_TYPE_JSON:
            return decode_batch_json(octets)
        return read_batch(octets, gateway_id=caller.gateway_id or "")
    except DecodeError as exc:
        services.ingest_metrics.refused(WAY, "undecodable_batch")
        LOG.warning("event=undecodable_batch gateway=%s octets=%d", caller.gateway_id, len(octets))
        raise MalformedError(
            "undecodable_batch", "Send a batch of the uplink contract, version 1 or 2."
        ) from exc
