"""One encounter against one version of an indicator: the same record gives the same verdict."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cloud.core.quality.cases import Case
from cloud.core.quality.conditions import Answer, Evidence, ask, minutes_between
from cloud.core.quality.definitions import Duration, Element, Version
from cloud.core.quality.truth import Truth, all_of


class Outcome(StrEnum):
    """What an encounter is to an indicator."""

    NOT_APPLICABLE = "not_applicable"
    """It does not belong to the denominator."""
    EXCLUDED = "excluded"
    """It would, but an exclusion of the definition holds."""
    MET = "met"
    EXCEPTED = "excepted"
    """Met, with at least one part excused by a documented reason."""
    NOT_MET = "not_met"
    UNKNOWN = "unknown"
    """Somebody said that what decides is not known."""
    MISSING = "missing"
    """What decides was not written down."""


@dataclass(frozen=True, slots=True)
class ElementVerdict:
    """One part of a bundle: met, excepted, not_met, unknown or missing."""

    name: str
    outcome: Outcome
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome, its parts and what it rests on; `minutes` where a median is taken."""

    outcome: Outcome
    elements: tuple[ElementVerdict, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    minutes: Decimal | None = None


_OPEN = {Truth.UNKNOWN: Outcome.UNKNOWN, Truth.MISSING: Outcome.MISSING}


def judge(version: Version, case: Case) -> Verdict:
    """The verdict on one case."""
    belongs = ask(version.denominator, case)
    if belongs.truth is Truth.NO:
        return Verdict(outcome=Outcome.NOT_APPLICABLE)
    if version.excluded is not None:
        excluded = ask(version.excluded, case)
        if excluded.truth is Truth.YES:
            return Verdict(outcome=Outcome.EXCLUDED, evidence=excluded.evidence)
    if belongs.truth is not Truth.YES:
        return Verdict(outcome=_OPEN[belongs.truth], evidence=belongs.evidence)
    if version.duration is not None:
        return _timed(version.duration, belongs, case)
    return _bundle(version.elements, belongs, case)


def _timed(duration: Duration, belongs: Answer, case: Case) -> Verdict:
    minutes = minutes_between(case, duration.start, duration.end)
    if minutes is None:
        return Verdict(outcome=Outcome.MISSING, evidence=belongs.evidence)
    if minutes < 0:
        # Times that run backwards say nothing about how long it took.
        return Verdict(outcome=Outcome.UNKNOWN, evidence=belongs.evidence)
    return Verdict(outcome=Outcome.MET, evidence=belongs.evidence, minutes=minutes)


def _bundle(elements: tuple[Element, ...], belongs: Answer, case: Case) -> Verdict:
    verdicts, truths = [], []
    for element in elements:
        answer = ask(element.met, case)
        outcome = _OPEN.get(
            answer.truth, Outcome.MET if answer.truth is Truth.YES else Outcome.NOT_MET
        )
        evidence = answer.evidence
        if outcome is not Outcome.MET and element.excused is not None:
            excuse = ask(element.excused, case)
            if excuse.truth is Truth.YES:
                outcome, evidence = Outcome.EXCEPTED, excuse.evidence
        verdicts.append(ElementVerdict(element.name, outcome, evidence))
        truths.append(Truth.YES if outcome is Outcome.EXCEPTED else answer.truth)
    together = all_of(truths)
    if together is Truth.YES:
        is_excepted = any(one.outcome is Outcome.EXCEPTED for one in verdicts)
        outcome = Outcome.EXCEPTED if is_excepted else Outcome.MET
    else:
        outcome = _OPEN.get(together, Outcome.NOT_MET)
    return Verdict(outcome=outcome, elements=tuple(verdicts), evidence=belongs.evidence)
