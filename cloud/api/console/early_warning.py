"""NEWS2 of a patient on the board, of what was measured and told while that is fresh."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cloud.api.console.tiles import Readings
from cloud.core.encounters.record import EncounterRecord, Vital
from protocols.model.early_warning import (
    CUFF,
    MONITORED,
    THERMOMETER,
    TOLD,
    Consciousness,
    Fitness,
    Parameters,
    Part,
    Score,
    score,
)

NAMES: Final[Mapping[str, str]] = {
    "respiration_rate": "Respiration rate",
    "saturation": "SpO\u2082",
    "oxygen": "Air or oxygen",
    "systolic": "Systolic pressure",
    "pulse": "Pulse",
    "consciousness": "Consciousness",
    "temperature": "Temperature",
}
_LEVELS: Final[Mapping[str, Consciousness]] = {
    **{level.value: level for level in Consciousness},
    **{level.name: level for level in Consciousness},
}


def known_of(readings: Readings, record: EncounterRecord, now: datetime) -> Parameters:
    """The seven parameters as far as they are known now."""

    def number(tile: str, within: timedelta, *told: str) -> Decimal | None:
        measured = readings.number(tile, now, within)
        return measured if measured is not None else _told_number(record, now, told, within)

    pulse = number("hr", MONITORED, "heart_rate", "value")
    if pulse is None:
        pulse = readings.number("pulse", now, MONITORED)
    return Parameters(
        respiration_rate=number("rr", MONITORED, "respiration_rate", "value"),
        saturation=number("spo2", MONITORED, "spo2", "value"),
        on_oxygen=_on_oxygen(record, now),
        systolic=number("nibp", CUFF, "blood_pressure", "systolic"),
        pulse=pulse,
        consciousness=_consciousness(record, now),
        temperature=number("temp", THERMOMETER, "temperature", "value"),
    )


def payload(known: Parameters, age_years: int | None) -> dict[str, object]:
    """The score with its parts; what is missing is named, and no total is given then."""
    unfit = Fitness(age_years=age_years, is_pregnant=None).unfit
    found = score(known)
    missing = [NAMES[name] for name in found.missing]
    if unfit:
        found = Score(tuple(Part(part.name, None) for part in found.parts))
    return {
        "total": found.total,
        "least": found.least,
        "risk": None if found.risk is None else found.risk.value,
        "red": found.has_red,
        "unfit": unfit,
        "missing": missing,
        "parts": [
            {"name": NAMES[part.name], "points": part.points, "value": value}
            for part, value in zip(found.parts, _values(known), strict=True)
        ],
    }


def _newest(record: EncounterRecord, kind: str, now: datetime, within: timedelta) -> Vital | None:
    told = [
        one
        for one in record.vitals
        if one.type == kind and one.not_done is None and one.not_value is None
    ]
    newest = max(told, key=lambda one: one.at, default=None)
    return newest if newest is not None and now - newest.at <= within else None


def _told_number(
    record: EncounterRecord, now: datetime, told: tuple[str, ...], within: timedelta
) -> Decimal | None:
    kind, name = told
    found = _newest(record, kind, now, max(within, TOLD))
    value = None if found is None else dict(found.values).get(name)
    return value if isinstance(value, Decimal) else None


def _on_oxygen(record: EncounterRecord, now: datetime) -> bool | None:
    found = _newest(record, "oxygen", now, TOLD)
    flow = None if found is None else dict(found.values).get("flow")
    return flow > 0 if isinstance(flow, Decimal) else None


def _consciousness(record: EncounterRecord, now: datetime) -> Consciousness | None:
    found = _newest(record, "avpu", now, TOLD)
    level = None if found is None else dict(found.values).get("level")
    return None if level is None else _LEVELS.get(str(level).upper())


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
