"""What the page shows of what is measured: numbers, score, curves, trends."""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from edge.crew import early_warning
from edge.crew.readings import Readings, unit_text
from edge.crew.told import Assessment
from edge.crew.trends import STEP_SECONDS, Trends
from edge.crew.viewers import frame
from edge.crew.waves import KEPT_SECONDS, Waves, head_of, pack
from protocols.model.codes import UnitCode
from protocols.model.early_warning import Fitness
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue
from tests.fixtures import crew_patient as make

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = {make.OXIMETER: "OX-1"}
KILOPASCAL, FAHRENHEIT = UnitCode(3843), UnitCode(4416)


def second(number: float) -> timedelta:
    return timedelta(seconds=number)


# ---- numbers


def test_a_tile_shows_value_unit_source_and_doubt() -> None:
    readings = Readings()
    doubted = make.number(
        150456, NOON, "71", make.PERCENT, make.OXIMETER, MeasurementStatus.QUESTIONABLE
    )
    assert readings.take(doubted) == "spo2"
    shown = readings.payload("spo2", NAMES)
    assert shown is not None
    assert (shown["value"], shown["unit"], shown["source"]) == ("71", "%", "OX-1")
    assert (shown["extra"], shown["doubted"]) == ("questionable", True)
    assert readings.take(doubted) is None
    assert readings.take(make.number(149538, NOON, "1", make.PERCENT)) is None
    assert readings.payload("hr", NAMES) is None


def test_the_oximeters_pulse_stands_beside_its_saturation_while_both_are_new() -> None:
    readings = Readings()
    readings.take(make.number(150456, NOON, "97", make.PERCENT, make.OXIMETER))
    assert readings.take(make.number(149530, NOON, "84", make.BEATS, make.OXIMETER)) == "spo2"
    shown = readings.payload("spo2", NAMES)
    assert shown is not None
    assert shown["extra"] == "pulse 84"
    readings.take(make.number(150456, NOON + second(30), "96", make.PERCENT, make.OXIMETER))
    later = readings.payload("spo2", NAMES)
    assert later is not None
    assert later["extra"] == ""


@pytest.mark.parametrize(
    ("value", "state", "words"),
    [
        (SpecialValue.NAN, MeasurementStatus.VALID, "no valid reading"),
        (SpecialValue.POSITIVE_INFINITY, MeasurementStatus.VALID, "above range"),
        ("97", MeasurementStatus.INVALID, "invalid"),
        ("97", MeasurementStatus.ONGOING, "measuring"),
    ],
)
def test_a_reading_without_a_number_says_why(
    value: str | SpecialValue, state: MeasurementStatus, words: str
) -> None:
    readings = Readings()
    readings.take(make.number(147842, NOON, value, make.BEATS, status=state))
    shown = readings.payload("hr", {})
    assert shown is not None
    assert (shown["value"], shown["absent"]) == (None, words)


def test_the_shown_device_keeps_its_tile_until_it_is_silent() -> None:
    readings = Readings()
    readings.take(make.number(147842, NOON, "80", make.BEATS))
    other = make.number(147842, NOON + second(2), "90", make.BEATS, make.CUFF)
    assert readings.take(other) is None
    assert readings.take(replace(other, observed_at=make.at_received(NOON + second(6)))) == "hr"


def test_a_cuff_reading_shows_both_and_the_mean() -> None:
    readings = Readings()
    reading = make.pressure(NOON, "120", "80", "93")
    readings.take(reading)
    shown = readings.payload("nibp", {})
    assert shown is not None
    assert (shown["value"], shown["unit"], shown["extra"]) == ("120/80", "mmHg", "mean 93")
    readings.take(replace(reading, observed_at=make.at_received(NOON + second(9)), components=()))
    shown = readings.payload("nibp", {})
    assert shown is not None
    assert shown["absent"] == "no valid reading"


