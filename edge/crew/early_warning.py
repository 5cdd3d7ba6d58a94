"""The score of this patient now: measured numbers that are fresh enough, and what was told."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from edge.crew.news2 import Parameters, Score, score
from edge.crew.readings import Payload, Readings
from edge.crew.told import Assessment

# A number older than this is not the patient's state any more: it is missing.
_MONITORED: Final = timedelta(minutes=2)
_CUFF: Final = timedelta(minutes=20)
_THERMOMETER: Final = timedelta(hours=1)
_TOLD: Final = timedelta(minutes=30)
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
    is_fresh = told.at is not None and now - told.at <= _TOLD
    pulse = readings.number("hr", now=now, within=_MONITORED)
    if pulse is None:
        pulse = readings.number("pulse", now=now, within=_MONITORED)
    return Parameters(
        respiration_rate=readings.number("rr", now=now, within=_MONITORED),
        saturation=readings.number("spo2", now=now, within=_MONITORED),
        scale=told.scale,
        on_oxygen=told.on_oxygen if is_fresh else None,
        systolic=readings.number("nibp", now=now, within=_CUFF),
        pulse=pulse,
        consciousness=told.consciousness if is_fresh else None,
        temperature=readings.number("temp", now=now, within=_THERMOMETER),
    )


def payload(known: Parameters) -> Payload:
    """The score with its parts for the page; what is missing is said to be missing."""
    found = score(known)
    return {
        "total": found.total,
        "least": found.least,
        "risk": None if found.risk is None else found.risk.value,
        "red": found.has_red,
        "missing": [NAMES[name] for name in found.missing],
        "scale": known.scale.value,
        "parts": [
            {"name": NAMES[part.name], "points": part.points, "value": value}
            for part, value in zip(found.parts, _values(known), strict=True)
        ],
    }


def details(known: Parameters) -> tuple[tuple[str, str], ...]:
    """The score as an event keeps it."""
    found: Score = score(known)
    parts = [(part.name, str(part.points)) for part in found.parts if part.points is not None]
    total = [] if found.total is None else [("total", str(found.total))]
    return (*total, ("scale", str(known.scale.value)), *parts)


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
