"""Whether a resource fits a search, read from the resource itself.

For what is made of an encounter's record and has no columns of its own: a parameter's `paths` say
where in the resource its values stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from cloud.fhir.json import Element, JsonValue
from cloud.fhir.rest.dates import Moment
from cloud.fhir.rest.parameters import Criterion, Token, Type


def fits(
    resource: Element, criteria: Sequence[Criterion], *, beside: frozenset[str] = frozenset()
) -> bool:
    """Whether a resource meets all criteria; those named in `beside` were met before."""
    return all(_meets(resource, one) for one in criteria if one.name not in beside)


def _meets(resource: Element, one: Criterion) -> bool:
    paths = [path.split(".") for path in one.parameter.paths]
    values = [value for path in paths for value in values_at(resource, path)]
    match one.parameter.type:
        case Type.TOKEN:
            is_there = any(_bears(value, token) for value in values for token in one.tokens)
            return is_there != (one.modifier == "not")
        case Type.DATE:
            return any(_in_time(value, moment) for value in values for moment in one.moments)
        case Type.REFERENCE:
            wanted = {f"{kind}/{i}" for kind in one.parameter.targets for i in one.ids(kind)}
            return any(isinstance(v, Mapping) and v.get("reference") in wanted for v in values)
        case _:
            return any(isinstance(value, str) and one.fits_text(value) for value in values)


def values_at(value: JsonValue, path: Sequence[str]) -> Iterator[JsonValue]:
    """What stands at a path, every member of every list on the way."""
    if isinstance(value, list):
        for one in value:
            yield from values_at(one, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from values_at(value[path[0]], path[1:])


def _bears(value: JsonValue, token: Token) -> bool:
    """Whether a code, Coding, CodeableConcept or Identifier is what a token says."""
    if not isinstance(value, Mapping):
        told = str(value).lower() if isinstance(value, bool) else value
        return token.system in (None, "") and told == token.code
    codings = value.get("coding")
    if isinstance(codings, list):
        return any(_bears(one, token) for one in codings)
    code = value.get("code", value.get("value"))
    if token.system is not None and token.system != value.get("system", ""):
        return False
    return not token.code or code == token.code


def _in_time(value: JsonValue, moment: Moment) -> bool:
    if isinstance(value, Mapping):
        begin, end = _time(value.get("start")), _time(value.get("end"))
        return begin is not None and is_in_time(moment, begin, end)
    at = _time(value)
    return at is not None and is_in_time(moment, at, at)


def _time(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def is_in_time(moment: Moment, begin: datetime, end: datetime | None) -> bool:
    """As `clauses.stretch` has it; what has no end goes on."""
    span = moment.span
    is_within = begin >= span.start and end is not None and end < span.end
    return {
        "eq": is_within,
        "ne": not is_within,
        "gt": end is None or end >= span.end,
        "lt": begin < span.start,
        "ge": end is None or end >= span.start,
        "le": begin < span.end,
        "sa": begin >= span.end,
        "eb": end is not None and end < span.start,
        "ap": begin < span.end and (end is None or end >= span.start),
    }[moment.prefix]
