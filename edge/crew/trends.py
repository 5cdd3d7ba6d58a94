"""How the numbers went: one point a quarter of a minute, and every cuff reading by itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.crew.readings import (
    DIASTOLIC,
    MEAN,
    SYSTOLIC,
    TILE_OF,
    Number,
    Payload,
    in_usual_unit,
    written,
)
from protocols.model.codes import SystemId
from protocols.model.observation import CompoundNumericObservation

STEP_SECONDS: Final = 15
MOST_POINTS: Final = 4 * 3600 // STEP_SECONDS
MOST_PRESSURES: Final = 60
TRENDED: Final = ("hr", "spo2", "etco2", "rr", "temp")


@dataclass(slots=True)
class Trends:
    """Points of one patient; the newest reading of each step stands for it.

    Whatever a device measures in, the points are in the units of their charts: mmHg, Celsius.
    """

    _points: dict[str, deque[tuple[int, float]]] = field(default_factory=dict)
    _pressures: deque[Payload] = field(default_factory=lambda: deque(maxlen=MOST_PRESSURES))

    def take(self, reading: Number, names: Mapping[SystemId, str]) -> bool:
        """Add a reading; True when the list of cuff readings changed."""
        tile = TILE_OF.get(reading.type.cf_code)
        if tile is None:
            return False
        if isinstance(reading, CompoundNumericObservation):
            if tile.id == "nibp":
                self._pressures.append(_pressure(reading, names))
            return tile.id == "nibp"
        number = in_usual_unit(reading.value)
        if tile.id in TRENDED and number is not None and not reading.status.value & 0xE000:
            step = int(reading.observed_at.at.timestamp()) // STEP_SECONDS * STEP_SECONDS
            points = self._points.setdefault(tile.id, deque(maxlen=MOST_POINTS))
            if points and points[-1][0] == step:
                points[-1] = (step, float(number))
            elif not points or points[-1][0] < step:
                points.append((step, float(number)))
        return False

    def payload(self) -> dict[str, list[list[float]]]:
        """By tile: [seconds since 1970, value] in time order."""
        return {tile: [[at, value] for at, value in kept] for tile, kept in self._points.items()}

    @property
    def pressures(self) -> list[Payload]:
        """Cuff readings, newest first."""
        return sorted(self._pressures, key=lambda one: str(one["at"]), reverse=True)

    def clear(self) -> None:
        """Another patient."""
        self._points.clear()
        self._pressures.clear()


def _pressure(reading: CompoundNumericObservation, names: Mapping[SystemId, str]) -> Payload:
    value, unit, absent, _ = written(reading)
    parts = dict(reading.components)

    def digits(code: object) -> str | None:
        quantity = next((part for key, part in parts.items() if key == code), None)
        number = quantity.number if quantity is not None else None
        return None if value is None or number is None else str(number)

    return {
        "id": str(reading.observation_id),
        "at": reading.observed_at.at.isoformat(),
        "systolic": digits(SYSTOLIC),
        "diastolic": digits(DIASTOLIC),
        "mean": digits(MEAN),
        "unit": unit,
        "absent": absent,
        "source": names.get(reading.device, ""),
    }
