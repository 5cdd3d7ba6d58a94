"""What happened, in one list: what the crew did, and what the devices told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.crew.desk import STAYS
from edge.crew.readings import Payload
from protocols.model.codes import MdcCode, SystemId
from protocols.model.crew import CrewEvent, CrewEventKind
from protocols.model.observation import CodedObservation, TextObservation
from protocols.nomenclature.lookup import find
from protocols.nomenclature.private import CIRCULATION_RETURNED, SHOCK_DELIVERED

MOST_TOLD: Final = 200
_EVENTS: Final = 3
_LONGEST: Final = 160
_GRADES: Final[dict[str, str]] = {
    CrewEventKind.DRUG: "therapy",
    CrewEventKind.SHOCK: "therapy",
    CrewEventKind.AIRWAY: "therapy",
    CrewEventKind.CPR_STARTED: "critical",
    CrewEventKind.CIRCULATION_RETURNED: "good",
}
_SHOWN_NEVER: Final = frozenset(
    {CrewEventKind.UNDONE, CrewEventKind.SHIFT_BEGUN, CrewEventKind.SHIFT_ENDED}
)
Told = CodedObservation | TextObservation


def crew_payload(event: CrewEvent, *, is_undone: bool, is_saved: bool) -> Payload:
    """One deed of the crew, as the page lists it."""
    return {
        "id": str(event.event_id),
        "kind": event.kind,
        "at": event.at.isoformat(),
        "by": event.by,
        "text": event.words,
        "details": dict(event.details),
        "grade": _GRADES.get(event.kind, "info"),
        "undone": is_undone,
        "saved": is_saved,
        "undo": event.kind not in STAYS,
        "from": "crew",
    }


def is_listed(event: CrewEvent) -> bool:
    """Whether an event has a line of its own; an undo is seen on what it takes back."""
    return event.kind not in _SHOWN_NEVER


@dataclass(slots=True)
class DeviceTales:
    """What the devices told of this patient, the newest so many."""

    _told: deque[Payload] = field(default_factory=lambda: deque(maxlen=MOST_TOLD))
    _last: dict[tuple[SystemId, MdcCode], str] = field(default_factory=dict)

    def take(self, observation: Told, names: Mapping[SystemId, str]) -> Payload | None:
        """The line of what a device told, None when it only says the same again."""
        text, grade = _words(observation)
        key = (observation.device, observation.type)
        if not text or self._last.get(key) == text:
            return None
        self._last[key] = text
        line: Payload = {
            "id": str(observation.observation_id),
            "kind": "device",
            "at": observation.observed_at.at.isoformat(),
            "by": names.get(observation.device, "device"),
            "text": text,
            "details": {},
            "grade": grade,
            "undone": False,
            "saved": True,
            "undo": False,
            "from": "device",
        }
        self._told.append(line)
        return line

    def lines(self) -> list[Payload]:
        """All of it, in the order of arrival."""
        return list(self._told)

    def clear(self) -> None:
        """Another patient."""
        self._told.clear()
        self._last.clear()


def by_time(lines: Iterable[Payload]) -> list[Payload]:
    """Newest first."""
    return sorted(lines, key=lambda line: str(line["at"]), reverse=True)


def _words(observation: Told) -> tuple[str, str]:
    if isinstance(observation, TextObservation):
        text = observation.text.strip()[:_LONGEST]
        return text[:1].upper() + text[1:], "info"
    term = find(observation.value)
    text = term.display if term is not None else f"Event {observation.value.cf_code}"
    if observation.value == SHOCK_DELIVERED:
        return text, "therapy"
    if observation.value == CIRCULATION_RETURNED:
        return text, "good"
    return text, "warning" if observation.value.partition == _EVENTS else "info"
