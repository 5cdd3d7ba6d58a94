"""What every operation's documentation says alike: errors, headers, security."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from cloud.api.shared.authentication import Requirement


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
    409: "The state of the resource forbids it",
    413: "The body is too large",
    415: "Not application/json",
    422: "A field breaks a rule; details say which",
    503: "The store is away; Retry-After says when to try again",
}


def errors(*statuses: int) -> Responses:
    """The error answers of an operation, for `responses=`; 401 and 503 are always among them."""
    return {
        status: {"model": ErrorModel, "description": _SENTENCES[status]}
        for status in sorted({401, 403, 503, *statuses})
    }


def describe(app: FastAPI, token_url: str) -> dict[str, Any]:
    """The OpenAPI document, with each operation's scopes as alternatives."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        openapi_version=app.openapi_version,
    )
    scopes: dict[str, str] = {}
    routers: tuple[APIRouter, ...] = app.state.surfaces
    for route in (route for router in routers for route in router.routes):
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        any_of = required_scopes(route.dependant)
        if not any_of:
            continue
        scopes.update(dict.fromkeys(any_of, ""))
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            operation["security"] = [{"oauth2": [scope]} for scope in any_of]
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "oauth2": {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": scopes}},
        }
    }
    return document


def required_scopes(dependant: Dependant) -> tuple[str, ...]:
    """The scopes any one of which an operation asks for; empty when it asks for none."""
    if isinstance(dependant.call, Requirement):
        return dependant.call.any_of
    for inner in dependant.dependencies:
        found = required_scopes(inner)
        if found:
            return found
    return ()
