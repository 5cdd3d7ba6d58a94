"""What happened, how grave it is, and what the banner says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cloud.core.observations.stored import StoredObservation
from protocols.model.codes import MdcCode
from protocols.model.crew import CrewEvent, CrewEventKind
from protocols.model.observation import CodedObservation, TextObservation
from protocols.nomenclature.lookup import find
from protocols.nomenclature.private import CHARGED, CIRCULATION_RETURNED, SHOCK_DELIVERED


class Severity(StrEnum):
    """How an event is shown; the banner follows the critical and good ones."""

    CRITICAL = "critical"
    WARNING = "warning"
    THERAPY = "therapy"
    GOOD = "good"
    INFO = "info"
    NONE = "none"


_EVENTS: Final = 3
_FINDINGS: Final = 2
_ARRESTS: Final = {
    MdcCode(_EVENTS, 3198): "Ventricular fibrillation",
    MdcCode(_FINDINGS, 16960): "Ventricular fibrillation",
    MdcCode(_FINDINGS, 16414): "Ventricular fibrillation",
    MdcCode(_EVENTS, 3224): "Ventricular tachycardia",
    MdcCode(_EVENTS, 3226): "Ventricular tachycardia",
    MdcCode(_EVENTS, 3228): "Ventricular tachycardia",
    MdcCode(_EVENTS, 3230): "Ventricular tachycardia",
    MdcCode(_FINDINGS, 17088): "Ventricular tachycardia",
    MdcCode(_FINDINGS, 16410): "Ventricular tachycardia",
    MdcCode(_EVENTS, 3076): "Asystole",
    MdcCode(_FINDINGS, 16456): "Asystole",
}
"""Rhythms without a pulse, or that may have none: event codes and ECG findings of 10101."""

_GRADES: Final = {
    CHARGED: Severity.THERAPY,
    SHOCK_DELIVERED: Severity.THERAPY,
    CIRCULATION_RETURNED: Severity.GOOD,
}
"""Our own terms for what a defibrillator does and sees."""

_CREW_GRADES: Final[dict[str, Severity]] = {
    CrewEventKind.SHOCK: Severity.THERAPY,
    CrewEventKind.DRUG: Severity.THERAPY,
    CrewEventKind.AIRWAY: Severity.THERAPY,
    CrewEventKind.CPR_STARTED: Severity.CRITICAL,
    CrewEventKind.CIRCULATION_RETURNED: Severity.GOOD,
}

_WORDS: Final = (
    (re.compile(r"return of spontaneous circulation|\brosc\b", re.IGNORECASE), Severity.GOOD),
    (re.compile(r"cardiac arrest|\bno pulse\b", re.IGNORECASE), Severity.CRITICAL),
    (re.compile(r"\bshock|\bcharg|\bdefib|\bpacing", re.IGNORECASE), Severity.THERAPY),
)
_LONGEST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as the board tells it."""

    id: str
    at: datetime
    severity: Severity
    text: str
    is_undone: bool = False

    def payload(self) -> dict[str, object]:
        """What the page gets."""
        undone = {"undone": True} if self.is_undone else {}
        return {
            "id": self.id,
            "at": self.at.isoformat(),
            "severity": self.severity.value,
            "text": self.text,
            **undone,
        }


def happening_of(stored: StoredObservation) -> Happening | None:
    """The event a reading tells of, None for a measurement."""
    observation = stored.observation
    if isinstance(observation, CodedObservation):
        severity, text = _coded(observation.value)
    elif isinstance(observation, TextObservation) and observation.text.strip():
        text = observation.text.strip()[:_LONGEST_TEXT]
        text = text[0].upper() + text[1:]
        severity = next((grade for words, grade in _WORDS if words.search(text)), Severity.INFO)
    else:
        return None
    return Happening(str(observation.observation_id), observation.observed_at.at, severity, text)


def crew_happening(event: CrewEvent) -> Happening:
    """What the crew did, as the board tells it; who did it stays with the crew."""
    severity = _CREW_GRADES.get(event.kind, Severity.INFO)
    text = event.words[:_LONGEST_TEXT]
    return Happening(str(event.event_id), event.at, severity, f"Crew: {text}")


def banner(happenings: list[Happening]) -> dict[str, object]:
    """The banner: the last event that says how the patient is, if there is any."""
    grave = (Severity.CRITICAL, Severity.GOOD)
    decisive = [one for one in happenings if one.severity in grave and not one.is_undone]
    if not decisive:
        return {"severity": Severity.NONE.value, "title": "", "at": None}
    last = max(decisive, key=lambda one: one.at)
    return {"severity": last.severity.value, "title": last.text, "at": last.at.isoformat()}


def _coded(value: MdcCode) -> tuple[Severity, str]:
    if value in _ARRESTS:
        return Severity.CRITICAL, _ARRESTS[value]
    term = find(value)
    text = term.display if term is not None else f"Event {value.cf_code}"
    usual = Severity.WARNING if value.partition == _EVENTS else Severity.INFO
    return _GRADES.get(value, usual), text
