"""NEWS2 on the board: the core works it out, the board shows its parts and what is missing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from cloud.api.console.early_warning import payload, warning_of
from cloud.api.console.tiles import Readings
from cloud.core.encounters.record import EncounterRecord, Field, Vital
from tests.fixtures.handovers import OXIMETER, PERCENT, SPO2, START, numeric, pressure

NOW = START + timedelta(seconds=30)


def vital(kind: str, *values: tuple[str, Decimal | str]) -> Vital:
    return Vital(item_id=UUID(int=1), at=START, type=kind, values=values)


ALL_TOLD = EncounterRecord(
    vitals=(
        vital("respiration_rate", ("value", Decimal(18))),
        vital("spo2", ("value", Decimal(97))),
        vital("oxygen", ("flow", Decimal(15))),
        vital("blood_pressure", ("systolic", Decimal(124)), ("diastolic", Decimal(70))),
        vital("heart_rate", ("value", Decimal(70))),
        vital("avpu", ("level", "A")),
        vital("temperature", ("value", Decimal("36.8"))),
    )
)


def test_a_score_of_all_seven_has_a_total_and_each_part_its_value() -> None:
    shown: Any = payload(warning_of(Readings(), ALL_TOLD, NOW))
    assert (shown["total"], shown["risk"], shown["missing"]) == (2, "low", [])
    parts = {one["name"]: (one["value"], one["points"]) for one in shown["parts"]}
    assert parts["Air or oxygen"] == ("oxygen", 2)
    assert parts["Temperature"] == ("36.8", 0)
    assert parts["Consciousness"] == ("alert", 0)


def test_what_is_missing_is_named_and_no_total_is_given() -> None:
    readings = Readings()
    readings.take(numeric(OXIMETER, SPO2, START, "88", PERCENT))
    readings.take(pressure(START, "84", "50"))
    shown: Any = payload(warning_of(readings, EncounterRecord(), NOW))
    assert (shown["total"], shown["least"], shown["risk"]) == (None, 6, None)
    assert "Consciousness" in shown["missing"]
    assert [one["value"] for one in shown["parts"]] == ["", "88", "", "84", "", "", ""]


def test_for_a_child_the_chart_is_not_made() -> None:
    age = Field(path="patient.age_years", value=9, at=START)
    child = EncounterRecord(fields={"patient.age_years": age}, vitals=ALL_TOLD.vitals)
    shown: Any = payload(warning_of(Readings(), child, NOW))
    assert (shown["total"], shown["unfit"]) == (None, "under 16")
