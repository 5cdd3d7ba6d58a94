"""Encounter/$everything: an encounter and all that hangs on it, type after type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cloud.core.kernel.vault import Vault
from cloud.fhir.json import Element, JsonValue
from cloud.fhir.rest.cursors import Cursor
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.includes import pointers, references
from cloud.fhir.rest.kind import Kind
from cloud.fhir.rest.parameters import Criterion, Parameter, Target, Token, token
from cloud.fhir.rest.query import Query
from cloud.fhir.rest.query import parse as parse_query
from cloud.fhir.rest.searching import find
from cloud.fhir.rest.searchset import bundle, entry, next_link

_REPORT: Final = "Composition"
_TYPES: Final = token("_type", "Only these types.")


def path_of(identity: str) -> str:
    """The address of the operation on an encounter."""
    return f"Encounter/{identity}/$everything"


def parse(pairs: Sequence[tuple[str, str]], *, base: str, is_strict: bool) -> Query:
    """What was asked for: `_type` and `_count`."""
    return parse_query(pairs, {"_type": _TYPES}, sorts=(), base=base, is_strict=is_strict)


def everything(
    desk: Desk,
    vault: Vault,
    identity: str,
    asked: Query,
    cursor: Cursor | None,
    kinds: Mapping[str, Kind],
) -> Element:
    """One page. A cursor's `source` counts the types, its place begins with the type's source."""
    steps = _steps(desk, identity, asked, kinds)
    begin = 0 if cursor is None else cursor.source
    limit = max(1, asked.count)
    entries: list[JsonValue] = []
    following: Cursor | None = None
    for number, (kind, query) in enumerate(steps[begin:], start=begin):
        if len(entries) >= limit:
            following = Cursor(asked.sent, number, ())
            break
        own = _own(cursor, number, begin)
        found = find(desk, kind, query, own, limit - len(entries))
        entries += [entry(desk, hit.resource, "match") for hit in found.hits]
        if found.following is not None:
            place = (found.following.source, *found.following.place)
            following = Cursor(asked.sent, number, place)
            break
    path = path_of(identity)
    links: list[Element] = [{"relation": "self", "url": f"{desk.base}/{path}"}]
    if following is not None:
        links.append(next_link(desk, vault, path, path, following))
    total = len(entries) if cursor is None and following is None else None
    return bundle(desk, total=total, links=links, entries=entries, ignored=asked.ignored)


def _own(cursor: Cursor | None, number: int, begin: int) -> Cursor | None:
    if cursor is None or number != begin or not cursor.place:
        return None
    return Cursor((), int(cursor.place[0]), cursor.place[1:])


def _steps(
    desk: Desk, identity: str, asked: Query, kinds: Mapping[str, Kind]
) -> list[tuple[Kind, Query]]:
    """What is searched for in turn: the encounter, whom it leads to, what points to it."""
    wanted = {one.code for criterion in asked.of("_type") for one in criterion.tokens}
    encounter = kinds["Encounter"]
    own = _by_ids(encounter, [identity])
    steps = [(encounter, own)]
    resource = encounter.read(desk, identity) or {}
    steps += [
        (kinds[name], _by_ids(kinds[name], ids))
        for name, ids in _led_to(encounter, resource).items()
        if name in kinds
    ]
    # The report is made of everything else: whoever reads no further does not wait for it.
    for kind in sorted(kinds.values(), key=lambda one: one.name == _REPORT):
        pointing = [one for one in pointers(kind) if "Encounter" in one.targets]
        if pointing:
            steps.append((kind, _pointing(pointing[0], identity)))
    return [
        step
        for step in steps
        if desk.may_read(step[0].name) and (not wanted or step[0].name in wanted)
    ]


def _by_ids(kind: Kind, ids: Sequence[str]) -> Query:
    values = tuple(Token(None, one) for one in ids)
    return Query(criteria=(Criterion(kind.by_name["_id"], values),))


def _pointing(parameter: Parameter, identity: str) -> Query:
    return Query(criteria=(Criterion(parameter, (Target("Encounter", identity),)),))


def _led_to(encounter: Kind, resource: Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for parameter in pointers(encounter):
        for path in parameter.paths:
            for name in references(resource, path.split(".")):
                kind, _, identity = name.partition("/")
                if identity not in found.setdefault(kind, []):
                    found[kind].append(identity)
    return found
