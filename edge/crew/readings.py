"""The numbers on the page: which reading belongs to which tile, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import (
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.nomenclature.lookup import find_unit

Payload = dict[str, object]
Number = NumericObservation | CompoundNumericObservation


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One number of the page; `stale_after` in seconds; `types` are 32-bit MDC codes."""

    id: str
    label: str
    name: str
    unit: str
    stale_after: int
    types: tuple[int, ...]


TILES: Final = (
    Tile(id="hr", label="HR", name="Heart rate", unit="/min", stale_after=10, types=(147842,)),
    Tile(
        id="spo2",
        label="SpO\u2082",
        name="Oxygen saturation",
        unit="%",
        stale_after=15,
        types=(150456,),
    ),
    Tile(
        id="nibp",
        label="NIBP",
        name="Blood pressure, cuff",
        unit="mmHg",
        stale_after=900,
        types=(150020,),
    ),
    Tile(
        id="etco2",
        label="etCO\u2082",
        name="End-tidal carbon dioxide",
        unit="mmHg",
        stale_after=30,
        types=(151708, 151728),
    ),
    Tile(
        id="rr",
        label="RR",
        name="Respiration rate",
        unit="/min",
        stale_after=30,
        types=(151562, 151570, 151578, 151594),
    ),
    Tile(
        id="temp",
        label="Temp",
        name="Body temperature",
        unit="\u00b0C",
        stale_after=1800,
        types=(150364, 150368, 150392),
    ),
    Tile(
        id="glucose",
        label="Glucose",
        name="Blood glucose",
        unit="mmol/L",
        stale_after=3600,
        types=(160184, 160020),
    ),
)
PULSE: Final = Tile(
    id="pulse", label="Pulse", name="Pulse rate", unit="/min", stale_after=15, types=(149530,)
)
"""The oximeter's own rate: it stands beside its saturation."""
_BESIDE: Final = {"pulse": "spo2"}
TILE_OF: Final = {type_cf: tile for tile in (*TILES, PULSE) for type_cf in tile.types}
BY_ID: Final = {tile.id: tile for tile in TILES}

SYSTOLIC: Final = MdcCode.from_cf_code(150021)
DIASTOLIC: Final = MdcCode.from_cf_code(150022)
MEAN: Final = MdcCode.from_cf_code(150023)
_HOLD: Final = timedelta(seconds=5)
_TOGETHER: Final = timedelta(seconds=15)
_KILOPASCAL_UCUM: Final = "kPa"
_MMHG_IN_KPA: Final = Decimal("7.50062")

_NO_VALUE: Final = (
    (MeasurementStatus.INVALID, "invalid"),
    (MeasurementStatus.NOT_AVAILABLE, "not available"),
    (MeasurementStatus.ONGOING, "measuring"),
)
_SPECIAL: Final = {
    SpecialValue.NAN: "no valid reading",
    SpecialValue.NRES: "not at this resolution",
    SpecialValue.POSITIVE_INFINITY: "above range",
    SpecialValue.NEGATIVE_INFINITY: "below range",
    SpecialValue.RESERVED: "no valid reading",
}
_DOUBTS: Final = (
    (MeasurementStatus.QUESTIONABLE, "questionable"),
    (MeasurementStatus.CALIBRATION_ONGOING, "calibrating"),
    (MeasurementStatus.EARLY_INDICATION, "early"),
    (MeasurementStatus.TEST_DATA, "test data"),
    (MeasurementStatus.DEMO_DATA, "demo data"),
)


