"""The measured numbers on paper: which belong into a column, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cloud.core.encounters.early_warning import in_chart_unit
from cloud.core.observations.recording import UNCHARTED_STATUS
from cloud.core.observations.stored import StoredObservation
from protocols.model.codes import MdcCode
from protocols.model.observation import (
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
)
from protocols.model.quantity import Quantity
from protocols.nomenclature.lookup import ucum

MOST_ROWS: Final = 36
_CONVERTED: Final = {"kPa": Decimal(1), "[degF]": Decimal("0.1")}
"""To how many digits a number is printed that the device gave in another unit."""
_STEPS: Final = (1, 2, 5, 10, 15, 20, 30, 60, 120)
_SYSTOLIC, _DIASTOLIC, _MEAN = (MdcCode.from_cf_code(code) for code in (150021, 150022, 150023))
_SILENT: Final = (
    (MeasurementStatus.INVALID, "invalid"),
    (MeasurementStatus.NOT_AVAILABLE, "not available"),
    (MeasurementStatus.ONGOING, "measuring"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table, in the one unit it is printed in."""

    label: str
    unit: str
    types: tuple[int, ...]


COLUMNS: Final = (
    Column("HR", "/min", (147842,)),
    Column("SpO\u2082", "%", (150456,)),
    Column("Pulse", "/min", (149530,)),
    Column("NIBP", "mmHg", (150020,)),
    Column("RR", "/min", (151562, 151570, 151578, 151594)),
    Column("etCO\u2082", "mmHg", (151708, 151728)),
    Column("Temp", "\u00b0C", (150364, 150368, 150392)),
    Column("Glucose", "mmol/L", (160184, 160020)),
)
PRESSURE: Final = "NIBP"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading as it is printed: its words, and its numbers (of a pressure three) if it has."""

    at: datetime
    words: str
    numbers: tuple[Decimal, ...] = ()


def readings_of(observations: Iterable[StoredObservation]) -> dict[str, list[Reading]]:
    """By column, in time order; no test or demonstration data."""
    column_of = {code: column.label for column in COLUMNS for code in column.types}
    found: dict[str, list[Reading]] = {}
    for stored in observations:
        observation = stored.observation
        label = column_of.get(observation.type.cf_code)
        if label is None or observation.status.value & UNCHARTED_STATUS:
            continue
        if isinstance(observation, NumericObservation | CompoundNumericObservation):
            found.setdefault(label, []).append(_reading(observation))
    return found


def step_of(first: datetime, last: datetime) -> timedelta:
    """The shortest of the usual steps by which the table has few enough rows."""
    minutes = (last - first).total_seconds() / 60
    fitting = (step for step in _STEPS if minutes / step <= MOST_ROWS)
    return timedelta(minutes=next(fitting, -(-int(minutes) // MOST_ROWS)))


def table_rows(found: dict[str, list[Reading]]) -> tuple[timedelta, list[list[str]]]:
    """The step, and for each the newest reading of each column, of the cuff all of them; a step
    without any has no row.
    """
    times = [reading.at for readings in found.values() for reading in readings]
    if not times:
        return timedelta(minutes=1), []
    step = step_of(min(times), max(times))
    cells: dict[int, dict[str, str]] = {}
    for label, readings in found.items():
        for reading in readings:
            place = int(reading.at.timestamp() // step.total_seconds())
            row = cells.setdefault(place, {})
            before = row.get(label, "") if label == PRESSURE else ""
            row[label] = f"{before}; {reading.words}" if before else reading.words
    rows = []
    for place in sorted(cells):
        at = datetime.fromtimestamp(place * step.total_seconds(), times[0].tzinfo)
        values = [cells[place].get(column.label, "") for column in COLUMNS]
        rows.append([at.strftime("%H:%M"), *values])
    return step, rows


def shown_columns(rows: Sequence[Sequence[str]]) -> list[int]:
    """The places of the columns in which anything stands, the time's among them."""
    return [0, *(place for place in range(1, len(COLUMNS) + 1) if any(row[place] for row in rows))]


def _reading(observation: NumericObservation | CompoundNumericObservation) -> Reading:
    at = observation.observed_at.at
    silent = next((word for bit, word in _SILENT if bit in observation.status), "")
    if silent:
        return Reading(at, silent)
    doubt = "?" if MeasurementStatus.QUESTIONABLE in observation.status else ""
    if isinstance(observation, NumericObservation):
        number = _usual(observation.value)
        return (
            Reading(at, "no value")
            if number is None
            else Reading(at, f"{number}{doubt}", (number,))
        )
    parts = dict(observation.components)
    values = [_usual(parts.get(code)) for code in (_SYSTOLIC, _DIASTOLIC, _MEAN)]
    systolic, diastolic, mean = values
    if systolic is None and diastolic is None:
        return Reading(at, "no value")
    words = f"{_text(systolic)}/{_text(diastolic)}" + ("" if mean is None else f" ({mean})")
    whole = tuple(one for one in values if one is not None)
    return Reading(at, f"{words}{doubt}", whole if None not in (systolic, diastolic) else ())


def _usual(quantity: Quantity | None) -> Decimal | None:
    """The number in the column's unit; digits stay as they came where the unit is the column's."""
    number = None if quantity is None else quantity.number
    if quantity is None or number is None:
        return None
    unit = ucum(quantity.unit) or ""
    digits = _CONVERTED.get(unit)
    return number if digits is None else in_chart_unit(number, unit).quantize(digits)


def _text(number: Decimal | None) -> str:
    return "-" if number is None else str(number)
