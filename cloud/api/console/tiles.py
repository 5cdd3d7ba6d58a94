"""The numbers on the board: which reading belongs to which tile and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cloud.api.console.limits import mark_of
from cloud.core.observations.stored import StoredObservation
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import (
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.nomenclature.lookup import find_unit
from protocols.nomenclature.private import SHOCK_COUNT, SHOCK_ENERGY, SHOCK_IMPEDANCE

Payload = dict[str, object]
"""What the page gets of one tile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One tile of the board; `stale_after` in seconds. An optional one shows once it has data."""

    id: str
    label: str
    name: str
    unit: str
    stale_after: int
    types: tuple[int, ...]
    is_optional: bool = False


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
        id="pulse",
        label="Pulse",
        name="Pulse rate from the oximeter",
        unit="/min",
        stale_after=15,
        types=(149530,),
    ),
    Tile(
        id="nibp",
        label="NIBP",
        name="Non-invasive blood pressure",
        unit="mmHg",
        stale_after=900,
        types=(150020, 149546),
    ),
    Tile(
        id="shock",
        label="Shock",
        name="Last defibrillation shock",
        unit="",
        stale_after=86_400,
        types=(SHOCK_ENERGY.cf_code, SHOCK_COUNT.cf_code, SHOCK_IMPEDANCE.cf_code),
    ),
    Tile(
        id="rr",
        label="RR",
        name="Respiratory rate",
        unit="/min",
        stale_after=30,
        types=(151562, 151570, 151578, 151594),
        is_optional=True,
    ),
    Tile(
        id="etco2",
        label="etCO\u2082",
        name="End-tidal carbon dioxide",
        unit="mmHg",
        stale_after=30,
        types=(151708, 151728),
        is_optional=True,
    ),
    Tile(
        id="temp",
        label="Temp",
        name="Body temperature",
        unit="\u00b0C",
        stale_after=1800,
        types=(150364, 150368, 150392),
        is_optional=True,
    ),
    Tile(
        id="glucose",
        label="Glucose",
        name="Blood glucose",
        unit="mmol/L",
        stale_after=3600,
        types=(160184, 160020),
        is_optional=True,
    ),
)
TILE_OF: Final = {type_cf: tile for tile in TILES for type_cf in tile.types}

HEART_RATE: Final = "hr"
SATURATION: Final = "spo2"
_CUFF_PULSE: Final = MdcCode.from_cf_code(149546)
_MEAN: Final = MdcCode.from_cf_code(150023)
_SYSTOLIC: Final = MdcCode.from_cf_code(150021)
_DIASTOLIC: Final = MdcCode.from_cf_code(150022)
_SAME_MEASUREMENT: Final = timedelta(seconds=90)
_HOLD: Final = timedelta(seconds=5)

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
    """The newest reading of every type the tiles show, and the newest that had a value."""

    by_type: dict[int, StoredObservation] = field(default_factory=dict)
    valued: dict[int, StoredObservation] = field(default_factory=dict)

    def take(self, stored: StoredObservation) -> str | None:
        """Keep the reading when it is the newest; the id of the tile it changes, else None.

        Where two devices measure the same, the one shown goes on being shown until it has been
        silent for five seconds, so that the number does not jump between them.
        """
        tile = TILE_OF.get(stored.observation.type.cf_code)
        if tile is None:
            return None
        self._keep_value(stored)
        shown = self.by_type.get(stored.observation.type.cf_code)
        if shown is not None:
            waits = _HOLD if shown.device_id != stored.device_id else timedelta(0)
            if _at(stored) < _at(shown) + waits or stored == shown:
                return None
        self.by_type[stored.observation.type.cf_code] = stored
        return tile.id

    def payload(self, tile_id: str, devices: Mapping[str, str]) -> Payload | None:
        """What one tile shows now; None while there is nothing for it."""
        if tile_id == "shock":
            return self._shock(devices)
        tile = next(tile for tile in TILES if tile.id == tile_id)
        held = [one for type_cf in tile.types if (one := self.by_type.get(type_cf))]
        if tile_id == "nibp":
            held = [one for one in held if one.observation.type != _CUFF_PULSE]
        if not held:
            return None
        newest = max(held, key=_at)
        payload = _payload(newest, devices)
        value, unit, _, _ = _written(newest)
        if value is not None:
            payload["mark"] = mark_of(tile_id, _compared(newest), unit)
        else:
            payload["last"] = self._last(tile.types)
        if tile_id == "nibp":
            payload["extra"] = self._pressure_extra(newest, str(payload["extra"]))
        return payload

    def age(self, tile_id: str, now: datetime) -> timedelta | None:
        """How old the newest reading of a tile is."""
        held = [one for type_cf, one in self.by_type.items() if TILE_OF[type_cf].id == tile_id]
        return now - max(map(_at, held)) if held else None

    def _keep_value(self, stored: StoredObservation) -> None:
        type_cf = stored.observation.type.cf_code
        held = self.valued.get(type_cf)
        if (held is None or _at(stored) > _at(held)) and _written(stored)[0] is not None:
            self.valued[type_cf] = stored

    def _last(self, types: tuple[int, ...]) -> Payload | None:
        """The last reading of some types that had a value."""
        held = [one for type_cf in types if (one := self.valued.get(type_cf))]
        held = [one for one in held if one.observation.type != _CUFF_PULSE]
        if not held:
            return None
        newest = max(held, key=_at)
        value, unit, _, _ = _written(newest)
        return {"value": value, "unit": unit, "at": _at(newest).isoformat()}

    def _pressure_extra(self, pressure: StoredObservation, said: str) -> str:
        parts = [said] if said else []
        pulse = self.by_type.get(_CUFF_PULSE.cf_code)
        if pulse is not None and abs(_at(pulse) - _at(pressure)) <= _SAME_MEASUREMENT:
            number = _number(pulse)
            if number is not None:
                parts.append(f"pulse {number}")
        return " \u00b7 ".join(parts)

    def _shock(self, devices: Mapping[str, str]) -> Payload | None:
        energy = self.by_type.get(SHOCK_ENERGY.cf_code)
        count = self.by_type.get(SHOCK_COUNT.cf_code)
        newest = energy or count
        if newest is None:
            return None
        payload = _payload(newest, devices)
        extras = []
        if energy is not None and payload["value"] is not None:
            payload["value"] = f"{payload['value']} {payload['unit']}".rstrip()
        payload["unit"] = ""
        if count is not None and (number := _number(count)) is not None:
            extras.append("1 shock given" if number == "1" else f"{number} shocks given")
        ohms = self.by_type.get(SHOCK_IMPEDANCE.cf_code)
        if ohms is not None and (number := _number(ohms)) is not None:
            extras.append(f"{number} {_unit(_quantity(ohms).unit)}")
        payload["extra"] = " \u00b7 ".join(extras)
        return payload


def _payload(stored: StoredObservation, devices: Mapping[str, str]) -> Payload:
    observation = stored.observation
    value, unit, absent, extra = _written(stored)
    doubts = [word for bit, word in _DOUBTS if bit in observation.status]
    doubts += [flag.replace("_", " ") for flag in stored.flags]
    return {
        "id": str(observation.observation_id),
        "at": observation.observed_at.at.isoformat(),
        "value": value,
        "unit": unit,
        "absent": absent,
        "extra": " \u00b7 ".join(filter(None, (extra, *doubts))),
        "source": devices.get(stored.device_id, ""),
        "flagged": bool(doubts),
        "mark": "",
        "last": None,
    }


def _written(stored: StoredObservation) -> tuple[str | None, str, str, str]:
    """Value, unit, why there is none, and what else the reading says."""
    observation = stored.observation
    silent = next((word for bit, word in _NO_VALUE if bit in observation.status), "")
    if isinstance(observation, CompoundNumericObservation):
        parts = dict(observation.components)
        unit = _unit(next(iter(parts.values())).unit) if parts else ""
        pair = [_digits(parts.get(code)) for code in (_SYSTOLIC, _DIASTOLIC)]
        mean = _digits(parts.get(_MEAN))
        extra = f"mean {mean}" if mean is not None and not silent else ""
        if silent or pair == [None, None]:
            return None, unit, silent or "no valid reading", extra
        return "/".join(part or "-" for part in pair), unit, "", extra
    quantity = _quantity(stored)
    if silent or isinstance(quantity.value, SpecialValue):
        special = quantity.value if isinstance(quantity.value, SpecialValue) else None
        return None, _unit(quantity.unit), silent or _SPECIAL[special or SpecialValue.NAN], ""
    return str(quantity.value), _unit(quantity.unit), "", ""


def _compared(stored: StoredObservation) -> Decimal | None:
    """The number a display limit is about: of a blood pressure the systolic."""
    observation = stored.observation
    if isinstance(observation, CompoundNumericObservation):
        systolic = dict(observation.components).get(_SYSTOLIC)
        return systolic.number if systolic is not None else None
    return _quantity(stored).number


def _quantity(stored: StoredObservation) -> Quantity:
    observation = stored.observation
    if isinstance(observation, NumericObservation):
        return observation.value
    return Quantity(SpecialValue.NAN, UnitCode(512))


def _number(stored: StoredObservation) -> str | None:
    if any(bit in stored.observation.status for bit, _ in _NO_VALUE):
        return None
    return _digits(_quantity(stored))


def _digits(quantity: Quantity | None) -> str | None:
    number = quantity.number if quantity is not None else None
    return None if number is None else str(number)


def _unit(unit: UnitCode) -> str:
    row = find_unit(unit)
    if row is None:
        return f"unit {unit.cf_code}"
    return row.ucum if row.ucum == "/min" else row.display


def _at(stored: StoredObservation) -> datetime:
    return stored.observation.observed_at.at
