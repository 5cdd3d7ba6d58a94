"""POSTs that create: the same Idempotency-Key gives the same answer."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from cloud.api.shared.answers import JSON_MEDIA_TYPE
from cloud.core.kernel.exact_json import dumps
from cloud.core.kernel.idempotency import Answer, once
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

HEADER = "idempotency-key"
REPLAYED = "Idempotency-Replayed"


def answer_once(
    request: Request,
    work: UnitOfWork,
    caller: Principal,
    body: BaseModel | None,
    produce: Callable[[], tuple[int, BaseModel]],
    *,
    shown_once: frozenset[str] = frozenset(),
) -> Response:
    """The response of `produce` (status, document), or the one stored under the request's key.

    The members in `shown_once` are neither stored nor given again.
    """

    def answer() -> Answer:
        status, document = produce()
        whole = dumps(document.model_dump(exclude_none=True))
        if not shown_once:
            return Answer(status, whole)
        kept = document.model_dump(exclude_none=True, exclude=set(shown_once))
        return Answer(status, whole, kept=dumps(kept))

    given = once(
        work,
        caller,
        route=f"{request.method} {request.url.path}"[:160],
        key=request.headers.get(HEADER),
        request=b"" if body is None else body.model_dump_json().encode(),
        produce=answer,
    )
    headers = {}
    if given.replayed:
        headers[REPLAYED] = "true"
    if given.payload_differs:
        headers["Idempotency-Payload-Mismatch"] = "true"
    return Response(
        given.body, status_code=given.status, media_type=JSON_MEDIA_TYPE, headers=headers
    )
