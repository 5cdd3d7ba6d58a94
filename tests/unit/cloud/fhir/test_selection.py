"""What the trend holds."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from cloud.fhir.selection import Detail, is_event, select
from protocols.model.observation import MeasurementStatus
from protocols.nomenclature.private import DEFIBRILLATOR_EVENT, SHOCK_ENERGY
from tests.fixtures.handovers import (
    BEATS,
    DEFIBRILLATOR,
    JOULE,
    OXIMETER,
    PERCENT,
    PULSE,
    RHYTHM,
    SPO2,
    START,
    V_FIB,
    arrest_handover,
    bits,
    coded,
    ecg,
    numeric,
    text,
)


def second(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_the_trend_is_one_value_a_minute_and_the_last() -> None:
    readings = [numeric(OXIMETER, SPO2, START + second(n), "97", PERCENT) for n in range(185)]
    chosen = select(readings, Detail.TREND).readings
    offsets = [(one.observation.observed_at.at - START).seconds for one in chosen]
    assert offsets == [0, 60, 120, 180, 184]


def test_types_and_devices_are_thinned_apart() -> None:
    readings = [
        numeric(OXIMETER, code, START + second(n), "80", unit)
        for n in range(50)
        for code, unit in ((SPO2, PERCENT), (PULSE, BEATS))
    ]
    chosen = select(readings, Detail.TREND).readings
    assert Counter(one.observation.type for one in chosen) == {SPO2: 2, PULSE: 2}


def test_everything_marked_is_in_the_trend() -> None:
    plain = [numeric(OXIMETER, SPO2, START + second(n), "97", PERCENT) for n in range(30)]
    flagged = numeric(OXIMETER, SPO2, START + second(9.5), "101", PERCENT, flags=("implausible",))
    doubtful = numeric(
        OXIMETER,
        SPO2,
        START + second(12.5),
        "90",
        PERCENT,
        status=MeasurementStatus.QUESTIONABLE,
    )
    chosen = select([*plain, flagged, doubtful], Detail.TREND).readings
    assert flagged in chosen
    assert doubtful in chosen
    assert len(chosen) == 4


def test_every_event_and_all_about_a_shock_is_in_the_trend() -> None:
    events = [
        coded(DEFIBRILLATOR, RHYTHM, START + second(1), V_FIB),
        coded(DEFIBRILLATOR, RHYTHM, START + second(2), V_FIB),
        text(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, START + second(3), "charged"),
        numeric(DEFIBRILLATOR, SHOCK_ENERGY, START + second(4), "200", JOULE),
        numeric(DEFIBRILLATOR, SHOCK_ENERGY, START + second(5), "200", JOULE),
    ]
    assert all(is_event(one) for one in events)
    assert list(select(events, Detail.TREND).readings) == events


def test_a_state_is_in_the_trend_when_it_changes() -> None:
    readings = [bits(START + second(n), value) for n, value in enumerate((0, 0, 4, 4, 4, 0, 0))]
    chosen = select(readings, Detail.TREND).readings
    offsets = [(one.observation.observed_at.at - START).seconds for one in chosen]
    assert offsets == [0, 2, 5, 6]


def test_strips_stand_around_events_and_are_those_of_the_full_record() -> None:
    readings = [ecg(START + n * second(0.2)) for n in range(600)]
    event = coded(DEFIBRILLATOR, RHYTHM, START + second(63), V_FIB)
    trend = select([*readings, event], Detail.TREND).strips
    full = select([*readings, event], Detail.FULL).strips
    assert set(trend) < set(full)
    starts = [(strip.start - START).seconds for strip in trend]
    assert starts == [50, 60]


def test_without_events_there_is_no_strip_in_the_trend() -> None:
    assert select([ecg(START)], Detail.TREND).strips == ()


def test_the_full_record_holds_every_reading_and_every_sample() -> None:
    arrest = arrest_handover(60)
    full = select(arrest.observations, Detail.FULL)
    chunks = [chunk for strip in full.strips for chunk in strip.chunks]
    held = [*full.readings, *chunks]
    assert Counter(one.observation.observation_id for one in held) == Counter(
        one.observation.observation_id for one in arrest.observations
    )
