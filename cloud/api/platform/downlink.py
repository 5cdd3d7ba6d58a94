"""The way down over HTTPS: a gateway asks for its commands and waits, and posts its answers."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cloud.api.shared.authentication import GatewayUplink
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices, Services
from cloud.core.devices.answers import take_answer
from cloud.core.devices.commands import claim_due, has_due
from cloud.core.kernel.errors import ForbiddenError, MalformedError, UnsupportedError
from cloud.core.kernel.principal import Principal
from protocols.errors import DecodeError
from protocols.uplink.answer_codec import decode_answer
from protocols.uplink.channels import HTTP_ANSWERS_PATH, HTTP_COMMANDS_PATH, MEDIA_TYPE_BINARY
from protocols.uplink.command_codec import encode_commands

router = APIRouter(tags=["Uplink"])

LOG: Final = logging.getLogger("vitalwire.uplink")
WAY: Final = "https"
LOOK_EVERY: Final = 0.5
LONGEST_WAIT: Final = 30
_OCTETS: Final = {"schema": {"type": "string", "format": "binary"}}
_ANSWER_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {MEDIA_TYPE_BINARY: _OCTETS}}
}


@router.get(
    HTTP_COMMANDS_PATH,
    response_class=Response,
    responses={
        200: {
            "description": "Commands for the caller's own gateway",
            "content": {MEDIA_TYPE_BINARY: _OCTETS},
        },
        204: {"description": "Nothing came up to the end of the wait"},
        **errors(400, 422),
    },
)
async def get_commands(
    caller: GatewayUplink,
    services: AllServices,
    wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait.")] = 0,
) -> Response:
    """What is due to the caller; with `wait` the answer is held back until something is."""
    _check(caller)
    until = asyncio.get_running_loop().time() + wait
    while True:
        commands = await run_in_threadpool(_due, services, caller)
        if commands:
            services.fleet_metrics.sent.labels(WAY).inc(len(commands))
            return Response(encode_commands(commands), media_type=MEDIA_TYPE_BINARY)
        left = until - asyncio.get_running_loop().time()
        if left <= 0:
            return Response(status_code=204)
        await asyncio.sleep(min(LOOK_EVERY, left))


@router.post(
    HTTP_ANSWERS_PATH,
    status_code=204,
    openapi_extra=_ANSWER_BODY,
    response_class=Response,
    responses=errors(400, 413, 415),
)
async def send_answer(request: Request, caller: GatewayUplink, services: AllServices) -> Response:
    """Take an answer, a report or an enrolment of the caller's own gateway; 204 once durable."""
    _check(caller)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE_BINARY:
        raise UnsupportedError("unsupported_media_type", f"Send {MEDIA_TYPE_BINARY}.")
    return await run_in_threadpool(_take, services, caller, await request.body())


def _check(caller: Principal) -> None:
    if caller.gateway_id is None:
        raise ForbiddenError("not_a_gateway", "Ask with a gateway's own token.")


def _due(services: Services, caller: Principal) -> tuple[bytes, ...]:
    with services.database.reading(now=services.clock()) as work:
        if not has_due(work, gateway=caller):
            return ()
    with services.database.begin(now=services.clock()) as work:
        return tuple(one.octets for one in claim_due(work, gateway=caller))


def _take(services: Services, caller: Principal, octets: bytes) -> Response:
    try:
        answer = decode_answer(octets)
    except DecodeError as exc:
        services.fleet_metrics.answers.labels(WAY, "undecodable_answer").inc()
        LOG.warning("event=undecodable_answer gateway=%s octets=%d", caller.gateway_id, len(octets))
        raise MalformedError(
            "undecodable_answer", "Send an answer of the uplink contract, version 1."
        ) from exc
    with services.database.begin(now=services.clock()) as work:
        outcome = take_answer(work, services.vault, caller, answer)
    services.fleet_metrics.answers.labels(WAY, outcome).inc()
    return Response(status_code=204)
