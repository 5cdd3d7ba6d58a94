"""What every operation's documentation says alike: errors, headers, security."""

from __future__ import annotations

from typing import Any, Final, cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from cloud.api.shared.answers import FHIR_MEDIA_TYPE, JSON_MEDIA_TYPE
from cloud.api.shared.authentication import Requirement
from cloud.api.shared.contract import CONTRACT_VERSION, Ending, ending_of
from cloud.api.shared.errors import is_fhir_path
from cloud.api.shared.services import Services
from cloud.api.shared.strict_json import StrictRoute
from cloud.api.shared.told_events import told_events
from cloud.core.kernel.scopes import CATALOGUE


class ErrorModel(BaseModel):
    """Every error but FHIR's and OAuth's."""

    error: str = Field(examples=["unit_mismatch"])
    issue_type: str = Field(examples=["invalid"], description="A FHIR issue type.")
    message: str = Field(examples=["Send the unit as one of the UCUM codes this takes."])
    request_id: str = Field(examples=["bcae55c255df4b35807d986099895049"])
    details: dict[str, Any] | None = Field(default=None, examples=[{"allowed": ["/min"]}])


Responses = dict[int | str, dict[str, Any]]

_SENTENCES: Final = {
    400: "The request cannot be read",
    401: "No valid token",
    403: "The token lacks the scope, or names another tenant",
    404: "Absent, or another organisation's",
    406: "The caller takes no media type that is offered",
    409: "The state of the resource forbids it",
    428: "A change needs If-Match",
    410: "It was erased",
    412: "It is no longer as If-Match says",
    413: "The body is too large",
    415: "Not application/json",
    429: "Too many; Retry-After says when to try again",
    422: "A field breaks a rule; details say which",
    503: "The store is away; Retry-After says when to try again",
}


_OURS: Final = "#/components/schemas/ErrorModel"
_FRAMEWORKS: Final = "#/components/schemas/HTTPValidationError"
_PAGE: Final = "text/html"
_SHAPES: Final[dict[str, dict[str, str]]] = {
    JSON_MEDIA_TYPE: {"$ref": _OURS},
    FHIR_MEDIA_TYPE: {"$ref": "#/components/schemas/OperationOutcome"},
    _PAGE: {"type": "string"},
}
_OUTCOME: Final[dict[str, Any]] = {
    "type": "object",
    "description": "FHIR R4 OperationOutcome: one issue for each thing that is wrong.",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["severity", "code"],
                "properties": {
                    "severity": {"type": "string"},
                    "code": {"type": "string", "description": "A FHIR issue type."},
                    "details": {
                        "type": "object",
                        "properties": {"text": {"type": "string"}},
                    },
                    "diagnostics": {"type": "string"},
                    "expression": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}


def errors(*statuses: int) -> Responses:
    """The error answers of an operation, for `responses=`; 401 and 503 are always among them.

    By reference: a model would be made ready for validation once an answer of each operation, and
    nothing is validated by it.
    """
    shown = {JSON_MEDIA_TYPE: {"schema": _SHAPES[JSON_MEDIA_TYPE]}}
    return {
        status: {"description": _SENTENCES[status], "content": shown}
        for status in sorted({401, 403, 503, *statuses})
    }


def described(request: Request, services: Services) -> dict[str, Any]:
    """The document of the application behind a request, made once a process."""
    document = cast("dict[str, Any] | None", getattr(request.app.state, "openapi", None))
    if document is None:
        document = describe(request.app, f"{services.tokens.policy.issuer}/v1/oauth/token")
        request.app.state.openapi = document
    return document


def describe(app: FastAPI, token_url: str) -> dict[str, Any]:
    """The OpenAPI document, with each operation's scopes as alternatives."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        openapi_version=app.openapi_version,
    )
    scopes: set[str] = set()
    routers: tuple[APIRouter, ...] = app.state.surfaces
    for route in (route for router in routers for route in router.routes):
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        any_of = required_scopes(route.dependant)
        scopes.update(any_of)
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            if any_of:
                operation["security"] = [{"oauth2": [scope]} for scope in any_of]
            _tell_errors(route, operation, is_secured=bool(any_of))
            _tell_ending(operation, ending_of(route.path_format))
    document["webhooks"] = told_events()
    document["info"]["x-contract-version"] = CONTRACT_VERSION
    components = document.setdefault("components", {})
    schemas = components["schemas"]
    # The framework's own error shapes never leave this service.
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["ErrorModel"] = ErrorModel.model_json_schema()
    schemas["OperationOutcome"] = _OUTCOME
    told = {scope.name: scope.description for scope in CATALOGUE if scope.name in scopes}
    components["securitySchemes"] = {
        "oauth2": {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": told}},
        }
    }
    return document


def _tell_ending(operation: dict[str, Any], ending: Ending | None) -> None:
    if ending is not None:
        operation["deprecated"] = True
        operation["x-sunset"] = f"{ending.sunset_at:%Y-%m-%d}"


def _tell_errors(route: APIRoute, operation: dict[str, Any], *, is_secured: bool) -> None:
    """Every error an operation can answer with, in the shapes it answers in."""
    statuses = {503}
    if is_secured:
        statuses |= {400, 401, 403, 422}
    if isinstance(route, StrictRoute):
        statuses.add(406)
    responses = operation["responses"]
    declared = {int(status) for status in responses if status.isdigit() and int(status) >= 400}
    formats = [JSON_MEDIA_TYPE]
    success: dict[str, Any] = next(
        (responses[status] for status in ("200", "201") if status in responses), {}
    )
    if is_fhir_path(route.path_format):
        formats = [FHIR_MEDIA_TYPE]
    elif FHIR_MEDIA_TYPE in success.get("content", {}):
        formats = [JSON_MEDIA_TYPE, FHIR_MEDIA_TYPE]
    elif _PAGE in success.get("content", {}):
        formats = [_PAGE]
    for status in sorted(statuses | declared):
        answer = responses.setdefault(str(status), {})
        is_frameworks = _FRAMEWORKS in str(answer.get("content"))
        if status not in declared or is_frameworks or _OURS in str(answer.get("content")):
            answer["description"] = _SENTENCES[status]
            answer["content"] = {one: {"schema": _SHAPES[one]} for one in formats}


def required_scopes(dependant: Dependant) -> tuple[str, ...]:
    """The scopes any one of which an operation asks for; empty when it asks for none."""
    if isinstance(dependant.call, Requirement):
        return dependant.call.any_of
    for inner in dependant.dependencies:
        found = required_scopes(inner)
        if found:
            return found
    return ()
