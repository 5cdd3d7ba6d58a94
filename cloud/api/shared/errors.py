"""Every error's voice: JSON as the address's contract has it, OperationOutcome on FHIR paths."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from cloud.api.shared import accept
from cloud.api.shared.answers import FHIR_MEDIA_TYPE, JSON_MEDIA_TYPE, exact_json
from cloud.api.shared.sandbox_host import reason_header
from cloud.api.shared.tracing import trace_of
from cloud.api.shared.unknown_paths import allow_of
from cloud.api.shared.voices import error_body, speaks_fixed_json
from cloud.core.kernel.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidError,
    MalformedError,
    NotFoundError,
    ProofRefusedError,
    QueryRefusedError,
    ThrottledError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
)
from cloud.core.kernel.work import StorageConflictError, StorageFaultError
from cloud.fhir.outcome import operation_outcome

LOG: Final = logging.getLogger("vitalwire.api")

FHIR_PATH: Final = "/fhir/"
_FHIR_PATH_ENDS: Final = ("/fhir-bundle", "/fhir-document")
CLIENT_GONE: Final = 499
"""In our own log and metrics only: nobody is there to receive it."""

STATUS: Final[Mapping[str, int]] = {
    "structure": 400,
    "login": 401,
    "forbidden": 403,
    "not-found": 404,
    "conflict": 409,
    "duplicate": 409,
    "expired": 410,
    "too-long": 413,
    "not-supported": 415,
    "invalid": 422,
    "business-rule": 422,
    "throttled": 429,
    "exception": 500,
    "transient": 503,
}

_BY_STATUS: Final[Mapping[int, tuple[type[DomainError], str, str]]] = {
    400: (MalformedError, "bad_request", "Send a request this path understands."),
    404: (NotFoundError, "not_found", "There is nothing at this address."),
    406: (UnsupportedError, "not_acceptable", "Accept application/json, or what the path offers."),
    405: (UnsupportedError, "method_not_allowed", "Use a method this address allows."),
    412: (
        ConflictError,
        "precondition_failed",
        "Read it again: it is no longer as If-Match says.",
    ),
    428: (ConflictError, "precondition_required", "Send If-Match with the version you saw."),
    413: (TooLargeError, "body_too_large", "Send a smaller body."),
    415: (UnsupportedError, "unsupported_media_type", "Send application/json."),
}


def status_of(error: DomainError) -> int:
    """The status of an error: a search that is refused is a bad request, whatever was wrong."""
    return 400 if isinstance(error, QueryRefusedError) else STATUS[error.code]


class BodyRefusedError(HTTPException):
    """A body that is not what the route takes; carries the domain error to answer with."""

    def __init__(self, error: DomainError) -> None:
        self.error = error
        super().__init__(status_of(error))


def is_fhir_path(path: str) -> bool:
    """Whether an address speaks FHIR whatever its caller accepts, in its errors too."""
    return path.startswith(FHIR_PATH) or path.endswith(_FHIR_PATH_ENDS)


def wants_fhir(request: Request) -> bool:
    """Whether the caller speaks FHIR here: by path, by `format`, or by Accept."""
    if is_fhir_path(request.url.path):
        return True
    if request.query_params.get("format") == "fhir":
        return True
    header = accepted(request)
    return accept.names(header, FHIR_MEDIA_TYPE) and (
        accept.quality(header, FHIR_MEDIA_TYPE) >= accept.quality(header, JSON_MEDIA_TYPE)
    )


def accepted(request: Request) -> str:
    """What the request's Accept headers say together."""
    return ",".join(request.headers.getlist("accept"))


def render(request: Request, error: DomainError, *, status: int | None = None) -> Response:
    """The response of a domain error in the dialect of the request."""
    request_id = str(getattr(request.state, "request_id", ""))
    code = status or status_of(error)
    headers = _headers(error)
    path = request.url.path
    if wants_fhir(request) and not speaks_fixed_json(path):
        outcome = operation_outcome(
            error.code, error.reason, error.message, request_id, details=error.details
        )
        return exact_json(outcome, status=code, media_type=FHIR_MEDIA_TYPE, headers=headers)
    body = error_body(path, error, request_id, trace_of(request))
    return exact_json(body, status=code, headers=headers)


