"""A search as it was asked: criteria, and how the answer shall look.

What is not known is ignored and told, or refused where the caller wants strict handling or the type
may not be searched by less than was asked for; a modifier
or a value that is not understood is always refused, for to leave it out would find more than was
asked for (FHIR R4, Search, 3.1.1.4.7 and 3.1.1.5.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cloud.core.kernel.errors import BadValueError, UnsupportedQueryError
from cloud.fhir.rest.parameters import Criterion, Parameter, Type, read

FIRST_COUNT: Final = 50
MOST_COUNT: Final = 200
MOST_PARAMETERS: Final = 60
MOST_TEXT: Final = 8000
SUMMARIES: Final = ("true", "false", "text", "data", "count")
TOTALS: Final = ("none", "estimate", "accurate")
CURSOR: Final = "_cursor"
FORMAT: Final = "_format"
_ADVICE: Final = "Leave it out, or ask for Prefer: handling=lenient."
_ONCE: Final = frozenset(("_count", "_sort", "_summary", "_elements", "_total", FORMAT, CURSOR))
_SHAPE: Final = frozenset(("_include", "_revinclude", "_pretty", *_ONCE))


@dataclass(frozen=True, slots=True)
class Include:
    """`source:parameter[:target]`: what else to give along."""

    source: str
    parameter: str
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One search of one type. `sent` are its parameters in order, without the place in the list;
    `ignored` are names nobody knows here.
    """

    criteria: tuple[Criterion, ...] = ()
    count: int = FIRST_COUNT
    sort: str = ""
    is_descending: bool = False
    summary: str = "false"
    elements: tuple[str, ...] = ()
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()
    total: str = ""
    sent: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def wants_count_only(self) -> bool:
        """Whether only the number of matches is asked for."""
        return self.summary == "count" or self.count == 0

    def of(self, name: str) -> list[Criterion]:
        """The criteria of one parameter."""
        return [one for one in self.criteria if one.name == name]


def parse(
    pairs: Sequence[tuple[str, str]],
    parameters: Mapping[str, Parameter],
    *,
    sorts: Iterable[str],
    base: str,
    is_strict: bool,
    advice: str = _ADVICE,
) -> Query:
    """A search by what was sent; BadValueError or UnsupportedQueryError.

    `advice` is for whoever sent what is not known and gets no answer without it.
    """
    _check_size(pairs)
    shape: dict[str, list[str]] = {}
    criteria, sent, ignored = [], [], []
    for name, text in pairs:
        bare, _, modifier = name.partition(":")
        if bare in _SHAPE and not modifier:
            shape.setdefault(name, []).append(text)
        elif "." in bare or bare == "_has" or (bare in _SHAPE and modifier):
            criteria.append(_chained(name, text, parameters, base))
        elif bare in parameters:
            criteria.append(read(parameters[bare], modifier, text, base=base))
        else:
            ignored.append(name)
            continue
        if bare != CURSOR:
            sent.append((name, text))
    if ignored and is_strict:
        raise UnsupportedQueryError(
            "unknown_parameter",
            advice,
            details={"fields": [_field(name, "unknown_parameter") for name in ignored]},
        )
    return _shaped(shape, criteria=criteria, sorts=sorts, sent=tuple(sent), ignored=tuple(ignored))


def _check_size(pairs: Sequence[tuple[str, str]]) -> None:
    length = sum(len(name) + len(text) for name, text in pairs)
    if len(pairs) > MOST_PARAMETERS or length > MOST_TEXT:
        raise BadValueError(
            "query_too_long",
            f"Send at most {MOST_PARAMETERS} parameters of {MOST_TEXT} characters.",
        )
    for name, text in pairs:
        if not text or not text.isprintable() or not name.isprintable():
            raise BadValueError(
                "invalid_value",
                "Give each parameter a value of printable characters.",
                details={"fields": [_field(name, "empty" if not text else "characters")]},
            )


def _chained(name: str, text: str, parameters: Mapping[str, Parameter], base: str) -> Criterion:
    """A chain leads one step, to an identifier; longer ones and `_has` are refused."""
    head, _, tail = name.partition(".")
    bare, _, kind = head.partition(":")
    parameter = parameters.get(bare)
    if (
        tail != "identifier"
        or parameter is None
        or parameter.type is not Type.REFERENCE
        or (kind and kind not in parameter.targets)
    ):
        raise UnsupportedQueryError(
            "unknown_parameter",
            "Search without chains but for an identifier, without _has, and without :iterate.",
            details={"fields": [_field(name, "not_supported")]},
        )
    return read(parameter, "identifier", text, base=base)


def _shaped(
    shape: Mapping[str, Sequence[str]],
    *,
    criteria: Sequence[Criterion],
    sorts: Iterable[str],
    sent: tuple[tuple[str, str], ...],
    ignored: tuple[str, ...],
) -> Query:
    for name in _ONCE & set(shape):
        if len(shape[name]) > 1:
            raise _bad(name, "repeated")
    one = {name: values[-1] for name, values in shape.items()}
    sort = _choice(one, "_sort", "", ["", *sorts, *(f"-{name}" for name in sorts)])
    return Query(
        criteria=tuple(criteria),
        count=_count(one.get("_count")),
        sort=sort.removeprefix("-"),
        is_descending=sort.startswith("-"),
        summary=_choice(one, "_summary", "false", SUMMARIES),
        elements=tuple(filter(None, one.get("_elements", "").split(","))),
        includes=_includes(shape.get("_include", ()), "_include"),
        revincludes=_includes(shape.get("_revinclude", ()), "_revinclude"),
        total=_choice(one, "_total", "", TOTALS),
        sent=sent,
        ignored=ignored,
    )


def _count(text: str | None) -> int:
    """Larger ones are capped, as a server may (FHIR R4, Search, 3.1.1.5.2)."""
    if text is None:
        return FIRST_COUNT
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise _bad("_count", "number")
    return min(int(text), MOST_COUNT)


def _choice(one: Mapping[str, str], name: str, default: str, allowed: Sequence[str]) -> str:
    value = one.get(name, default)
    if value != default and value not in allowed:
        raise _bad(name, "one of " + ", ".join(filter(None, allowed)))
    return value


def _includes(texts: Iterable[str], name: str) -> tuple[Include, ...]:
    found = []
    for text in texts:
        parts = text.split(":")
        if not 2 <= len(parts) <= 3 or not all(parts):
            raise _bad(name, "source:parameter[:target]")
        found.append(Include(*parts))
    return tuple(dict.fromkeys(found))


def _bad(name: str, rule: str) -> BadValueError:
    return BadValueError(
        "invalid_value", "Correct the parameter.", details={"fields": [_field(name, rule)]}
    )


def _field(name: str, rule: str) -> dict[str, str]:
    # An unknown name is the caller's text: it comes back shortened, values never do.
    return {"field": f"query.{name[:40]}", "rule": rule}
