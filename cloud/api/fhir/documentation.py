"""What /fhir/R4 says of itself in the API's description."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from cloud.api.shared.answers import FHIR_MEDIA_TYPE
from cloud.api.shared.documentation import Responses
from cloud.fhir.rest.kind import Kind
from cloud.fhir.rest.parameters import Parameter
from cloud.fhir.rest.query import CURSOR, MOST_COUNT, SUMMARIES, TOTALS

FORM: Final = "application/x-www-form-urlencoded"
_RESOURCE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["resourceType"],
    "properties": {"resourceType": {"type": "string"}},
}
FHIR_ANSWER: Final[Responses] = {
    200: {
        "description": "A resource (FHIR R4)",
        "content": {FHIR_MEDIA_TYPE: {"schema": _RESOURCE}},
    }
}
FORM_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        FORM: {"schema": {"type": "object", "additionalProperties": {"type": "string"}}},
    },
}


def search_parameters(kind: Kind) -> list[dict[str, Any]]:
    """The parameters of a type's search, as OpenAPI has them."""
    own = [_text(one.name, f"{one.type.value}: {one.says}") for one in kind.parameters]
    shape = [
        {
            "name": "_count",
            "in": "query",
            "description": f"How many matches a page holds; more than {MOST_COUNT} are capped.",
            "schema": {"type": "integer", "minimum": 0},
        },
        _text("_sort", "By one of these, against it with `-`.", ["", *kind.sorts]),
        _text("_summary", "How much of each resource.", SUMMARIES),
        _text("_total", "Whether the number of matches is told.", TOTALS),
        _text("_elements", "Names of elements, separated by commas."),
        _text("_include", "`Type:parameter` of what to give along."),
        _text("_revinclude", "`Type:parameter` of what points here."),
        _text("_format", "`json`."),
        _text(CURSOR, "As a page's link has it."),
    ]
    return [*own, *(one for one in shape if one["name"] != "_sort" or kind.sorts)]


RESOURCE_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {FHIR_MEDIA_TYPE: {"schema": _RESOURCE}},
}


def plain_parameters(parameters: Iterable[Parameter]) -> list[dict[str, Any]]:
    """Parameters as they are."""
    return [_text(one.name, f"{one.type.value}: {one.says}") for one in parameters]


def everything_parameters() -> list[dict[str, Any]]:
    """Those of `Encounter/$everything`."""
    return [
        _text("_type", "Only these types."),
        _text("_count", "How many resources a page holds."),
        _text("_format", "`json`."),
        _text(CURSOR, "As a page's link has it."),
    ]


def _text(name: str, says: str, allowed: Any = None) -> dict[str, Any]:  # noqa: ANN401 - a list or none
    schema: dict[str, Any] = {"type": "string", "minLength": 1}
    if allowed:
        schema["enum"] = [one for one in allowed if one]
    return {"name": name, "in": "query", "description": says, "schema": schema}
