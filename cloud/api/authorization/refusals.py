"""OAuth's errors as it wants them (RFC 6749, 5.2)."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cloud.api.authorization.forms import caller_of
from cloud.api.shared.answers import exact_json
from cloud.api.shared.services import Services
from cloud.core.authorization.refusals import GrantError
from cloud.core.authorization.token_endpoint import record_unread

NEVER_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def refusal(request: Request, error: GrantError) -> Response:
    """400, or 401 for a client that proved nothing, with the challenge of the way it tried."""
    status = 401 if error.is_unauthenticated else 400
    headers = dict(NEVER_KEPT)
    if status == 401 and "authorization" in request.headers:
        headers["WWW-Authenticate"] = 'Basic realm="vitalwire"'
    body = {"error": error.error, "error_description": error.description}
    return exact_json(body, status=status, headers=headers)


async def refused_unread(
    request: Request, services: Services, action: str, error: GrantError
) -> Response:
    """The refusal of a form nobody got to read to its end; it is audited as `action`."""
    caller = caller_of(request)
    await run_in_threadpool(record_unread, services.database, services.clock, caller, action, error)
    return refusal(request, error)
