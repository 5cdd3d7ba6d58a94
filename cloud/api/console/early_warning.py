"""NEWS2 of a patient on the board, with its parts; what is missing is named."""

from __future__ import annotations

from datetime import datetime

from cloud.api.console.tiles import Readings
from cloud.core.encounters.early_warning import EarlyWarning, worked_out
from cloud.core.encounters.record import EncounterRecord
from protocols.model.early_warning import NAMES


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
            for part, value in zip(score.parts, found.known.texts, strict=True)
        ],
    }
