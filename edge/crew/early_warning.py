"""The score of this patient now: measured numbers that are fresh enough, and what was told."""

from __future__ import annotations

from datetime import datetime

from edge.crew.readings import Payload, Readings
from edge.crew.told import Assessment
from protocols.model.early_warning import (
    CUFF,
    MONITORED,
    NAMES,
    THERMOMETER,
    TOLD,
    Fitness,
    Parameters,
    Part,
    Score,
    score,
)


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
            for part, value in zip(found.parts, known.texts, strict=True)
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