def test_a_number_for_working_with_is_new_sure_and_in_the_usual_unit() -> None:
    readings = Readings()
    minute = second(60)
    assert readings.number("hr", now=NOON, within=minute) is None
    readings.take(make.number(147842, NOON, "80", make.BEATS))
    assert readings.number("hr", now=NOON + minute, within=minute) == 80
    assert readings.number("hr", now=NOON + second(61), within=minute) is None
    doubted = make.number(150456, NOON, "97", make.PERCENT, status=MeasurementStatus.QUESTIONABLE)
    readings.take(doubted)
    assert readings.number("spo2", now=NOON, within=minute) is None
    readings.take(make.number(150364, NOON, "98.6", FAHRENHEIT))
    assert readings.number("temp", now=NOON, within=minute) == 37
    readings.take(make.number(151728, NOON, "5.0", KILOPASCAL))
    assert round(readings.number("etco2", now=NOON, within=minute) or 0) == 38
    readings.take(make.number(151594, NOON, SpecialValue.NAN, make.BEATS))
    assert readings.number("rr", now=NOON, within=minute) is None
    readings.clear()
    assert readings.number("hr", now=NOON, within=minute) is None


def test_an_unknown_unit_is_named_by_its_number() -> None:
    assert unit_text(UnitCode(65000)) == f"unit {UnitCode(65000).cf_code}"


# ---- the score


def test_the_score_takes_the_oximeters_pulse_where_no_ecg_is() -> None:
    readings = Readings()
    readings.take(make.number(149530, NOON, "112", make.BEATS))
    readings.take(make.pressure(NOON, "98", "60", "73"))
    told = Assessment(on_oxygen=False, on_oxygen_at=NOON)
    known = early_warning.parameters(readings, told, NOON)
    assert [known.pulse, known.systolic] == [Decimal(112), Decimal(98)]
    assert known.on_oxygen is False
    later = early_warning.parameters(readings, told, NOON + timedelta(minutes=31))
    assert (later.pulse, later.systolic, later.on_oxygen) == (None, None, None)
    shown: Any = early_warning.payload(known, Fitness(40, None))
    assert (shown["total"], shown["least"], len(shown["missing"])) == (None, 4, 4)
    values = {part["name"]: part["value"] for part in shown["parts"]}
    assert (values["Pulse"], values["Air or oxygen"], values["Temperature"]) == ("112", "air", "")
    assert early_warning.details(known, Fitness(40, None)) == (
        ("scale", "1"), ("oxygen", "0"), ("systolic", "2"), ("pulse", "2"),
    )  # fmt: skip


# ---- curves and trends


def test_a_chunk_travels_in_two_octets_a_sample_where_it_fits() -> None:
    narrow = make.wave(
        131330, NOON, [1, -1], scale="0.001", unit=make.MILLIVOLT, period_us=4000,
        device=make.DEFIBRILLATOR,
    )  # fmt: skip
    head = head_of(narrow, "ecg-II", "")
    at = NOON.timestamp()
    packed = pack(narrow, head, at)
    assert (packed["w"], packed["p"], packed["u"]) == (2, 4000, "mV")
    assert packed["d"] == struct.pack("<2h", 1, -1)
    wide = pack(replace(narrow, samples=struct.pack("<i", 1 << 20)), head, at)
    assert (wide["w"], wide["d"]) == (4, struct.pack("<i", 1 << 20))
    assert pack(replace(narrow, samples=b""), head, at)["d"] == b""


def test_a_screen_gets_octets_in_base64_and_ids_as_text() -> None:
    chunk = make.wave(
        131330, NOON, [1, -1], scale="0.001", unit=make.MILLIVOLT, period_us=4000,
        device=make.DEFIBRILLATOR,
    )  # fmt: skip
    message = frame("change", {"waves": [Waves().take(chunk, {})]})
    [wave] = json.loads(message.partition(b"data: ")[2])["waves"]
    assert base64.b64decode(wave["d"]) == struct.pack("<2h", 1, -1)
    assert wave["i"] == str(chunk.observation_id)
    assert wave["at"] == NOON.timestamp() * 1000


