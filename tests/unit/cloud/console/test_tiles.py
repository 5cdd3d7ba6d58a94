"""The numbers on the board."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.api.console.limits import DISPLAY_LIMITS
from cloud.api.console.tiles import TILE_OF, TILES, Readings
from cloud.core.observations.stored import StoredObservation
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue
from protocols.nomenclature.private import SHOCK_COUNT, SHOCK_ENERGY, SHOCK_IMPEDANCE
from tests.fixtures.handovers import (
    BEATS,
    CUFF,
    CUFF_PULSE,
    DEFIBRILLATOR,
    DIMENSIONLESS,
    HEART_RATE,
    JOULE,
    KILOPASCAL,
    MONITOR,
    OHM,
    OXIMETER,
    PERCENT,
    SPO2,
    START,
    numeric,
    pressure,
)

DEVICES = {"dev_oximeter": "OX-1", "dev_monitor": "Cardio 3", "dev_defib": "Rescue 4"}


def second(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_a_number_stands_with_its_digits_unit_device_and_time() -> None:
    readings = Readings()
    assert readings.take(numeric(OXIMETER, SPO2, START, "97.0", PERCENT)) == "spo2"
    assert readings.payload("spo2", DEVICES) == {
        "id": str(numeric(OXIMETER, SPO2, START, "97.0", PERCENT).observation.observation_id),
        "at": "2026-11-23T10:14:00+00:00",
        "value": "97.0",
        "unit": "%",
        "absent": "",
        "extra": "",
        "source": "OX-1",
        "flagged": False,
        "mark": "",
        "last": None,
    }


def test_an_older_reading_that_comes_late_changes_nothing() -> None:
    readings = Readings()
    readings.take(numeric(OXIMETER, SPO2, START + second(5), "97", PERCENT))
    assert readings.take(numeric(OXIMETER, SPO2, START, "90", PERCENT)) is None
    payload = readings.payload("spo2", DEVICES)
    assert payload is not None
    assert payload["value"] == "97"


def test_the_number_does_not_jump_between_two_devices_until_one_is_silent() -> None:
    readings = Readings()
    readings.take(numeric(MONITOR, HEART_RATE, START, "80", BEATS))
    assert readings.take(numeric(DEFIBRILLATOR, HEART_RATE, START + second(1), "82", BEATS)) is None
    assert readings.take(numeric(DEFIBRILLATOR, HEART_RATE, START + second(6), "82", BEATS)) == "hr"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (MeasurementStatus.INVALID, "invalid"),
        (MeasurementStatus.NOT_AVAILABLE, "not available"),
        (MeasurementStatus.ONGOING, "measuring"),
    ],
)
def test_a_reading_without_value_says_why(status: MeasurementStatus, words: str) -> None:
    readings = Readings()
    readings.take(numeric(OXIMETER, SPO2, START, "97", PERCENT, status=status))
    payload = readings.payload("spo2", DEVICES)
    assert payload is not None
    assert (payload["value"], payload["absent"]) == (None, words)


@pytest.mark.parametrize("special", list(SpecialValue))
def test_a_special_value_is_words(special: SpecialValue) -> None:
    readings = Readings()
    readings.take(numeric(OXIMETER, SPO2, START, special, PERCENT))
    payload = readings.payload("spo2", DEVICES)
    assert payload is not None
    assert payload["value"] is None
    assert payload["absent"]


def test_doubts_and_flags_are_said() -> None:
    readings = Readings()
    doubtful = numeric(
        OXIMETER,
        SPO2,
        START,
        "101",
        PERCENT,
        status=MeasurementStatus.QUESTIONABLE,
        flags=("implausible",),
    )
    readings.take(doubtful)
    payload = readings.payload("spo2", DEVICES)
    assert payload is not None
    assert payload["flagged"]
    assert payload["extra"] == "questionable \u00b7 implausible"


def test_a_blood_pressure_stands_with_mean_and_the_pulse_of_the_same_measurement() -> None:
    readings = Readings()
    readings.take(pressure(START, "128", "80", "96"))
    readings.take(numeric(CUFF, CUFF_PULSE, START + second(1), "84", BEATS))
    payload = readings.payload("nibp", DEVICES)
    assert payload is not None
    assert (payload["value"], payload["unit"]) == ("128/80", "mmHg")
    assert payload["extra"] == "mean 96 \u00b7 pulse 84"
    readings.take(numeric(CUFF, CUFF_PULSE, START + second(500), "60", BEATS))
    payload = readings.payload("nibp", DEVICES)
    assert payload is not None
    assert payload["extra"] == "mean 96"


def test_a_cuff_pulse_alone_is_no_blood_pressure() -> None:
    readings = Readings()
    readings.take(numeric(CUFF, CUFF_PULSE, START, "84", BEATS))
    assert readings.payload("nibp", DEVICES) is None


def test_half_a_blood_pressure_shows_its_half_and_none_says_so() -> None:
    readings = Readings()
    readings.take(pressure(START, "17.1", SpecialValue.NRES, unit=KILOPASCAL))
    payload = readings.payload("nibp", DEVICES)
    assert payload is not None
    assert (payload["value"], payload["unit"]) == ("17.1/-", "kPa")
    readings.take(pressure(START + second(60), SpecialValue.NAN, SpecialValue.NAN))
    payload = readings.payload("nibp", DEVICES)
    assert payload is not None
    assert payload["value"] is None


def test_a_reading_without_value_leaves_the_last_good_one_with_its_time() -> None:
    readings = Readings()
    readings.take(pressure(START, "124", "80", "95"))
    readings.take(numeric(CUFF, CUFF_PULSE, START + second(1), "84", BEATS))
    readings.take(pressure(START + second(40), SpecialValue.NAN, SpecialValue.NAN))
    readings.take(pressure(START + second(60), SpecialValue.NAN, SpecialValue.NAN))
    payload = readings.payload("nibp", DEVICES)
    assert payload is not None
    assert payload["value"] is None
    assert payload["last"] == {"value": "124/80", "unit": "mmHg", "at": START.isoformat()}
    readings.take(pressure(START + second(90), "118", "76", "90"))
    payload = readings.payload("nibp", DEVICES)
    assert payload is not None
    assert payload["last"] is None


def test_without_a_good_reading_before_there_is_no_last_one() -> None:
    readings = Readings()
    readings.take(numeric(OXIMETER, SPO2, START, SpecialValue.NAN, PERCENT))
    payload = readings.payload("spo2", DEVICES)
    assert payload is not None
    assert payload["last"] is None


@pytest.mark.parametrize(
    ("tile", "reading", "mark"),
    [
        ("spo2", numeric(OXIMETER, SPO2, START, "89", PERCENT), "low"),
        ("spo2", numeric(OXIMETER, SPO2, START, "90", PERCENT), ""),
        ("hr", numeric(MONITOR, HEART_RATE, START, "0", BEATS), "no heart rate"),
        ("hr", numeric(MONITOR, HEART_RATE, START, "39", BEATS), "low"),
        ("hr", numeric(MONITOR, HEART_RATE, START, "40", BEATS), ""),
        ("hr", numeric(MONITOR, HEART_RATE, START, "130", BEATS), ""),
        ("hr", numeric(MONITOR, HEART_RATE, START, "131", BEATS), "high"),
        ("nibp", pressure(START, "89", "60", "70"), "low"),
        ("nibp", pressure(START, "90", "60", "70"), ""),
        ("nibp", pressure(START, "11.9", "8", unit=KILOPASCAL), "low"),
        ("nibp", pressure(START, SpecialValue.NRES, "60"), ""),
    ],
)
def test_numbers_beyond_a_display_limit_are_marked_with_a_word(
    tile: str, reading: StoredObservation, mark: str
) -> None:
    readings = Readings()
    readings.take(reading)
    payload = readings.payload(tile, DEVICES)
    assert payload is not None
    assert payload["mark"] == mark


def test_every_limit_belongs_to_a_tile_and_can_be_stated() -> None:
    assert {limit.tile for limit in DISPLAY_LIMITS} <= {tile.id for tile in TILES}
    assert DISPLAY_LIMITS[0].sentence == "HR 0 or below 40 or above 130 /min"


def test_a_shock_shows_energy_count_and_impedance() -> None:
    readings = Readings()
    readings.take(numeric(DEFIBRILLATOR, SHOCK_ENERGY, START, "200", JOULE))
    readings.take(numeric(DEFIBRILLATOR, SHOCK_COUNT, START, "2", DIMENSIONLESS))
    readings.take(numeric(DEFIBRILLATOR, SHOCK_IMPEDANCE, START, "74.5", OHM))
    payload = readings.payload("shock", DEVICES)
    assert payload is not None
    assert payload["value"] == "200 J"
    assert payload["extra"] == "2 shocks given \u00b7 74.5 \u03a9"


def test_a_tile_without_readings_has_no_payload() -> None:
    assert all(Readings().payload(tile.id, {}) is None for tile in TILES)


def test_a_repeated_reading_changes_nothing() -> None:
    readings = Readings()
    one = numeric(OXIMETER, SPO2, START, "97", PERCENT)
    assert readings.take(one) == "spo2"
    assert readings.take(replace(one)) is None


def test_every_type_belongs_to_one_tile() -> None:
    types = [type_cf for tile in TILES for type_cf in tile.types]
    assert len(types) == len(set(types)) == len(TILE_OF)
