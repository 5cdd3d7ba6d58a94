"""NEWS2 on the board: of what is fresh, whoever measured or told it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from cloud.api.console.early_warning import known_of, payload
from cloud.api.console.tiles import Readings
from cloud.core.encounters.record import EncounterRecord, NotValue, Vital
from protocols.model.early_warning import Consciousness
from protocols.model.observation import MeasurementStatus
from tests.fixtures.handovers import (
    BEATS,
    HEART_RATE,
    MONITOR,
    OXIMETER,
    PERCENT,
    PULSE,
    SPO2,
    START,
    numeric,
    pressure,
)

NOW = START + timedelta(seconds=30)


def vital(kind: str, *values: tuple[str, Decimal | str], minutes: float = 0) -> Vital:
    return Vital(item_id=UUID(int=1), at=NOW - timedelta(minutes=minutes), type=kind, values=values)


def measured(*readings: object) -> Readings:
    held = Readings()
    for one in readings:
        held.take(one)  # type: ignore[arg-type]  # made by the fixtures
    return held


ALL_TOLD = EncounterRecord(
    vitals=(
        vital("respiration_rate", ("value", Decimal(18))),
        vital("spo2", ("value", Decimal(97))),
        vital("oxygen", ("flow", Decimal(0))),
        vital("blood_pressure", ("systolic", Decimal(124)), ("diastolic", Decimal(70))),
        vital("heart_rate", ("value", Decimal(70))),
        vital("avpu", ("level", "A")),
        vital("temperature", ("value", Decimal("36.8"))),
    )
)


def test_a_score_needs_all_seven_and_may_be_told_by_hand_alone() -> None:
    told = payload(known_of(Readings(), ALL_TOLD, NOW), 50)
    assert (told["total"], told["risk"], told["missing"]) == (0, "low", [])
    nothing = payload(known_of(Readings(), EncounterRecord(), NOW), None)
    assert (nothing["total"], nothing["least"], nothing["risk"]) == (None, 0, None)


def test_what_a_device_measured_goes_before_what_was_told_and_ages() -> None:
    held = measured(numeric(OXIMETER, SPO2, START, "90", PERCENT), pressure(START, "12.0", "8.0"))
    assert known_of(held, ALL_TOLD, NOW).saturation == 90
    later = START + timedelta(minutes=3)
    assert known_of(held, ALL_TOLD, later).saturation == 97
    assert known_of(held, EncounterRecord(), START + timedelta(hours=1)).systolic is None


def test_the_oximeters_pulse_stands_where_there_is_no_heart_rate() -> None:
    held = measured(numeric(OXIMETER, PULSE, START, "88", BEATS))
    assert known_of(held, EncounterRecord(), NOW).pulse == 88
    both = measured(
        numeric(OXIMETER, PULSE, START, "88", BEATS),
        numeric(MONITOR, HEART_RATE, START, "90", BEATS),
    )
    assert known_of(both, EncounterRecord(), NOW).pulse == 90


def test_a_doubted_number_counts_for_nothing() -> None:
    doubted = numeric(OXIMETER, SPO2, START, "70", PERCENT, status=MeasurementStatus.QUESTIONABLE)
    assert known_of(measured(doubted), EncounterRecord(), NOW).saturation is None


@pytest.mark.parametrize(
    ("one", "name", "expected"),
    [
        (vital("oxygen", ("flow", Decimal(15))), "on_oxygen", True),
        (vital("oxygen", ("flow", "much")), "on_oxygen", None),
        (vital("avpu", ("level", "unresponsive")), "consciousness", Consciousness.UNRESPONSIVE),
        (vital("avpu", ("level", "drowsy")), "consciousness", None),
        (vital("avpu", ("level", "V"), minutes=45), "consciousness", None),
        (vital("avpu"), "consciousness", None),
    ],
)
def test_what_was_told_counts_for_half_an_hour(one: Vital, name: str, expected: object) -> None:
    known = known_of(Readings(), EncounterRecord(vitals=(one,)), NOW)
    assert getattr(known, name) == expected


def test_a_finding_that_was_not_made_is_none() -> None:
    missing = Vital(item_id=UUID(int=2), at=NOW, type="spo2", not_value=NotValue.NOT_RECORDED)
    known = known_of(Readings(), EncounterRecord(vitals=(missing,)), NOW)
    assert known.saturation is None


def test_for_a_child_the_chart_is_not_made() -> None:
    told = payload(known_of(Readings(), ALL_TOLD, NOW), 9)
    assert (told["total"], told["unfit"]) == (None, "under 16")
