"""The schemas of what is exchanged, each a JSON Schema that stands alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cloud.core.webhooks.catalogue import CATALOGUE

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
PATH: Final = "/v1/discovery/data-schemas"
RESOURCE: Final = "resource"
EVENT: Final = "event"
_COMPONENTS: Final = "#/components/schemas/"
_DEFINITIONS: Final = "#/$defs/"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSchema:
    """One schema: a body of the API (`resource`) or what an event carries (`event`), and where it
    is used: operations by method and address.
    """

    name: str
    kind: str
    says: str
    document: dict[str, Any] = field(repr=False)
    used_by: tuple[str, ...] = ()


def of_description(description: Json, issuer: str) -> dict[str, DataSchema]:
    """The schemas of the API's description by name, references inside each."""
    components: Json = description["components"]["schemas"]
    used = _uses(description, components)
    return {
        name: DataSchema(
            name=name,
            kind=RESOURCE,
            says=_first_paragraph(schema),
            document=_alone(name, components, issuer),
            used_by=tuple(sorted(used.get(name, ()))),
        )
        for name, schema in sorted(components.items())
    }


def of_events(issuer: str) -> dict[str, DataSchema]:
    """The schemas of what events carry, by the event's name."""
    return {
        name: DataSchema(
            name=name,
            kind=EVENT,
            says=one.sentence,
            document={**one.schema, "$id": f"{issuer}{PATH}/{name}"},
            used_by=("POST /v1/webhooks",),
        )
        for name, one in CATALOGUE.items()
    }


def _alone(name: str, components: Json, issuer: str) -> dict[str, Any]:
    definitions = {
        other: _rewritten(components[other])
        for other in sorted(_reached(components[name], components) - {name})
    }
    own: dict[str, Any] = _rewritten(components[name])
    if name in _reached(components[name], components):
        definitions[name] = own
    head = {"$schema": DIALECT, "$id": f"{issuer}{PATH}/{name}"}
    return {**head, **own, **({"$defs": definitions} if definitions else {})}


def _rewritten(node: Any) -> Any:  # noqa: ANN401 - JSON has any shape
    if isinstance(node, Mapping):
        return {
            name: (
                value.replace(_COMPONENTS, _DEFINITIONS)
                if name == "$ref" and isinstance(value, str)
                else _rewritten(value)
            )
            for name, value in node.items()
        }
    return [_rewritten(one) for one in node] if isinstance(node, list) else node


def _references(node: Any) -> Iterator[str]:  # noqa: ANN401 - JSON has any shape
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name == "$ref" and isinstance(value, str) and value.startswith(_COMPONENTS):
                yield value.removeprefix(_COMPONENTS)
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for one in node:
            yield from _references(one)


def _reached(node: Any, components: Json) -> set[str]:  # noqa: ANN401 - JSON has any shape
    """Every component that a node leads to, over others too."""
    found: set[str] = set()
    waiting = list(_references(node))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(components[name])
    return found


def _uses(description: Json, components: Json) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            answers = {
                status: answer
                for status, answer in operation["responses"].items()
                if int(status) < 400
            }
            for name in _reached([operation.get("requestBody", {}), answers], components):
                found.setdefault(name, set()).add(f"{method.upper()} {path}")
    return found


def _first_paragraph(schema: Json) -> str:
    return " ".join(str(schema.get("description", "")).split("\n\n")[0].split())
