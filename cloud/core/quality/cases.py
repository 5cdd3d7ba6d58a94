"""One encounter as its indicators see it: the record, and what was measured of the patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from cloud.core.encounters.record import EncounterRecord, Vital
from cloud.core.observations.quality_values import DeviceValue

MOST_VALUES: Final = 200
"""How many readings of one kind a case holds; the first and the last are always among them."""
_MMOL_PER_MG_DL: Final = Decimal("0.0555")
_KPA: Final = Decimal("7.50062")


@dataclass(frozen=True, slots=True, order=True)
class Measured:
    """One value of one kind. `told_by` is the item's id or the observation's."""

    at: datetime
    value: Decimal
    told_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What an indicator judges. `measured` is by kind, in time order, in the kind's own unit:
    /min, %, mm[Hg], Cel, mmol/L, L/min, {score}.
    """

    encounter_id: str
    version: int
    status: str
    call_at: datetime
    record: EncounterRecord
    measured: Mapping[str, Sequence[Measured]] = field(default_factory=dict)


def measured_values(
    vitals: Sequence[Vital], readings: Sequence[DeviceValue]
) -> dict[str, tuple[Measured, ...]]:
    """Manual findings and device readings together, by kind."""
    found: dict[str, list[Measured]] = {}
    for vital in vitals:
        for kind, value in _numbers(vital):
            found.setdefault(kind, []).append(Measured(vital.at, value, str(vital.item_id)))
    for reading in readings:
        value = _in_own_unit(reading.value, reading.unit)
        found.setdefault(reading.kind, []).append(
            Measured(reading.at, value, str(reading.observation_id))
        )
    return {kind: tuple(sorted(values)) for kind, values in found.items()}


def _numbers(vital: Vital) -> list[tuple[str, Decimal]]:
    """What a finding says as numbers, each under the name it is asked for by."""
    if vital.not_done is not None or vital.not_value is not None:
        return []
    numbers = {name: value for name, value in vital.values if isinstance(value, Decimal)}
    if vital.type == "blood_pressure":
        return [("blood_pressure", numbers["systolic"])] if "systolic" in numbers else []
    if vital.type in ("news2", "gcs"):
        return [(vital.type, numbers["total"])] if "total" in numbers else []
    if vital.type == "oxygen":
        return [("oxygen", numbers["flow"])] if "flow" in numbers else []
    if "value" not in numbers:
        return []
    return [(vital.type, _in_own_unit(numbers["value"], vital.unit))]


def _in_own_unit(value: Decimal, unit: str) -> Decimal:
    if unit == "mg/dL":
        return value * _MMOL_PER_MG_DL
    if unit == "kPa":
        return value * _KPA
    if unit == "[degF]":
        return (value - 32) * 5 / 9
    return value