@dataclass(slots=True)
class Readings:
    """The newest reading of every tile."""

    _shown: dict[str, Number] = field(default_factory=dict)

    def take(self, reading: Number) -> str | None:
        """Keep a reading when it is the newest; the id of the tile it changes, else None.

        Where two devices measure the same, the one shown goes on being shown until it has been
        silent for five seconds, so that the number does not jump between them.
        """
        tile = TILE_OF.get(reading.type.cf_code)
        if tile is None:
            return None
        shown = self._shown.get(tile.id)
        if shown is not None:
            is_same = (shown.device, shown.type) == (reading.device, reading.type)
            waits = timedelta(0) if is_same else _HOLD
            if reading.observed_at.at < shown.observed_at.at + waits or reading == shown:
                return None
        self._shown[tile.id] = reading
        return _BESIDE.get(tile.id, tile.id)

    def payload(self, tile_id: str, names: Mapping[SystemId, str]) -> Payload | None:
        """What one tile shows now; None while there is nothing for it."""
        reading = self._shown.get(tile_id)
        if reading is None:
            return None
        value, unit, absent, extra = written(reading)
        if tile_id == "spo2":
            extra = self._pulse_beside(reading)
        doubts = [word for bit, word in _DOUBTS if bit in reading.status]
        return {
            "at": reading.observed_at.at.isoformat(),
            "value": value,
            "unit": unit,
            "absent": absent,
            "extra": " \u00b7 ".join(filter(None, (extra, *doubts))),
            "source": names.get(reading.device, ""),
            "doubted": bool(doubts),
        }

    def _pulse_beside(self, saturation: Number) -> str:
        pulse = self._shown.get(PULSE.id)
        if pulse is None or abs(pulse.observed_at.at - saturation.observed_at.at) > _TOGETHER:
            return ""
        value, _, absent, _ = written(pulse)
        return f"pulse {value}" if value is not None and not absent else ""

    def clear(self) -> None:
        """Another patient: nothing that was measured of the last one is shown."""
        self._shown.clear()

    def number(self, tile_id: str, *, now: datetime, within: timedelta) -> Decimal | None:
        """A tile's number for working with, None when it is missing, doubted or too old.

        Of a blood pressure the systolic, in mmHg; a temperature in degrees Celsius.
        """
        reading = self._shown.get(tile_id)
        if reading is None or now - reading.observed_at.at > within:
            return None
        if reading.status != reading.status & MeasurementStatus.VALIDATED:
            return None
        quantity = _compared(reading)
        return None if quantity is None else in_usual_unit(quantity)


def written(reading: Number) -> tuple[str | None, str, str, str]:
    """Value, unit, why there is none, and what else the reading says."""
    silent = next((word for bit, word in _NO_VALUE if bit in reading.status), "")
    if isinstance(reading, CompoundNumericObservation):
        parts = dict(reading.components)
        unit = unit_text(next(iter(parts.values())).unit) if parts else ""
        pair = [_digits(parts.get(code)) for code in (SYSTOLIC, DIASTOLIC)]
        mean = _digits(parts.get(MEAN))
        extra = f"mean {mean}" if mean is not None and not silent else ""
        if silent or pair == [None, None]:
            return None, unit, silent or "no valid reading", ""
        return "/".join(part or "-" for part in pair), unit, "", extra
    value = reading.value.value
    if silent or isinstance(value, SpecialValue):
        word = _SPECIAL[value] if isinstance(value, SpecialValue) else ""
        return None, unit_text(reading.value.unit), silent or word, ""
    return str(value), unit_text(reading.value.unit), "", ""


@lru_cache(maxsize=256)
def unit_text(unit: UnitCode) -> str:
    """A unit as a person reads it."""
    row = find_unit(unit)
    if row is None:
        return f"unit {unit.cf_code}"
    return row.ucum if row.ucum == "/min" else row.display


def _compared(reading: Number) -> Quantity | None:
    if isinstance(reading, CompoundNumericObservation):
        return dict(reading.components).get(SYSTOLIC)
    return reading.value


def in_usual_unit(quantity: Quantity) -> Decimal | None:
    """The number in mmHg or degrees Celsius where it is in kPa or Fahrenheit, else as it is.

    None where there is no number, or its unit is not known.
    """
    number, row = quantity.number, find_unit(quantity.unit)
    if number is None or row is None:
        return None
    if row.ucum == _KILOPASCAL_UCUM:
        return number * _MMHG_IN_KPA
    if row.ucum == "[degF]":
        return (number - 32) * 5 / 9
    return number


def _digits(quantity: Quantity | None) -> str | None:
    number = quantity.number if quantity is not None else None
    return None if number is None else str(number)
