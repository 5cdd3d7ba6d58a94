"""Whether what a device tells may be told: every value against the catalogue, all faults at once.

What is kept is the caller's value with its numbers as digits, so that 36.60 stays 36.60.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from cloud.core.encounters.catalogue import (
    FIELDS,
    LISTS,
    MOST_LISTED,
    PHOTOGRAPHS,
    TRIAGE_SYSTEMS,
    FieldRule,
    Kind,
    meant_unit,
)
from cloud.core.encounters.operations import entry_of
from cloud.core.encounters.record import NotValue

WORD_LENGTH: Final = 120
IDENTIFIER: Final = re.compile(r"[A-Za-z0-9._:@-]{1,80}")
_MARKUP: Final = re.compile(
    r"<[/!?]?[a-z][^<>]*>|<!--|<\s*(?:script|iframe|svg|img|object|embed|style)\b|javascript:",
    re.IGNORECASE,
)
_EARLIEST, _LATEST = 2000, 9999
_WIDEST_OFFSET: Final = timedelta(hours=14)
NOT_VALUE: Final = "not_value"
IMPLAUSIBLE: Final = "implausible"


@dataclass(slots=True)
class Faults:
    """What is wrong, by the place it stands at; `flags` are what is only remarkable."""

    found: list[dict[str, str]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def add(self, place: str, rule: str) -> None:
        """Refuse something; `place` and `rule` are words of ours or the caller's member names."""
        self.found.append({"field": place, "rule": rule})

    def flag(self, word: str) -> None:
        """Keep something and say so."""
        if word not in self.flags:
            self.flags.append(word)


Members = Mapping[str, Any]


def check_field(path: str, value: Any, place: str, faults: Faults) -> Any:  # noqa: ANN401 - JSON
    """What is kept of a field's value; None with a fault when it may not be told."""
    if is_not_value(value):
        reason = word(value[NOT_VALUE], tuple(NotValue), f"{place}.{NOT_VALUE}", faults)
        only(value, (NOT_VALUE,), place, faults)
        return {NOT_VALUE: reason}
    rule = FIELDS[path]
    return _CHECKS[rule.kind](value, rule, place, faults)


def is_not_value(value: object) -> bool:
    """Whether a field's value says why there is none."""
    return isinstance(value, dict) and NOT_VALUE in value


def is_known(path: str) -> bool:
    """Whether a device may send an operation of this path."""
    return path in FIELDS or (path in LISTS and path != PHOTOGRAPHS) or entry_of(path) is not None


def text(value: Any, place: str, faults: Faults, *, most: int = WORD_LENGTH) -> str:  # noqa: ANN401 - JSON
    """A text that says something, without markup."""
    if not isinstance(value, str) or not value.strip():
        faults.add(place, "text_needed")
    elif len(value) > most:
        faults.add(place, "too_long")
    elif _MARKUP.search(value):
        faults.add(place, "markup")
    else:
        return value.strip()
    return ""


def word(value: Any, words: Sequence[str], place: str, faults: Faults) -> str:  # noqa: ANN401 - JSON
    """One of `words`."""
    if isinstance(value, str) and value in words:
        return str(value)
    faults.add(place, f"one of {', '.join(words)}")
    return ""


def number(value: Any, place: str, faults: Faults) -> str | None:  # noqa: ANN401 - JSON
    """A JSON number, as its digits."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        faults.add(place, "number_needed")
        return None
    return str(value)


def whole(value: Any, low: int, high: int, place: str, faults: Faults) -> int:  # noqa: ANN401 - JSON
    """A whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        faults.add(place, f"whole number from {low} to {high}")
        return low
    return value


def yes_no(value: Any, place: str, faults: Faults) -> bool:  # noqa: ANN401 - JSON
    """True or false."""
    if not isinstance(value, bool):
        faults.add(place, "true or false")
    return value is True


def time(value: Any, place: str, faults: Faults) -> str:  # noqa: ANN401 - JSON
    """An RFC 3339 time from 2000 on with its offset (at most 14 hours), in UTC."""
    try:
        at = datetime.fromisoformat(value)
        offset = at.utcoffset()
        is_meant = offset is not None and abs(offset) <= _WIDEST_OFFSET and "T" in value.upper()
        kept = at.astimezone(UTC).isoformat()
    except (TypeError, ValueError, OverflowError):
        is_meant, kept, at = False, "", None
    if is_meant and at is not None and _EARLIEST <= at.year < _LATEST:
        return kept
    faults.add(place, "RFC 3339 time with its offset needed")
    return ""


