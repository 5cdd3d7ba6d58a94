"""NEWS2 of a patient on the board, with its parts; what is missing is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from cloud.api.console.tiles import Readings
from cloud.core.encounters.early_warning import EarlyWarning, worked_out
from cloud.core.encounters.record import EncounterRecord
from protocols.model.early_warning import Parameters

NAMES: Final[Mapping[str, str]] = {
    "respiration_rate": "Respiration rate",
    "saturation": "SpO\u2082",
    "oxygen": "Air or oxygen",
    "systolic": "Systolic pressure",
    "pulse": "Pulse",
    "consciousness": "Consciousness",
    "temperature": "Temperature",
}


def warning_of(readings: Readings, record: EncounterRecord, at: datetime) -> EarlyWarning:
    """The score at a time, of the newest readings on the board and of what was told."""
    return worked_out(record, readings.by_type.values(), at)


def payload(found: EarlyWarning) -> dict[str, object]:
    """The score with its parts; no total where one is missing."""
    score = found.score
    return {
        "total": score.total,
        "least": score.least,
        "risk": None if score.risk is None else score.risk.value,
        "red": score.has_red,
        "unfit": found.unfit,
        "missing": [NAMES[name] for name in score.missing],
        "parts": [
            {"name": NAMES[part.name], "points": part.points, "value": value}
            for part, value in zip(score.parts, _values(found.known), strict=True)
        ],
    }


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
