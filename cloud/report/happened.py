"""What happened, in time order, and what the pictures are marked by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import ActKind
from protocols.model.observation import CodedObservation, TextObservation
from protocols.nomenclature.lookup import find
from protocols.nomenclature.private import CIRCULATION_RETURNED, SHOCK_DELIVERED

MOST_EVENTS: Final = 120

_ACTS: Final = {
    ActKind.CREATED: "Encounter opened",
    ActKind.PRE_ALERT: "Pre-alert sent",
    ActKind.DESTINATION_CHANGED: "Destination changed",
    ActKind.VEHICLE_CHANGED: "Vehicle changed",
    ActKind.MADE_READY: "Ready for handover",
    ActKind.HANDED_OVER: "Handed over",
    ActKind.ACKNOWLEDGED: "Acknowledged by the hospital",
    ActKind.REFUSED: "Care refused",
    ActKind.OUTCOME: "Outcome told by the hospital",
    ActKind.COMPLETED: "Completed",
    ActKind.CANCELLED: "Cancelled",
    ActKind.DUPLICATE: "Marked as a duplicate",
    ActKind.AMENDED: "Amended",
    ActKind.PATIENT_IDENTIFIED: "Patient identified",
    ActKind.PATIENT_CORRECTED: "Patient corrected",
    ActKind.PATIENT_UNLINKED: "Patient unlinked: it was somebody else",
    ActKind.READINGS_MOVED: "Readings moved",
}
_ARRESTS: Final = (3198, 3224, 3226, 3228, 3230, 3076)
_MARKED: Final = (SHOCK_DELIVERED, CIRCULATION_RETURNED)

Event = tuple[datetime, str]
"""When, and what in words."""


def events_of(handover: Handover) -> list[Event]:
    """Everything that happened; of very many the newest, and a line that says so."""
    found = [*_of_devices(handover), *_of_acts(handover)]
    found.sort(key=lambda event: event[0])
    if len(found) <= MOST_EVENTS:
        return found
    left = len(found) - MOST_EVENTS
    kept = found[-MOST_EVENTS:]
    return [(kept[0][0], f"{left} earlier events are in the electronic record"), *kept]


def marks_of(handover: Handover) -> list[Event]:
    """What the pictures are marked by: rhythms without a pulse, shocks, circulation returned."""
    found = []
    for stored in handover.observations:
        observation = stored.observation
        if not isinstance(observation, CodedObservation):
            continue
        code = observation.value
        if code in _MARKED or (code.partition == 3 and code.term in _ARRESTS):
            found.append((observation.observed_at.at, _words(observation)))
    return sorted(found)


def _of_devices(handover: Handover) -> list[Event]:
    found = []
    for stored in handover.observations:
        observation = stored.observation
        if isinstance(observation, CodedObservation):
            found.append((observation.observed_at.at, _words(observation)))
        elif isinstance(observation, TextObservation) and observation.text.strip():
            found.append((observation.observed_at.at, observation.text.strip()[:200]))
    return found


def _of_acts(handover: Handover) -> list[Event]:
    return [(act.at, _ACTS[ActKind(act.kind)]) for act in handover.record.acts if act.kind in _ACTS]


def _words(observation: CodedObservation) -> str:
    term = find(observation.value)
    return term.display if term is not None else f"Event {observation.value.cf_code}"


def strip_marks(marks: Sequence[Event]) -> list[Event]:
    """The first of each kind: each strip shows something else."""
    seen: dict[str, Event] = {}
    for at, words in marks:
        seen.setdefault(words, (at, words))
    return list(seen.values())