def coded(value: Any, place: str, faults: Faults) -> dict[str, str]:  # noqa: ANN401 - JSON
    """A thing by its name, and by code and system where it has them: a code needs its system."""
    if isinstance(value, str):
        return {"display": text(value, place, faults)}
    members = objects(value, ("display", "code", "system"), place, faults)
    if members is None:
        return {"display": ""}
    found = {"display": text(members.get("display"), f"{place}.display", faults)}
    for name in ("code", "system"):
        if name in members:
            found[name] = text(members[name], f"{place}.{name}", faults)
    if "system" in found and "code" not in found:
        faults.add(f"{place}.code", "missing")
    return found


def check_unit(value: Any, allowed: tuple[str, ...], place: str, faults: Faults) -> str:  # noqa: ANN401 - JSON
    """A UCUM code of `allowed`; the fault names the one that was meant."""
    if isinstance(value, str) and value in allowed:
        return value
    meant = meant_unit(value, allowed) if isinstance(value, str) else None
    faults.add(place, f"send {meant}" if meant else f"UCUM, one of {', '.join(allowed)}")
    return ""


def is_absent(value: Members) -> bool:
    """Whether an entry says why there is nothing to tell."""
    return "not_done" in value or NOT_VALUE in value


def objects(value: Any, names: Sequence[str], place: str, faults: Faults) -> Members | None:  # noqa: ANN401 - JSON
    """An object of none but these members; None with a fault for anything else."""
    if not isinstance(value, dict):
        faults.add(place, "object_needed")
        return None
    only(value, names, place, faults)
    return value


def only(value: Members, names: Sequence[str], place: str, faults: Faults) -> None:
    """Refuse members nobody knows. Their names are the caller's text and come back shortened."""
    for name in value:
        if name not in names:
            faults.add(f"{place}.{name[:40]}", "unknown_member")


def _identifiers(value: Any, place: str, faults: Faults) -> list[str]:  # noqa: ANN401 - JSON
    listed = _listed(value, place, faults)
    for index, one in enumerate(listed):
        if not isinstance(one, str) or not IDENTIFIER.fullmatch(one):
            faults.add(f"{place}[{index}]", "identifier_needed")
    return listed


def _listed(value: Any, place: str, faults: Faults) -> list[Any]:  # noqa: ANN401 - JSON
    if not isinstance(value, list) or len(value) > MOST_LISTED:
        faults.add(place, f"list of at most {MOST_LISTED} needed")
        return []
    return value


def _words(value: Any, words: Sequence[str], place: str, faults: Faults) -> list[str]:  # noqa: ANN401 - JSON
    listed = _listed(value, place, faults)
    told = [word(one, words, f"{place}[{index}]", faults) for index, one in enumerate(listed)]
    return [one for one in words if one in told]


def _triage(value: Any, place: str, faults: Faults) -> dict[str, str]:  # noqa: ANN401 - JSON
    members = objects(value, ("system", "category"), place, faults)
    if members is None:
        return {}
    return {
        "system": word(members.get("system"), TRIAGE_SYSTEMS, f"{place}.system", faults),
        "category": text(members.get("category"), f"{place}.category", faults),
    }


def _one_text(value: Any, rule: FieldRule, place: str, faults: Faults) -> str:  # noqa: ANN401 - JSON
    return text(value, place, faults, most=rule.most)


_CHECKS: Final[Mapping[Kind, Any]] = {
    Kind.CODED: lambda value, _rule, place, faults: coded(value, place, faults),
    Kind.WORD: lambda value, rule, place, faults: word(value, rule.words, place, faults),
    Kind.WORDS: lambda value, rule, place, faults: _words(value, rule.words, place, faults),
    Kind.TEXT: _one_text,
    Kind.TIME: lambda value, _rule, place, faults: time(value, place, faults),
    Kind.WHOLE: lambda value, rule, place, faults: whole(value, 0, rule.most, place, faults),
    Kind.YES_NO: lambda value, _rule, place, faults: yes_no(value, place, faults),
    Kind.IDENTIFIERS: lambda value, _rule, place, faults: _identifiers(value, place, faults),
    Kind.TRIAGE: lambda value, _rule, place, faults: _triage(value, place, faults),
}
