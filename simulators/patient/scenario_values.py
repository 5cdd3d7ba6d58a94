"""The values of a scenario file in the words and units of a crew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from simulators.patient.physiology import HEALTHY, Physiology, replaced
from simulators.patient.scenario_fields import Table

_PRESSURE: Final = re.compile(r"(\d{1,3})\s*/\s*(\d{1,3})")
_GLUCOSE: Final = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s*(mmol/L|mg/dL)")
_MG_DL_PER_MMOL_L: Final = 18.016
_MM_PER_MV: Final = 10.0


@dataclass(frozen=True, slots=True)
class Value:
    """A key of the file: the quantity it stands for, its range, and how much of it is one unit."""

    key: str
    quantity: str
    low: float
    high: float
    unit: str
    scale: float = 1.0


PLAIN: Final = (
    Value("heart-rate", "heart_rate", 0, 300, "a minute"),
    Value("spo2", "spo2", 0, 100, "percent"),
    Value("breaths", "respiratory_rate", 0, 80, "a minute"),
    Value("etco2", "end_tidal", 0, 120, "mmHg"),
    Value("temperature", "temperature", 20, 45, "degrees Celsius"),
    Value("perfusion", "perfusion", 0, 1.5, "1 is a warm finger"),
    Value("airway-obstruction", "obstruction", 0, 1, "1 is shut"),
    Value("st-elevation", "st_elevation", 0, 10, "mm of the strip", 1 / _MM_PER_MV),
    Value("pads-impedance", "impedance", 20, 250, "Ohm"),
)
PRESSURE: Final = "blood-pressure"
GLUCOSE: Final = "glucose"
KEYS: Final = (*(value.key for value in PLAIN), PRESSURE, GLUCOSE)


def read_moves(table: Table, *, ignore: Iterable[str] = ()) -> dict[str, float]:
    """Where a table's keys send the quantities of a body."""
    table.refuse_others((*ignore, *KEYS))
    moves: dict[str, float] = {}
    for value in PLAIN:
        if table.has(value.key):
            moves[value.quantity] = _number(table, value) * value.scale
    special: tuple[tuple[str, Callable[[Table], dict[str, float]]], ...] = (
        (PRESSURE, _pressure),
        (GLUCOSE, _glucose),
    )
    for key, read in special:
        if table.has(key):
            moves.update(read(table))
    return moves


def read_body(table: Table) -> Physiology:
    """The patient as they are found; what the table leaves out is as in health."""
    return Physiology.of(replaced(HEALTHY.as_quantities(), read_moves(table)))


def _number(table: Table, value: Value) -> float:
    found = table.value(value.key)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if not is_number or not value.low <= float(str(found)) <= value.high:
        raise table.error(
            value.key,
            f"{value.key} is no number that can be",
            f"Write one from {value.low:g} to {value.high:g} ({value.unit})",
        )
    return float(str(found))


def _pressure(table: Table) -> dict[str, float]:
    found = table.value(PRESSURE)
    match = _PRESSURE.fullmatch(found) if isinstance(found, str) else None
    if match is None or int(match[1]) < int(match[2]):
        raise table.error(
            PRESSURE, f"{PRESSURE} is no pressure", f'Write {PRESSURE} = "118/76" (mmHg)'
        )
    return {"systolic": float(match[1]), "diastolic": float(match[2])}


def _glucose(table: Table) -> dict[str, float]:
    found = table.value(GLUCOSE)
    match = _GLUCOSE.fullmatch(found) if isinstance(found, str) else None
    if match is None:
        raise table.error(
            GLUCOSE,
            f"{GLUCOSE} has no number with its unit",
            f'Write {GLUCOSE} = "5.4 mmol/L" or "97 mg/dL"',
        )
    scale = _MG_DL_PER_MMOL_L if match[2] == "mmol/L" else 1.0
    return {"glucose": float(match[1]) * scale}
