"""The handover in a minute: ATMIST in words, and the same in a QR code without who it is."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import segno

from edge.commands.encounter import Binding
from edge.crew.readings import BY_ID, Payload
from edge.crew.told import Patient
from protocols.model.crew import CrewEvent, CrewEventKind

_BAND_YEARS: Final = 10
_MOST_OCTETS: Final = 900
_SIGNS: Final = ("hr", "spo2", "nibp", "rr", "etco2", "temp", "glucose")
_NOT_TREATMENT: Final = frozenset(
    {
        CrewEventKind.PATIENT_DETAILS,
        CrewEventKind.ENCOUNTER_BEGUN,
        CrewEventKind.ENCOUNTER_CONFIRMED,
        CrewEventKind.ENCOUNTER_RELEASED,
        CrewEventKind.EARLY_WARNING,
        CrewEventKind.PHOTOGRAPH,
        CrewEventKind.SHIFT_BEGUN,
        CrewEventKind.NOTE,
        CrewEventKind.HANDED_OVER,
    }
)


def atmist(
    *,
    patient: Patient,
    encounter: Binding | None,
    numbers: Mapping[str, Payload],
    news2: Payload,
    events: Iterable[CrewEvent],
    now: datetime,
) -> list[tuple[str, str]]:
    """Age and sex, time, mechanism, injuries, signs, treatment: (letter and word, text) each.

    What nobody told is said not to be told. The screen shows it behind the PIN.
    """
    age = patient.age(now.date())
    sex = patient.sex or (encounter.sex if encounter else "")
    started = f"{encounter.started_at:%H:%M} UTC" if encounter else ""
    complaint = patient.complaint or (encounter.complaint if encounter else "")
    return [
        ("A  Age, sex", ", ".join(filter(None, ("" if age is None else f"{age} years", sex)))),
        ("T  Time", started),
        ("M  Mechanism, complaint", "; ".join(filter(None, (patient.mechanism, complaint)))),
        ("I  Injuries, illness", patient.injuries),
        ("S  Signs", _signs(numbers, news2)),
        ("T  Treatment", _treatment(events)),
    ]


def code_text(
    lines: Iterable[tuple[str, str]],
    *,
    patient: Patient,
    encounter: Binding | None,
    now: datetime,
) -> str:
    """What the QR code holds: the encounter's reference and ATMIST, the age as a band.

    Neither name nor number nor date of birth is in it: whoever photographs the screen learns no
    more than the partner's projection tells. Cut where a code would be too dense for a screen.
    """
    sex = patient.sex or (encounter.sex if encounter else "")
    who = ", ".join(filter(None, (_band(patient.age(now.date())), sex)))
    rows = [
        f"VITALWIRE HANDOVER {now:%Y-%m-%d %H:%M}Z",
        f"ENCOUNTER {encounter.encounter_id if encounter else 'none'}",
        f"A {who or 'not told'}",
    ]
    rows += [f"{head[0]} {text or 'not told'}" for head, text in list(lines)[1:]]
    text = "\n".join(rows)
    while len(text.encode()) > _MOST_OCTETS:
        text = text[:-1]
    return text


def code_svg(text: str) -> bytes:
    """The QR code as an SVG of black on white, whatever the colours around it."""
    drawing = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawing,
        kind="svg",
        border=4,
        dark="#000",
        light="#fff",
        svgns=True,
        xmldecl=False,
        omitsize=True,
    )
    return drawing.getvalue()


def _band(age: int | None) -> str:
    if age is None:
        return ""
    first = age // _BAND_YEARS * _BAND_YEARS
    return f"{first}-{first + _BAND_YEARS - 1} years"


def _signs(numbers: Mapping[str, Payload], news2: Payload) -> str:
    parts = []
    for tile_id in _SIGNS:
        number = numbers.get(tile_id)
        if number is not None and number["value"] is not None:
            at = datetime.fromisoformat(str(number["at"]))
            label = BY_ID[tile_id].label
            parts.append(f"{label} {number['value']} {number['unit']} ({at:%H:%M})")
    if news2["total"] is not None:
        doubt = "" if news2["age_told"] else " (age not told)"
        parts.append(f"NEWS2 {news2['total']}{doubt}")
    return ", ".join(parts)


def _treatment(events: Iterable[CrewEvent]) -> str:
    done = [event for event in events if event.kind not in _NOT_TREATMENT]
    return ", ".join(f"{event.at:%H:%M} {event.words}" for event in done)
