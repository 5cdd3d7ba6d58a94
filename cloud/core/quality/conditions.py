"""The questions a definition may ask of one encounter, each with the evidence for its answer.

They are data in the definition's file; here is what each one means. Nothing is guessed: a question
about a field that nobody filled in is answered `MISSING`, one that was filled in with a Not Value
`UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

from cloud.core.encounters.record import Coded, Field, Item, NotValue, PertinentNegative, Vital
from cloud.core.quality.cases import Case, Measured
from cloud.core.quality.code_sets import CodeSet
from cloud.core.quality.truth import Truth, all_of, any_of, opposite


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer rests on: a word for a person, when, and the id of what told it."""

    what: str
    at: datetime | None = None
    told_by: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The truth and its evidence."""

    truth: Truth
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class All:
    """Every one of the parts."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the parts."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of the part."""

    part: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Items of one list of the record, done and not taken back: at least `at_least` of them.

    `codes` are those their code must be among, None for any; `type` a finding's type, `values` what
    its named values may be. With `reasons` it asks for items that were *not* done for one of these.
    """

    list_name: str
    codes: CodeSet | None = None
    type: str = ""
    values: Mapping[str, tuple[str, ...]] | None = None
    reasons: tuple[PertinentNegative, ...] = ()
    at_least: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Values of one kind, by hand or by device: at least `at_least` of them.

    `below` and `from_value` bound the value (exclusive, inclusive). With `which` `first` only the
    first value counts; `apart` asks for one more at least that long after the first that fits.
    """

    kind: str
    at_least: int = 1
    below: Decimal | None = None
    from_value: Decimal | None = None
    which: str = "any"
    apart: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A field of the record: among `among`, or just told when that is empty.

    `when_missing` is the answer where nobody told it.
    """

    path: str
    among: tuple[str, ...] = ()
    when_missing: Truth = Truth.MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An act of the encounter; with `key` its data must be among `among`."""

    kind: str
    key: str = ""
    among: tuple[str, ...] = ()
    when_missing: Truth = Truth.MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """At most `minutes` from one time of the mission to another."""

    start: str
    end: str
    minutes: int


Condition: TypeAlias = "All | AnyOf | Not | Listed | Readings | Told | Happened | Within"


def ask(condition: Condition, case: Case) -> Answer:
    """The answer to one condition about one case."""
    return _ASKED[type(condition)](condition, case)


def minutes_between(case: Case, start: str, end: str) -> Decimal | None:
    """Minutes from one time of the mission to another, None where one of them is not told."""
    first, last = case.record.time(start), case.record.time(end)
    if first is None or last is None:
        return None
    return Decimal(int((last - first).total_seconds())) / 60


def _all(condition: All, case: Case) -> Answer:
    answers = [ask(part, case) for part in condition.parts]
    return Answer(all_of(one.truth for one in answers), _evidence(answers))


def _any(condition: AnyOf, case: Case) -> Answer:
    answers = [ask(part, case) for part in condition.parts]
    return Answer(any_of(one.truth for one in answers), _evidence(answers))


def _not(condition: Not, case: Case) -> Answer:
    answer = ask(condition.part, case)
    return Answer(opposite(answer.truth), answer.evidence)


def _listed(condition: Listed, case: Case) -> Answer:
    items: Sequence[Item] = getattr(case.record, condition.list_name)
    found = [item for item in items if _fits(condition, item)]
    evidence = tuple(Evidence(_words(item), item.at, str(item.item_id)) for item in found)
    return Answer(Truth.of(len(found) >= condition.at_least), evidence)


def _fits(condition: Listed, item: Item) -> bool:
    if item.not_value is not None:
        return False
    if condition.reasons:
        if item.not_done not in condition.reasons:
            return False
    elif item.not_done is not None:
        return False
    if condition.type and not (isinstance(item, Vital) and item.type == condition.type):
        return False
    if condition.values and not _values_fit(condition.values, item):
        return False
    code: Coded | None = getattr(item, "code", None)
    return condition.codes is None or (code is not None and condition.codes.holds(code))


def _values_fit(wanted: Mapping[str, tuple[str, ...]], item: Item) -> bool:
    held = dict(item.values) if isinstance(item, Vital) else {}
    return all(str(held.get(name, "")) in among for name, among in wanted.items())


def _words(item: Item) -> str:
    code: Coded | None = getattr(item, "code", None)
    if code is not None:
        words = code.display
    elif isinstance(item, Vital):
        words = item.type
    else:
        words = type(item).__name__.lower()
    return f"{words} not done: {item.not_done}" if item.not_done else words


def _readings(condition: Readings, case: Case) -> Answer:
    values = list(case.measured.get(condition.kind, ()))
    if condition.which == "first":
        values = values[:1]
    fitting = [one for one in values if _in_bounds(condition, one)]
    if condition.apart is not None and fitting:
        later = fitting[0].at + condition.apart
        fitting = [*fitting[:1], *(one for one in values if one.at >= later)]
        enough = len(fitting) > 1
    else:
        enough = condition.apart is None and len(fitting) >= condition.at_least
    evidence = tuple(
        Evidence(condition.kind, one.at, one.told_by) for one in fitting[: condition.at_least + 1]
    )
    return Answer(Truth.of(enough), evidence)


def _in_bounds(condition: Readings, one: Measured) -> bool:
    if condition.below is not None and one.value >= condition.below:
        return False
    return condition.from_value is None or one.value >= condition.from_value


def _told(condition: Told, case: Case) -> Answer:
    found = case.record.fields.get(condition.path)
    if found is None:
        return Answer(condition.when_missing)
    evidence = (Evidence(condition.path, found.at, str(found.op_id or "")),)
    if found.not_value is NotValue.NOT_APPLICABLE:
        return Answer(Truth.NO, evidence)
    if found.not_value is not None or _is_unknown(found):
        return Answer(Truth.UNKNOWN, evidence)
    if not condition.among:
        return Answer(Truth.YES, evidence)
    held = found.value if isinstance(found.value, list | tuple | set) else (found.value,)
    return Answer(Truth.of(any(str(one) in condition.among for one in held)), evidence)


def _is_unknown(found: Field) -> bool:
    return found.value is None or found.value == "unknown"


def _happened(condition: Happened, case: Case) -> Answer:
    act = case.record.newest(condition.kind)
    if act is None:
        return Answer(condition.when_missing)
    evidence = (Evidence(condition.kind, act.at, str(act.act_id)),)
    if not condition.key:
        return Answer(Truth.YES, evidence)
    held = act.data.get(condition.key)
    if held is None:
        return Answer(condition.when_missing, evidence)
    if held == "unknown":
        return Answer(Truth.UNKNOWN, evidence)
    return Answer(Truth.of(not condition.among or str(held) in condition.among), evidence)


def _within(condition: Within, case: Case) -> Answer:
    truths: list[Truth] = []
    evidence: list[Evidence] = []
    for name in (condition.start, condition.end):
        answer = ask(Told(path=f"times.{name}"), case)
        truths.append(answer.truth)
        evidence += answer.evidence
    told = all_of(truths)
    if told is not Truth.YES:
        return Answer(Truth.UNKNOWN if told is Truth.NO else told, tuple(evidence))
    minutes = minutes_between(case, condition.start, condition.end)
    if minutes is None or minutes < 0:
        # Times that run backwards are nobody's good or bad work.
        return Answer(Truth.UNKNOWN, tuple(evidence))
    return Answer(Truth.of(minutes <= condition.minutes), tuple(evidence))


def _evidence(answers: Sequence[Answer]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(piece for answer in answers for piece in answer.evidence))


_ASKED: Final[Mapping[type, Callable[..., Answer]]] = {
    All: _all,
    AnyOf: _any,
    Not: _not,
    Listed: _listed,
    Readings: _readings,
    Told: _told,
    Happened: _happened,
    Within: _within,
}
