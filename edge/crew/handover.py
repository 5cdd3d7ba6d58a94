"""The handover in a minute: ATMIST in words, and the same in a QR code without who it is."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.commands.encounter import Binding
from edge.crew.local_time import LocalTime
from edge.crew.readings import BY_ID, Payload
from edge.crew.told import Patient
from protocols.model.crew import CrewEvent, CrewEventKind

MOST_OCTETS: Final = 900
"""A denser code cannot be read from a screen."""
CUT: Final = "CUT TO FIT: the crew's screen has all of it"
_BAND_YEARS: Final = 10
_SHORTER: Final = (500, 120, 60, 24)
"""How many characters a text may have, tried one after the other."""
_MOST_TREATMENTS: Final = 60
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What the hospital is told. `events` are the crew's, oldest first; `now` is aware.

    All times in it are of `local`, and it says so.
    """

    patient: Patient
    encounter: Binding | None
    numbers: Mapping[str, Payload]
    news2: Payload
    events: Sequence[CrewEvent]
    now: datetime
    local: LocalTime

    def lines(self) -> list[tuple[str, str]]:
        """Age and sex, time, mechanism, injuries, signs, allergies, and treatment, which is long.

        (Letter and word, text) each; empty is what nobody told. The screen shows it behind the PIN.
        """
        age = self.patient.age(self.now.date())
        return [
            ("A  Age, sex", _joined(", ", "" if age is None else f"{age} years", self._sex)),
            ("T  Time", f"{self._started} (all times {self.local.label})"),
            ("M  Mechanism, complaint", self._mechanism),
            ("I  Injuries, illness", self.patient.injuries),
            ("S  Signs", self._signs),
            ("A  Allergies", self.patient.allergies),
            ("T  Treatment", ", ".join(self._treatment())),
        ]

    def code(self) -> str:
        """What the QR code holds: the encounter's reference and the same, the age as a band.

        Neither name nor number nor date of birth is in it: whoever photographs the screen learns
        no more than the partner's projection tells. What has no room is left out, and the code
        says so: the oldest treatment first, then the ends of long texts. Allergies are kept whole.
        """
        done = self._treatment()
        early = max(0, len(done) - _MOST_TREATMENTS)
        for most in _SHORTER:
            for left_out in range(early, max(early + 1, len(done))):
                text = self._code(done, left_out, most)
                if len(text.encode()) <= MOST_OCTETS:
                    return text
        text = self._code(done, len(done), _SHORTER[-1], is_cut=True)
        return text.encode()[:MOST_OCTETS].decode(errors="ignore")

    def _code(self, done: Sequence[str], left_out: int, most: int, *, is_cut: bool = False) -> str:
        texts = [self._mechanism, self.patient.injuries, self._signs, *done[left_out:]]
        is_cut = is_cut or left_out > 0 or any(len(text) > most for text in texts)
        age = _band(self.patient.age(self.now.date()))
        mark = f"({left_out} earlier NOT in this code) " if left_out else ""
        given = ", ".join(_short(text, most) for text in done[left_out:])
        rows = (
            f"VITALWIRE HANDOVER {self.local.day_and_clock(self.now)} {self.local.label}",
            *((CUT,) if is_cut else ()),
            f"ENCOUNTER {self.encounter.encounter_id if self.encounter else 'none'}",
            f"ALLERGIES {self.patient.allergies or 'not told'}",
            f"A {_joined(', ', age, self._sex) or 'not told'}",
            f"T {self._started}",
            f"M {_short(self._mechanism, most) or 'not told'}",
            f"I {_short(self.patient.injuries, most) or 'not told'}",
            f"S {_short(self._signs, most) or 'not told'}",
            f"T {mark}{given or 'not told'}",
        )
        return "\n".join(rows)

    @property
    def _sex(self) -> str:
        return self.patient.sex or (self.encounter.sex if self.encounter else "")

    @property
    def _started(self) -> str:
        return self.local.clock(self.encounter.started_at) if self.encounter else "no encounter"

    @property
    def _mechanism(self) -> str:
        bound = self.encounter.complaint if self.encounter else ""
        return _joined("; ", self.patient.mechanism, self.patient.complaint or bound)

    @property
    def _signs(self) -> str:
        parts = []
        for tile_id in _SIGNS:
            number = self.numbers.get(tile_id)
            if number is not None and number["value"] is not None:
                at = self.local.clock(datetime.fromisoformat(str(number["at"])))
                label = BY_ID[tile_id].label
                parts.append(f"{label} {number['value']} {number['unit']} ({at})")
        if self.news2["total"] is not None:
            doubt = "" if self.news2["age_told"] else " (age not told)"
            parts.append(f"NEWS2 {self.news2['total']}{doubt}")
        return ", ".join(parts)

    def _treatment(self) -> list[str]:
        done = [event for event in self.events if event.kind not in _NOT_TREATMENT]
        return [f"{self.local.clock(event.at)} {event.words}" for event in done]


def code_svg(text: str) -> bytes:
    """The QR code as an SVG of black on white, whatever the colours around it."""
    import segno  # noqa: PLC0415 - most runs hand nobody over

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


def _joined(between: str, *texts: str) -> str:
    return between.join(filter(None, texts))


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _band(age: int | None) -> str:
    if age is None:
        return ""
    first = age // _BAND_YEARS * _BAND_YEARS
    return f"{first}-{first + _BAND_YEARS - 1} years"
