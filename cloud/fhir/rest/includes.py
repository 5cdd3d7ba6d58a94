"""What a search gives along: the resources its hits point to, and those that point to them.

Both are bounded, one step far, and give only what the caller may read anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from cloud.core.kernel.errors import UnsupportedQueryError
from cloud.fhir.json import Element
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.kind import Kind
from cloud.fhir.rest.matching import values_at
from cloud.fhir.rest.parameters import Criterion, Parameter, Target, Type
from cloud.fhir.rest.query import Include, Query
from cloud.fhir.rest.searching import find

MOST_INCLUDED: Final = 400
ANY: Final = "*"


def pointers(kind: Kind) -> list[Parameter]:
    """The parameters of a type that can be included by."""
    return [one for one in kind.parameters if one.type is Type.REFERENCE and one.paths]


def pointing_to(kind: Kind, kinds: Mapping[str, Kind]) -> list[tuple[Kind, Parameter]]:
    """The parameters of all types that can be included by in reverse."""
    return [
        (other, one)
        for other in kinds.values()
        for one in pointers(other)
        if kind.name in one.targets
    ]


def included(
    desk: Desk, kind: Kind, query: Query, matches: Sequence[Element], kinds: Mapping[str, Kind]
) -> list[Element]:
    """What goes along with the matches, each once; a warning says what was left out."""
    known = {_name(one) for one in matches}
    found: list[Element] = []
    for resource in (
        *_led_to(desk, kind, query.includes, matches, kinds),
        *_leading(desk, kind, query.revincludes, matches, kinds),
    ):
        if _name(resource) in known:
            continue
        if len(found) >= MOST_INCLUDED:
            desk.warnings.append(f"More than {MOST_INCLUDED} would go along; the rest is left out.")
            break
        known.add(_name(resource))
        found.append(resource)
    return found


def _led_to(
    desk: Desk,
    kind: Kind,
    includes: Sequence[Include],
    matches: Sequence[Element],
    kinds: Mapping[str, Kind],
) -> Iterator[Element]:
    names: dict[str, None] = {}
    for include in includes:
        for parameter in _parameters(kind, include):
            paths = [path.split(".") for path in parameter.paths]
            for resource in matches:
                for path in paths:
                    found = references(resource, path)
                    names.update(dict.fromkeys(one for one in found if _is_of(one, include)))
    for name in names:
        kind_name, _, identity = name.partition("/")
        other = kinds.get(kind_name)
        if other is None or not _may(desk, kind_name):
            continue
        pointed_to = other.read(desk, identity)
        if pointed_to is not None:
            yield pointed_to


def _is_of(name: str, include: Include) -> bool:
    return not include.target or name.startswith(f"{include.target}/")


def _leading(
    desk: Desk,
    kind: Kind,
    revincludes: Sequence[Include],
    matches: Sequence[Element],
    kinds: Mapping[str, Kind],
) -> Iterator[Element]:
    targets = tuple(Target(kind.name, str(one["id"])) for one in matches)
    for include in revincludes:
        other = kinds.get(include.source)
        parameter = None if other is None else other.by_name.get(include.parameter)
        if other is None or parameter is None or kind.name not in parameter.targets:
            raise _unknown("_revinclude")
        if not targets or not _may(desk, other.name):
            continue
        query = Query(criteria=(Criterion(parameter, targets),))
        page = find(desk, other, query, None, MOST_INCLUDED)
        if page.following is not None:
            desk.warnings.append(
                f"More than {MOST_INCLUDED} {other.name} point here; search for them by themselves."
            )
        yield from (hit.resource for hit in page.hits)


def _parameters(kind: Kind, include: Include) -> Iterable[Parameter]:
    if include.source != kind.name:
        raise _unknown("_include")
    offered = pointers(kind)
    if include.parameter == ANY:
        return offered
    found = [one for one in offered if one.name == include.parameter]
    if not found or (include.target and include.target not in found[0].targets):
        raise _unknown("_include")
    return found


def references(resource: Element, path: Sequence[str]) -> Iterator[str]:
    """What stands in the references at a path, as it is written there."""
    for value in values_at(resource, path):
        if isinstance(value, Mapping) and isinstance(value.get("reference"), str):
            yield str(value["reference"])


def _may(desk: Desk, kind: str) -> bool:
    if desk.may_read(kind):
        return True
    desk.warnings.append(f"The token does not let you read {kind}; it is left out.")
    return False


def _name(resource: Element) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _unknown(name: str) -> UnsupportedQueryError:
    return UnsupportedQueryError(
        "unknown_include",
        "Use one of those the CapabilityStatement names for the type.",
        details={"fields": [{"field": f"query.{name}", "rule": "not_supported"}]},
    )