def _headers(error: DomainError) -> dict[str, str]:
    if isinstance(error, UnauthenticatedError):
        scheme = "DPoP" if isinstance(error, ProofRefusedError) else "Bearer"
        challenge = f'{scheme} realm="vitalwire"'
        if error.token_sent:
            challenge += f', error="{error.reason}"'
        return {"WWW-Authenticate": challenge}
    if isinstance(error, ForbiddenError) and (rule := reason_header(error)):
        return rule
    if error.reason == "insufficient_scope":
        wanted = error.details.get("required", "")
        scope = " ".join(wanted) if isinstance(wanted, list) else str(wanted)
        return {
            "WWW-Authenticate": 'Bearer realm="vitalwire", error="insufficient_scope", '
            f'scope="{scope}"'
        }
    if isinstance(error, (UnavailableError, ThrottledError)):
        return {"Retry-After": str(error.retry_after)}
    return {}


def install(app: FastAPI) -> None:
    """Give every kind of failure its answer."""
    app.add_exception_handler(DomainError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(StorageFaultError, _on_storage_fault)
    app.add_exception_handler(StorageConflictError, _on_storage_conflict)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_fault)


async def _on_domain_error(request: Request, exc: Exception) -> Response:
    if not isinstance(exc, DomainError):
        raise exc
    return render(request, exc)


async def _on_validation(request: Request, exc: Exception) -> Response:
    """Field errors: names and rules, never the values that were sent."""
    if not isinstance(exc, RequestValidationError):
        raise exc
    fields = [
        {"field": ".".join(str(part) for part in item["loc"]), "rule": str(item["type"])}
        for item in exc.errors()
    ]
    if any(item["rule"] == "json_invalid" for item in fields):
        return render(request, MalformedError("malformed_json", "Send valid JSON."))
    return render(
        request,
        InvalidError(
            "invalid_request",
            "Correct the fields in details.fields.",
            details={"fields": fields},
        ),
    )


async def _on_http(request: Request, exc: Exception) -> Response:
    if isinstance(exc, BodyRefusedError):
        return render(request, exc.error)
    if not isinstance(exc, HTTPException):
        raise exc
    kind, reason, message = _BY_STATUS.get(
        exc.status_code, (MalformedError, "bad_request", "Send a request this path understands.")
    )
    response = render(request, kind(reason, message), status=exc.status_code)
    for name, value in (exc.headers or {}).items():
        response.headers[name] = value
    if exc.status_code == 405 and (allowed := allow_of(request)):
        response.headers["Allow"] = allowed
    return response


async def _on_storage_fault(request: Request, exc: Exception) -> Response:
    LOG.error("event=storage_fault request_id=%s cause=%s", request.state.request_id, exc)
    return render(
        request,
        UnavailableError("storage_unavailable", "Nothing was kept. Try again in some seconds."),
    )


async def _on_storage_conflict(request: Request, exc: Exception) -> Response:
    LOG.warning("event=storage_conflict request_id=%s cause=%s", request.state.request_id, exc)
    return render(
        request, UnavailableError("write_conflict", "Nothing was kept. Try again.", retry_after=1)
    )


async def _on_disconnect(request: Request, _exc: Exception) -> Response:
    """A client that hung up while it sent: no fault of ours, and nobody hears the answer."""
    LOG.info("event=client_gone request_id=%s", request.state.request_id)
    return Response(status_code=CLIENT_GONE)


async def _on_fault(request: Request, exc: Exception) -> Response:
    LOG.error(
        "event=fault request_id=%s kind=%s",
        getattr(request.state, "request_id", ""),
        type(exc).__name__,
        exc_info=exc,
    )
    return render(request, DomainError("internal_error", "Report the request id to the operator."))
