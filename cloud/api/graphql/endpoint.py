"""The door: `POST /graphql`."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Request
from fastapi.openapi.models import Example
from pydantic import BaseModel
from starlette.responses import Response

from cloud.api.graphql.answers import GRAPHQL_MEDIA_TYPE, LOG, answer_to, refusal
from cloud.api.graphql.asking import Asking, Deadline
from cloud.api.graphql.calls import read_call
from cloud.api.graphql.running import UNKNOWN, Chosen, choose, names_tenant, run
from cloud.api.shared.authentication import TENANT_HEADER, on_platform
from cloud.api.shared.documentation import errors
from cloud.api.shared.graphql_errors import PATH
from cloud.api.shared.rate_limits import OPERATIONS
from cloud.api.shared.services import AllServices
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.kernel.errors import DomainError, MalformedError
from cloud.core.kernel.principal import Principal

router = APIRouter(tags=["GraphQL"], route_class=StrictRoute)

SECONDS: Final = 20.0
"""How long one operation may take in all."""


_EXAMPLES: Final[dict[str, Example]] = {
    "text": {
        "summary": "The text of an approved document",
        "value": {
            "query": "query($from: DateTime!, $to: DateTime!) { acqiMetrics(fromDate: $from, "
            "toDate: $to) { name value numerator denominator unit } }",
            "variables": {"from": "2026-04-01T00:00:00Z", "to": "2026-04-17T00:00:00Z"},
        },
    },
    "id": {
        "summary": "Its id alone",
        "value": {"documentId": "sha256:<64 hexadecimal digits>", "variables": {}},
    },
}


class TenantRequiredError(MalformedError):
    """The header is missing where an operation changes something or names a tenant."""

    def __init__(self) -> None:
        super().__init__("tenant_required", "Send X-Tenant-ID with this operation.")


class OperationError(BaseModel):
    """What went wrong. `extensions` has a `code` to act on, a `reason`, and the `traceId`."""

    message: str
    path: list[str | int] | None = None
    extensions: dict[str, Any]


class OperationErrors(BaseModel):
    """Why a request was refused before any operation was looked at."""

    errors: list[OperationError]


class OperationAnswer(BaseModel):
    """What came of an operation."""

    data: dict[str, Any] | None
    errors: list[OperationError] | None = None


_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    status: {**told, "model": OperationErrors}
    for status, told in errors(400, 406, 413, 415, 422, 429).items()
}


def _counted(
    request: Request, services: AllServices, caller: Annotated[Principal, Depends(on_platform)]
) -> None:
    """Count an operation of its client, whatever comes of it; ThrottledError."""
    services.limits.hit(request, OPERATIONS, caller.tenant_id, caller.client_id)


@router.post(
    PATH,
    response_model=OperationAnswer,
    responses=_REFUSED
    | {200: {"content": {GRAPHQL_MEDIA_TYPE: {}}, "description": "What came of the operation."}},
    summary="Run an approved operation",
    dependencies=[Depends(_counted)],
    # Which scopes it takes is the document's to say.
    openapi_extra={"security": [{"oauth2": []}]},
)
def run_operation(
    request: Request,
    caller: Annotated[Principal, Depends(on_platform)],
    services: AllServices,
    body: Annotated[Any, Body(openapi_examples=_EXAMPLES)],  # noqa: ANN401 - JSON has any shape
) -> Response:
    """`query` with an approved document's text, or its `documentId`, and `variables`.

    What was not approved is answered with `OPERATION_NOT_APPROVED` and never run.
    """
    call = read_call(body)
    trace_id = caller.trace_id or caller.request_id
    asking = Asking(caller, services, Deadline(time.monotonic() + SECONDS))
    name = UNKNOWN
    try:
        chosen = choose(asking, call)
        name = chosen.name
        _check_tenant_named(request, chosen)
        answer = answer_to(request, run(asking, call, chosen), trace_id)
    except TenantRequiredError:
        # The request is wrong, not the operation: its status says so whatever the caller accepts.
        raise
    except DomainError as exc:
        answer = refusal(request, exc, trace_id)
    services.operation_metrics.answered.labels(name, answer.code).inc()
    LOG.info("event=graphql operation=%s code=%s trace_id=%s", name, answer.code, trace_id)
    return answer.response


def _check_tenant_named(request: Request, chosen: Chosen) -> None:
    if names_tenant(chosen) and TENANT_HEADER not in request.headers:
        raise TenantRequiredError
