"""Indicators as data: one file each, every version of it with the dates in which it counts.

A version is never altered once figures were made with it: a correction is a further version. What a
file says wrong is refused when the program starts, with the place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

from cloud.core.encounters.catalogue import FIELDS
from cloud.core.encounters.record import TIMES, VITAL_TYPES, ActKind, PertinentNegative
from cloud.core.quality.code_sets import CodeSet
from cloud.core.quality.conditions import (
    All,
    AnyOf,
    Condition,
    Happened,
    Listed,
    Not,
    Readings,
    Told,
    Within,
)
from cloud.core.quality.truth import Truth

INDICATORS: Final = (
    "rosc_survival",
    "rosc_utstein",
    "survival_30d",
    "stemi_care_bundle",
    "stroke_care_bundle",
    "stroke_call_to_hospital_median",
    "sepsis_care_bundle",
    "hypoglycaemia_recheck",
    "asthma_care_bundle",
    "handover_within_15min",
    "pain_reassessed",
)
"""Every indicator in the order it is shown: a file in `indicators/` and a line here."""
_LISTS: Final = ("vitals", "medications", "procedures", "impressions", "allergies", "history")


class DefinitionError(ValueError):
    """An indicator's file says something that has no meaning here."""


@dataclass(frozen=True, slots=True)
class Element:
    """One part of a care bundle: met, or not done for a reason that excuses it."""

    name: str
    met: Condition
    excused: Condition | None


@dataclass(frozen=True, slots=True)
class Duration:
    """The time a median is taken of, in minutes between two times of the mission."""

    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an indicator, in force for calls from `effective_from` on (days of UTC), and
    before `effective_until` where that is set. `duration` is None where a share is counted.
    """

    number: int
    effective_from: date
    effective_until: date | None
    source: str
    denominator: Condition
    excluded: Condition | None
    elements: tuple[Element, ...]
    duration: Duration | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator: `unit` is `ratio` or `min`, `direction` whether more is better (`up`)."""

    name: str
    label: str
    sentence: str
    unit: str
    direction: str
    target: Decimal | None
    versions: tuple[Version, ...]

    def version_at(self, day: date) -> Version | None:
        """The version in force for a call on that day."""
        return next(
            (
                version
                for version in reversed(self.versions)
                if version.effective_from <= day
                and (version.effective_until is None or day < version.effective_until)
            ),
            None,
        )


@cache
def indicators() -> tuple[Indicator, ...]:
    """Every indicator, read from its file. DefinitionError names the file and what is wrong."""
    folder = files("cloud.core.quality") / "indicators"
    sets = _code_sets(tomllib.loads((folder / "code_sets.toml").read_text("utf-8")))
    found = []
    for name in INDICATORS:
        text = (folder / f"{name}.toml").read_text("utf-8")
        try:
            found.append(read_indicator(name, tomllib.loads(text, parse_float=Decimal), sets))
        except (KeyError, TypeError, ValueError) as exc:
            raise DefinitionError(f"{name}.toml: {exc}") from exc
    return tuple(found)


def indicator(name: str) -> Indicator | None:
    """The indicator of that name."""
    return next((one for one in indicators() if one.name == name), None)


def read_indicator(name: str, content: Mapping[str, Any], sets: Mapping[str, CodeSet]) -> Indicator:
    """One file's content; ValueError or KeyError for what has no meaning."""
    versions = tuple(_version(one, sets) for one in content["version"])
    if [one.number for one in versions] != list(range(1, len(versions) + 1)):
        raise ValueError("versions are numbered from 1")
    starts = [one.effective_from for one in versions]
    if starts != sorted(set(starts)):
        raise ValueError("a later version counts from a later day")
    if content["unit"] not in ("ratio", "min") or content["direction"] not in ("up", "down"):
        raise ValueError("unit is ratio or min, direction up or down")
    if any((one.duration is not None) != (content["unit"] == "min") for one in versions):
        raise ValueError("minutes need a duration, a ratio has none")
    return Indicator(
        name=name,
        label=content["label"],
        sentence=content["sentence"],
        unit=content["unit"],
        direction=content["direction"],
        target=content.get("target"),
        versions=versions,
    )


