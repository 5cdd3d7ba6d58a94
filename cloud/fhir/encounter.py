"""Encounter: one patient contact in the field, from the call to the handover."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import Impression
from cloud.fhir import systems
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names
from cloud.fhir.times import instant

STATUS: Final = {
    "in_progress": "in-progress",
    "ready_for_handover": "in-progress",
    "handed_over": "finished",
    "completed": "finished",
    "cancelled": "cancelled",
    "duplicate": "entered-in-error",
}
_PRIORITY: Final = {
    "critical": ("EM", "emergency"),
    "emergent": ("UR", "urgent"),
    "lower_acuity": ("R", "routine"),
    "red": ("EM", "emergency"),
    "yellow": ("UR", "urgent"),
    "green": ("R", "routine"),
}


def encounter(names: Names, handover: Handover) -> Element:
    """The encounter with where it was, who took part and what they believe is wrong."""
    service = names.reference("Organization")
    return element(
        resourceType="Encounter",
        identifier=[
            {"system": systems.ENCOUNTER, "value": handover.encounter_id},
            {
                "system": systems.CAD_INCIDENT,
                "value": handover.cad_incident_id,
                "assigner": service,
            },
        ],
        status=STATUS.get(handover.status, "unknown"),
        statusHistory=_status_history(handover),
        class_={"system": systems.ACT_CODE, "code": "FLD", "display": "field"},
        type=[
            {
                "coding": [{"system": systems.SNOMED, "code": "11424001"}],
                "text": handover.care_model.replace("_", " "),
            }
        ],
        priority=_priority(handover),
        subject=names.reference("Patient"),
        participant=[
            {"individual": names.reference("Practitioner", crew_id)}
            for crew_id in handover.crew_ids
        ],
        period=period(began_at(handover), handover.handover_at),
        reasonCode=[{"text": handover.chief_complaint}] if handover.chief_complaint else None,
        diagnosis=_diagnoses(names, handover.record.impressions),
        hospitalization=(
            {"destination": names.reference("Facility", handover.destination)}
            if handover.destination
            else None
        ),
        location=_locations(names, handover),
        serviceProvider=service,
    )


def has_ended(handover: Handover) -> bool:
    """Whether the encounter is over, as far as FHIR is concerned."""
    return STATUS.get(handover.status) != "in-progress"


def began_at(handover: Handover) -> datetime:
    """When the call was connected, or the earliest that is known after it."""
    record = handover.record
    told = [record.time("call"), record.time("dispatch_notified"), handover.started_at]
    ended = handover.handover_at
    return next(
        at for at in told if at is not None and (ended is None or at <= ended or at == told[-1])
    )


def period(start: datetime | None, end: datetime | None) -> Element | None:
    """From start to end, as far as they are known; an end before its start is none."""
    if start is not None and end is not None and end < start:
        end = None
    told = element(
        start=instant(start) if start else None,
        end=instant(end) if end else None,
    )
    return told or None


def _status_history(handover: Handover) -> list[Element]:
    """The statuses it had, each from the time that began it to the one that began the next."""
    record = handover.record
    began = [
        ("planned", record.time("call") or record.time("dispatch_notified")),
        ("arrived", record.time("on_scene")),
        ("in-progress", record.time("at_patient") or handover.started_at),
        ("finished", handover.handover_at),
    ]
    known = sorted(
        ((at, place, status) for place, (status, at) in enumerate(began) if at is not None),
    )
    in_order = [place for _, place, _ in known] == sorted(place for _, place, _ in known)
    if not in_order:
        return []
    ends = [at for at, _, _ in known[1:]]
    return [
        {"status": status, "period": {"start": instant(at), "end": instant(end)}}
        for (at, _, status), end in zip(known, ends, strict=False)
    ]


def _priority(handover: Handover) -> Element | None:
    told = str(handover.record.value("acuity") or "").lower()
    found = next((row for word, row in _PRIORITY.items() if told.startswith(word)), None)
    if found is None:
        return {"text": told.replace("_", " ")} if told else None
    code, display = found
    return {
        "coding": [{"system": systems.ACT_PRIORITY, "code": code, "display": display}],
        "text": told.replace("_", " "),
    }


def _diagnoses(names: Names, impressions: Sequence[Impression]) -> list[Element]:
    """The impressions, the primary one first; those that were ruled out are none."""
    held = [one for one in impressions if one.not_done is None and one.not_value is None]
    held.sort(key=lambda one: not one.is_primary)
    return [
        element(
            condition=names.reference("Impression", str(one.item_id)),
            rank=place,
        )
        for place, one in enumerate(held, start=1)
    ]


def _locations(names: Names, handover: Handover) -> list[Element]:
    """Scene, vehicle and destination with the times between which the patient was there."""
    record, ended = handover.record, handover.handover_at
    found = []
    on_scene, left = record.time("on_scene"), record.time("left_scene")
    if on_scene is not None:
        found.append(
            _location(names.reference("Scene"), on_scene, left, is_over=bool(left or ended))
        )
    arrived = record.time("at_destination")
    found.append(
        _location(names.reference("Location"), left, arrived or ended, is_over=bool(ended))
    )
    if handover.destination and arrived is not None:
        there = names.reference("Facility", handover.destination)
        found.append(_location(there, arrived, ended, is_over=bool(ended)))
    return found


def _location(
    place: Element, start: datetime | None, end: datetime | None, *, is_over: bool
) -> Element:
    return element(
        location=place,
        status="completed" if is_over else "active",
        period=period(start, end),
    )