def test_only_the_last_seconds_of_known_curves_are_kept() -> None:
    waves = Waves()
    for quarter in range(200):
        for chunk in make.chunk(NOON + second(quarter / 4), 0.25, is_arrest=True):
            assert waves.take(chunk, {}) is not None  # type: ignore[arg-type]  # waveforms alone
    kept = [one for one in waves.recent() if one["k"] == "ecg-II"]
    assert len(kept) == KEPT_SECONDS * 4 + 1
    other = make.wave(9, NOON, [1], scale="1", unit=make.ONE, period_us=4000, device=make.OXIMETER)
    assert waves.take(other, {}) is None
    waves.clear()
    assert waves.recent() == []


def test_what_a_device_says_of_its_samples_may_change() -> None:
    waves = Waves()
    shown = []
    for scale, source in (("0.001", ""), ("0.001", ""), ("0.002", ""), ("0.002", "Monitor")):
        chunk = make.wave(
            131330, NOON, [1], scale=scale, unit=make.MILLIVOLT, period_us=4000,
            device=make.DEFIBRILLATOR,
        )  # fmt: skip
        shown.append(waves.take(chunk, {make.DEFIBRILLATOR: source}))
    assert [one and (one["s"], one["from"]) for one in shown] == [
        (0.001, ""),
        (0.001, ""),
        (0.002, ""),
        (0.002, "Monitor"),
    ]


def test_a_trend_keeps_the_newest_of_each_step() -> None:
    trends = Trends()
    for number in range(4):
        trends.take(
            make.number(147842, NOON + second(5 * number), str(80 + number), make.BEATS), {}
        )
    trends.take(make.number(147842, NOON, "99", make.BEATS), {})
    trends.take(make.number(147842, NOON + second(40), SpecialValue.NAN, make.BEATS), {})
    trends.take(make.number(160184, NOON, "5", make.MMOL), {})
    assert not trends.take(make.number(9, NOON, "5", make.MMOL), {})
    step = int(NOON.timestamp()) // STEP_SECONDS * STEP_SECONDS
    assert trends.payload() == {"hr": [[step, 82.0], [step + STEP_SECONDS, 83.0]]}


def test_cuff_readings_are_listed_newest_first() -> None:
    trends = Trends()
    assert trends.take(make.pressure(NOON, "120", "80", "93"), {})
    assert trends.take(make.pressure(NOON + second(60), "100", "60", "73"), {})
    lost = replace(make.pressure(NOON, "1", "1", "1"), status=MeasurementStatus.INVALID)
    trends.take(lost, {})
    systolics = [one["systolic"] for one in trends.pressures]
    assert systolics[0] == "100"
    assert None in systolics
    trends.clear()
    assert (trends.pressures, trends.payload()) == ([], {})


def test_trends_are_in_the_unit_of_their_chart() -> None:
    trends = Trends()
    trends.take(make.number(151708, NOON, "5", KILOPASCAL, make.CAPNOMETER), {})
    trends.take(make.number(150364, NOON, "98.6", FAHRENHEIT, make.CUFF), {})
    points = {tile: value for tile, ((_, value),) in trends.payload().items()}
    assert points == {"etco2": pytest.approx(37.5, abs=0.1), "temp": pytest.approx(37)}


def test_the_same_lead_of_two_devices_is_two_curves() -> None:
    waves = Waves()
    for device in (make.DEFIBRILLATOR, make.OXIMETER) * 2:
        chunk = make.wave(
            131330, NOON, [1, 2], scale="0.001", unit=make.MILLIVOLT, period_us=4000, device=device
        )
        waves.take(chunk, {})
    shown = waves.recent()
    assert [one["k"] for one in shown] == ["ecg-II"] * 4
    assert [one["dev"] for one in shown] == [
        octets for device in (make.DEFIBRILLATOR, make.OXIMETER)
        for octets in [device.octets.hex()] * 2
    ]  # fmt: skip
