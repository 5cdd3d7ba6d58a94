"""What a search may ask: parameters as rows, and their values read.

`,` separates alternatives, `|` a token's system from its code; a backslash takes either (and `$`)
literally (FHIR R4, Search, 3.1.1.5.7).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from cloud.core.kernel.errors import BadValueError, UnsupportedQueryError
from cloud.fhir.rest.dates import Moment, parse_date
from cloud.fhir.rest.ids import is_id

MOST_ALTERNATIVES: Final = 100
_COMMA: Final = re.compile(r"(?<!\\)((?:\\\\)*),")
_BAR: Final = re.compile(r"(?<!\\)((?:\\\\)*)\|")
_ESCAPED: Final = re.compile(r"\\([,|$\\])")
_REFERENCE: Final = re.compile(r"(?:(?P<kind>[A-Z][A-Za-z]{1,63})/)?(?P<id>[A-Za-z0-9\-.]{1,64})")


class Type(StrEnum):
    """The types of parameters there are here."""

    TOKEN = "token"  # noqa: S105 - a type
    DATE = "date"
    REFERENCE = "reference"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Token:
    """A code or an identifier; `system` None for any, empty for none."""

    system: str | None
    code: str


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference points to: a type (empty for any) and an id."""

    kind: str
    id: str


Value: TypeAlias = "Token | Target | Moment | str"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One search parameter; `paths` are the elements its values stand in."""

    name: str
    type: Type
    says: str
    modifiers: frozenset[str] = frozenset()
    targets: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


def token(name: str, says: str, *modifiers: str, path: str = "") -> Parameter:
    """A parameter of codes or identifiers; `path` names elements, separated by blanks."""
    return Parameter(
        name=name,
        type=Type.TOKEN,
        says=says,
        modifiers=frozenset(modifiers),
        paths=tuple(path.split()),
    )


def date(name: str, says: str, path: str = "") -> Parameter:
    """A parameter of times."""
    return Parameter(name=name, type=Type.DATE, says=says, paths=tuple(path.split()))


def string(name: str, says: str, path: str = "") -> Parameter:
    """A parameter of words: they begin with the value, in any case."""
    modifiers = frozenset(("contains",))
    return Parameter(
        name=name, type=Type.STRING, says=says, modifiers=modifiers, paths=tuple(path.split())
    )


def reference(name: str, says: str, targets: Sequence[str], *paths: str) -> Parameter:
    """A parameter that points to another resource; `identifier` asks by the other's identifier."""
    return Parameter(
        name=name,
        type=Type.REFERENCE,
        says=says,
        modifiers=frozenset(("identifier", *targets)),
        targets=tuple(targets),
        paths=paths,
    )


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of a search: any of its values fits."""

    parameter: Parameter
    values: tuple[Value, ...]
    modifier: str = ""
    sent: tuple[str, str] = field(default=("", ""), compare=False)

    @property
    def name(self) -> str:
        """The parameter's."""
        return self.parameter.name

    @property
    def tokens(self) -> list[Token]:
        """Its values as tokens."""
        return [value for value in self.values if isinstance(value, Token)]

    @property
    def moments(self) -> list[Moment]:
        """Its values as times."""
        return [value for value in self.values if isinstance(value, Moment)]

    @property
    def texts(self) -> list[str]:
        """Its values as words."""
        return [value for value in self.values if isinstance(value, str)]

    def fits_text(self, text: str) -> bool:
        """Whether words begin with one of its values, or hold one where that is asked for."""
        plain, wanted = text.lower(), [one.lower() for one in self.texts]
        if self.modifier == "contains":
            return any(one in plain for one in wanted)
        return any(plain.startswith(one) for one in wanted)

    def ids(self, kind: str) -> list[str]:
        """The ids it names of a type; those of another type are none."""
        return [
            value.id
            for value in self.values
            if isinstance(value, Target) and value.kind in ("", kind)
        ]


def read(parameter: Parameter, modifier: str, text: str, *, base: str) -> Criterion:
    """A criterion as it was sent; BadValueError or UnsupportedQueryError.

    `base` is our own address: a reference to any other place points to nothing here.
    """
    if modifier and modifier not in parameter.modifiers:
        raise UnsupportedQueryError(
            "unknown_modifier",
            "Leave the modifier out, or use one the CapabilityStatement names.",
            details={"fields": [{"field": f"query.{parameter.name}", "rule": "modifier"}]},
        )
    parts = [part for part in _split(_COMMA, text) if part]
    if not parts or len(parts) > MOST_ALTERNATIVES:
        raise _refused(parameter, "values")
    values = [_value(parameter, modifier, part, base) for part in parts]
    return Criterion(parameter, tuple(values), modifier, (parameter.name, text))


def _value(parameter: Parameter, modifier: str, text: str, base: str) -> Value:
    if parameter.type is Type.DATE:
        return parse_date(parameter.name, text)
    if parameter.type is Type.STRING:
        return _plain(text)
    if parameter.type is Type.TOKEN or modifier == "identifier":
        return _token(parameter, text)
    return _target(parameter, modifier, text, base)


def _token(parameter: Parameter, text: str) -> Token:
    parts = _split(_BAR, text)
    if len(parts) > 2 or not any(parts):
        raise _refused(parameter, "token")
    plain = [_plain(part) for part in parts]
    return Token(None, plain[0]) if len(plain) == 1 else Token(plain[0], plain[1])


def _target(parameter: Parameter, modifier: str, text: str, base: str) -> Target:
    plain = _plain(text).removeprefix(f"{base}/")
    found = _REFERENCE.fullmatch(plain)
    if found is None:
        if "://" in plain or plain.startswith("urn:"):
            # Another server's: never fetched, and nothing here points to it.
            return Target("elsewhere", "")
        raise _refused(parameter, "reference")
    kind = found["kind"] or modifier
    if modifier and kind != modifier:
        raise _refused(parameter, "reference")
    return Target(kind, found["id"])


def check_id(name: str, text: str) -> str:
    """A logical id; BadValueError for what can be none."""
    if not is_id(text):
        raise BadValueError(
            "invalid_id",
            "Send a logical id.",
            details={"fields": [{"field": f"query.{name}", "rule": "id"}]},
        )
    return text


def _split(separator: re.Pattern[str], text: str) -> list[str]:
    parts, begin = [], 0
    for found in separator.finditer(text):
        parts.append(text[begin : found.end() - 1])
        begin = found.end()
    return [*parts, text[begin:]]


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _refused(parameter: Parameter, rule: str) -> BadValueError:
    return BadValueError(
        "invalid_value",
        f"Send a value of the type {parameter.type}.",
        details={"fields": [{"field": f"query.{parameter.name}", "rule": rule}]},
    )
