"""The score of this patient now: measured numbers that are fresh enough, and what was told."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from edge.crew.readings import Payload, Readings
from edge.crew.told import Assessment
from protocols.model.early_warning import (
    CUFF,
    MONITORED,
    THERMOMETER,
    TOLD,
    Fitness,
    Parameters,
    Part,
    Score,
    score,
)

NAMES: Final = {
    "respiration_rate": "Respiration rate",
    "saturation": "SpO\u2082",
    "oxygen": "Air or oxygen",
    "systolic": "Systolic pressure",
    "pulse": "Pulse",
    "consciousness": "Consciousness",
    "temperature": "Temperature",
}


def parameters(readings: Readings, told: Assessment, now: datetime) -> Parameters:
    """What is known of the seven now."""
    pulse = readings.number("hr", now=now, within=MONITORED)
    if pulse is None:
        pulse = readings.number("pulse", now=now, within=MONITORED)
    return Parameters(
        respiration_rate=readings.number("rr", now=now, within=MONITORED),
        saturation=readings.number("spo2", now=now, within=MONITORED),
        scale=told.scale,
        on_oxygen=told.on_oxygen if _is_fresh(told.on_oxygen_at, now) else None,
        systolic=readings.number("nibp", now=now, within=CUFF),
        pulse=pulse,
        consciousness=told.consciousness if _is_fresh(told.consciousness_at, now) else None,
        temperature=readings.number("temp", now=now, within=THERMOMETER),
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
    return told_at is not None and now - told_at <= TOLD


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
