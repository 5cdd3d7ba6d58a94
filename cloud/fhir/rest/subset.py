"""Less than a whole resource, and marked so (FHIR R4, Search, 3.1.1.5.8 and 3.1.1.5.9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from cloud.fhir.json import Element, JsonValue
from cloud.fhir.rest.kind import Kind
from cloud.fhir.rest.query import Query

ALWAYS: Final = frozenset(("resourceType", "id", "meta"))
# What R4 demands of a resource stays in it, whatever was asked for.
MANDATORY: Final = frozenset(("status", "code", "class", "subject", "type", "target", "content"))
_SUBSETTED: Final[Element] = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}


def subset(kind: Kind, query: Query, resource: Element) -> Element:
    """As much of a resource as was asked for."""
    if query.elements:
        return _only(resource, {*query.elements, *MANDATORY})
    match query.summary:
        case "true":
            return _only(resource, kind.summary)
        case "text":
            return _only(resource, {"text", *MANDATORY})
        case "data":
            return _only(resource, resource.keys() - {"text"})
        case _:
            return resource


def _only(resource: Element, names: Collection[str]) -> Element:
    kept: Element = {
        name: value
        for name, value in resource.items()
        if name in ALWAYS or name in names or name.removeprefix("_") in names
    }
    meta = kept.get("meta")
    told: Element = dict(meta) if isinstance(meta, Mapping) else {}
    tags = told.get("tag")
    listed: list[JsonValue] = list(tags) if isinstance(tags, list) else []
    kept["meta"] = {**told, "tag": [*listed, _SUBSETTED]}
    return kept
