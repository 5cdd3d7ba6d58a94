"""Deeds of the crew as somebody may see them who must not know who the patient is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from protocols.model.crew import CrewEvent, CrewEventKind
from protocols.model.early_warning import PARTS

_DETAILS: Final[Mapping[str, frozenset[str]]] = {
    CrewEventKind.DRUG: frozenset({"drug", "dose", "unit", "route"}),
    CrewEventKind.SHOCK: frozenset({"energy"}),
    CrewEventKind.AIRWAY: frozenset({"device"}),
    CrewEventKind.EARLY_WARNING: frozenset({*PARTS, "total", "risk"}),
    CrewEventKind.PATIENT_DETAILS: frozenset({"sex"}),
}
"""Of each kind what names nobody; of a kind that is not here, nothing."""


def plain_deed(event: CrewEvent, crew_ids: list[str]) -> CrewEvent:
    """The event without what was written by hand; who did it stays where it is a crew id."""
    kept = _DETAILS.get(event.kind, frozenset())
    return replace(
        event,
        by=event.by if event.by in crew_ids else "",
        text="",
        details=tuple((name, value) for name, value in event.details if name in kept),
    )