def _version(content: Mapping[str, Any], sets: Mapping[str, CodeSet]) -> Version:
    duration = content.get("duration")
    return Version(
        number=content["number"],
        effective_from=content["effective_from"],
        effective_until=content.get("effective_until"),
        source=content["source"],
        denominator=_condition(content["denominator"], sets),
        excluded=_condition(content["excluded"], sets) if "excluded" in content else None,
        elements=tuple(
            Element(
                one["name"],
                _condition(one["met"], sets),
                _condition(one["excused"], sets) if "excused" in one else None,
            )
            for one in content.get("element", ())
        ),
        duration=Duration(_time(duration["from"]), _time(duration["to"])) if duration else None,
    )


def _condition(content: Mapping[str, Any], sets: Mapping[str, CodeSet]) -> Condition:
    """A condition is told by the key that only its kind has."""
    for key, read in _READERS.items():
        if key in content:
            return read(content, sets)
    raise ValueError(f"no such condition: {', '.join(sorted(content))}")


_Reader = Callable[[Mapping[str, Any], Mapping[str, CodeSet]], Condition]


def _listed(content: Mapping[str, Any], sets: Mapping[str, CodeSet]) -> Listed:
    _only(content, "list", "codes", "type", "values", "not_done", "at_least")
    if content["list"] not in _LISTS:
        raise ValueError(f"no such list: {content['list']}")
    kind = content.get("type", "")
    if kind and kind not in VITAL_TYPES:
        raise ValueError(f"no such finding: {kind}")
    return Listed(
        list_name=content["list"],
        codes=sets[content["codes"]] if "codes" in content else None,
        type=kind,
        values={name: tuple(among) for name, among in content.get("values", {}).items()} or None,
        reasons=tuple(PertinentNegative(one) for one in content.get("not_done", ())),
        at_least=content.get("at_least", 1),
    )


def _readings(content: Mapping[str, Any], _sets: Mapping[str, CodeSet]) -> Readings:
    _only(content, "measured", "at_least", "below", "from", "which", "apart_minutes")
    if content["measured"] not in VITAL_TYPES:
        raise ValueError(f"no such finding: {content['measured']}")
    apart = content.get("apart_minutes")
    return Readings(
        kind=content["measured"],
        at_least=content.get("at_least", 1),
        below=_decimal(content.get("below")),
        from_value=_decimal(content.get("from")),
        which=content.get("which", "any"),
        apart=None if apart is None else timedelta(minutes=apart),
    )


def _told(content: Mapping[str, Any], _sets: Mapping[str, CodeSet]) -> Told:
    _only(content, "field", "among", "when_missing")
    rule = FIELDS.get(content["field"])
    if rule is None:
        raise ValueError(f"no such field: {content['field']}")
    if unknown := set(content.get("among", ())) - set(rule.words):
        raise ValueError(f"{content['field']} takes no {', '.join(sorted(unknown))}")
    return Told(
        path=content["field"],
        among=tuple(content.get("among", ())),
        when_missing=Truth(content.get("when_missing", "missing")),
    )


def _happened(content: Mapping[str, Any], _sets: Mapping[str, CodeSet]) -> Happened:
    _only(content, "act", "key", "among", "when_missing")
    return Happened(
        kind=ActKind(content["act"]).value,
        key=content.get("key", ""),
        among=tuple(content.get("among", ())),
        when_missing=Truth(content.get("when_missing", "missing")),
    )


def _within(content: Mapping[str, Any], _sets: Mapping[str, CodeSet]) -> Within:
    _only(content, "within_minutes", "start", "end")
    return Within(
        start=_time(content["start"]), end=_time(content["end"]), minutes=content["within_minutes"]
    )


_READERS: Final[Mapping[str, _Reader]] = {
    "all": lambda content, sets: All(_parts(content["all"], sets)),
    "any": lambda content, sets: AnyOf(_parts(content["any"], sets)),
    "not": lambda content, sets: Not(_condition(content["not"], sets)),
    "list": _listed,
    "measured": _readings,
    "field": _told,
    "act": _happened,
    "within_minutes": _within,
}


def _parts(
    contents: Sequence[Mapping[str, Any]], sets: Mapping[str, CodeSet]
) -> tuple[Condition, ...]:
    return tuple(_condition(one, sets) for one in contents)


def _time(name: str) -> str:
    if name not in TIMES:
        raise ValueError(f"no such time: {name}")
    return name


def _decimal(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _only(content: Mapping[str, Any], *known: str) -> None:
    if unknown := set(content) - set(known):
        raise ValueError(f"no such key: {', '.join(sorted(unknown))}")


def _code_sets(content: Mapping[str, Any]) -> dict[str, CodeSet]:
    return {
        name: CodeSet(name, frozenset(one.get("snomed", ())), tuple(one.get("words", ())))
        for name, one in content.items()
    }
