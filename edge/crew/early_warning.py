"""The score of this patient now: measured numbers that are fresh enough, and what was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from edge.crew.news2 import Parameters, Part, Score, score
from edge.crew.readings import Payload, Readings
from edge.crew.told import Assessment

# A number older than this is not the patient's state any more: it is missing.
_MONITORED: Final = timedelta(minutes=2)
_CUFF: Final = timedelta(minutes=20)
_THERMOMETER: Final = timedelta(hours=1)
_TOLD: Final = timedelta(minutes=30)
_YOUNGEST_YEARS: Final = 16
NAMES: Final = {
    "respiration_rate": "Respiration rate",
    "saturation": "SpO\u2082",
    "oxygen": "Air or oxygen",
    "systolic": "Systolic pressure",
    "pulse": "Pulse",
    "consciousness": "Consciousness",
    "temperature": "Temperature",
}


@dataclass(frozen=True, slots=True)
class Fitness:
    """Whether the chart is made for this patient; None: nobody told.

    It is not for children under 16 and not for pregnancy, by its authors' own words.
    """

    age_years: int | None
    is_pregnant: bool | None

    @property
    def unfit(self) -> str:
        """Whom the chart is not made for, in words; empty where it may be used."""
        if self.age_years is not None and self.age_years < _YOUNGEST_YEARS:
            return f"under {_YOUNGEST_YEARS}"
        return "pregnancy" if self.is_pregnant else ""


def parameters(readings: Readings, told: Assessment, now: datetime) -> Parameters:
    """What is known of the seven now."""
    pulse = readings.number("hr", now=now, within=_MONITORED)
    if pulse is None:
        pulse = readings.number("pulse", now=now, within=_MONITORED)
    return Parameters(
        respiration_rate=readings.number("rr", now=now, within=_MONITORED),
        saturation=readings.number("spo2", now=now, within=_MONITORED),
        scale=told.scale,
        on_oxygen=told.on_oxygen if _is_fresh(told.on_oxygen_at, now) else None,
        systolic=readings.number("nibp", now=now, within=_CUFF),
        pulse=pulse,
        consciousness=told.consciousness if _is_fresh(told.consciousness_at, now) else None,
        temperature=readings.number("temp", now=now, within=_THERMOMETER),
    )


def payload(known: Parameters, fitness: Fitness) -> Payload:
    """The score with its parts for the page; what is missing is said to be missing.

    Of a patient the chart is not made for: the values without any points.
    """
    found = score(known)
    if fitness.unfit:
        found = Score(tuple(Part(part.name, None) for part in found.parts))
    return {
        "total": found.total,
        "least": found.least,
        "risk": None if found.risk is None else found.risk.value,
        "red": found.has_red,
        "unfit": fitness.unfit,
        "age_told": fitness.age_years is not None,
        "missing": [NAMES[name] for name in score(known).missing],
        "scale": known.scale.value,
        "parts": [
            {"name": NAMES[part.name], "points": part.points, "value": value}
            for part, value in zip(found.parts, _values(known), strict=True)
        ],
    }


def details(known: Parameters, fitness: Fitness) -> tuple[tuple[str, str], ...]:
    """The score as an event keeps it; with a word where nobody told the age."""
    found: Score = score(known)
    parts = [(part.name, str(part.points)) for part in found.parts if part.points is not None]
    total = [] if found.total is None else [("total", str(found.total))]
    age = [("age", "not told")] if fitness.age_years is None else []
    return (*total, ("scale", str(known.scale.value)), *parts, *age)


def _is_fresh(told_at: datetime | None, now: datetime) -> bool:
    return told_at is not None and now - told_at <= _TOLD


def _values(known: Parameters) -> tuple[str, ...]:
    def text(number: Decimal | None) -> str:
        return "" if number is None else f"{number.normalize():f}"

    oxygen = {None: "", True: "oxygen", False: "air"}[known.on_oxygen]
    level = "" if known.consciousness is None else known.consciousness.name.lower()
    return (
        text(known.respiration_rate),
        text(known.saturation),
        oxygen,
        text(None if known.systolic is None else known.systolic.to_integral_value()),
        text(known.pulse),
        level,
        text(known.temperature),
    )
