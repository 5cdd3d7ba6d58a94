"""How the numbers of one patient went, as the page plots them: one chart, one unit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from cloud.api.console.tiles import TILE_OF
from cloud.core.encounters.early_warning import in_chart_unit
from cloud.core.observations.trends import TrendPoint
from protocols.model.codes import UnitCode
from protocols.model.observation import MeasurementStatus
from protocols.nomenclature.lookup import ucum

STEP_SECONDS: Final = 10
TRENDED: Final = ("hr", "pulse", "spo2", "rr", "etco2", "temp", "glucose")
PRESSURES: Final = (150020,)
TYPES: Final = (
    *(type_cf for type_cf, tile in TILE_OF.items() if tile.id in TRENDED),
    *PRESSURES,
)
_SYSTOLIC, _DIASTOLIC, _MEAN = 150021, 150022, 150023
_UNSURE: Final = (
    MeasurementStatus.INVALID | MeasurementStatus.NOT_AVAILABLE | (MeasurementStatus.ONGOING)
)


def trend_payload(points: Sequence[TrendPoint]) -> dict[str, object]:
    """By tile: [seconds since 1970, value]; of each step the lowest and the highest, so that
    nothing between them is smoothed away. Cuff readings each by itself.
    """
    series: dict[str, list[list[float]]] = {}
    steps: dict[str, list[list[float]]] = {}
    pressures: list[dict[str, object]] = []
    for point in points:
        if point.status & _UNSURE.value:
            continue
        if point.type_cf in PRESSURES:
            if (pressure := _pressure(point)) is not None:
                pressures.append(pressure)
            continue
        number = _number(point)
        if number is None:
            continue
        tile, at = TILE_OF[point.type_cf].id, point.observed_at.timestamp()
        step = steps.setdefault(tile, [])
        if step and at // STEP_SECONDS != step[0][0] // STEP_SECONDS:
            series.setdefault(tile, []).extend(_extremes(step))
            step.clear()
        step.append([round(at, 1), float(number)])
    for tile, step in steps.items():
        series.setdefault(tile, []).extend(_extremes(step))
    return {"series": series, "pressures": pressures}


def _extremes(step: Sequence[list[float]]) -> list[list[float]]:
    low, high = min(step, key=lambda one: one[1]), max(step, key=lambda one: one[1])
    return [low] if low[1] == high[1] else sorted((low, high))


def _number(point: TrendPoint) -> Decimal | None:
    if point.value is None or point.unit_term is None:
        return None
    return _in_chart_unit(point.value, point.unit_term)


def _in_chart_unit(number: Decimal, unit_term: int) -> Decimal | None:
    """The number in its chart's unit, None for a unit nobody knows."""
    unit = ucum(UnitCode(unit_term))
    return None if unit is None else in_chart_unit(number, unit)


def _pressure(point: TrendPoint) -> dict[str, object] | None:
    found: dict[int, Decimal] = {}
    for code, unit_term, digits, _special in point.components or ():
        if digits is None:
            continue
        number = _in_chart_unit(Decimal(digits), unit_term)
        if number is not None:
            found[code] = number
    if _SYSTOLIC not in found or _DIASTOLIC not in found:
        return None
    return {
        "at": round(point.observed_at.timestamp(), 1),
        "systolic": float(found[_SYSTOLIC]),
        "diastolic": float(found[_DIASTOLIC]),
        "mean": float(found[_MEAN]) if _MEAN in found else None,
    }
