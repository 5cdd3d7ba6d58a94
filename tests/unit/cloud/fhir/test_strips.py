"""Waveform chunks become strips."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from cloud.fhir.strips import Strip, strips
from cloud.fhir.times import instant
from protocols.model.observation import MeasurementStatus, SampleArrayObservation
from tests.fixtures.handovers import PERIOD_US, START, ecg, handover
from tests.unit.cloud.fhir.reading import bundle_of, resources

CHUNK = timedelta(microseconds=50 * PERIOD_US)


def samples(found: list[Strip]) -> list[int]:
    return [value for strip in found for value in strip.samples]


def test_consecutive_chunks_fill_strips_of_ten_seconds() -> None:
    found = strips([ecg(START + place * CHUNK) for place in range(120)])
    assert [len(strip.samples) for strip in found] == [2500, 2500, 1000]
    assert found[0].end - found[0].start == timedelta(seconds=10) - timedelta(microseconds=4000)


def test_the_order_of_arrival_does_not_matter_and_no_sample_is_lost() -> None:
    readings = [ecg(START + place * CHUNK, [place] * 50) for place in range(120)]
    expected = samples(strips(readings))
    random.Random(7).shuffle(readings)  # noqa: S311 - a test's order, no secret
    assert samples(strips(readings)) == expected
    assert len(expected) == 6000


def test_a_strip_never_goes_over_a_gap() -> None:
    readings = [ecg(START + place * CHUNK) for place in (0, 1, 2, 5, 6)]
    found = strips(readings)
    assert [len(strip.samples) for strip in found] == [150, 100]
    assert found[1].start == START + 5 * CHUNK


def test_hundredths_of_the_devices_clock_are_no_gap() -> None:
    late = timedelta(milliseconds=8)
    assert len(strips([ecg(START), ecg(START + CHUNK + late)])) == 1
    assert len(strips([ecg(START), ecg(START + CHUNK + 2 * late)])) == 2


def test_a_late_chunk_changes_only_its_own_strip() -> None:
    readings = [ecg(START + place * CHUNK) for place in range(150)]
    late = readings.pop(60)
    before, after = strips(readings), strips([*readings, late])
    assert before[0] == after[0]
    assert before[-1] == after[-1]
    assert len(before) == len(after) + 1


def test_another_scale_period_or_status_is_another_strip() -> None:
    second = ecg(START + CHUNK)
    assert isinstance(second.observation, SampleArrayObservation)
    doubtful = replace(
        second, observation=replace(second.observation, status=MeasurementStatus.QUESTIONABLE)
    )
    assert len(strips([ecg(START), second])) == 1
    assert len(strips([ecg(START), doubtful])) == 2


def test_one_chunk_longer_than_a_strip_is_cut() -> None:
    long = ecg(START, list(range(6000)))
    found = strips([long])
    assert [len(strip.samples) for strip in found] == [2500, 2500, 1000]
    assert samples(found) == list(range(6000))


def test_an_empty_chunk_is_no_strip() -> None:
    assert strips([ecg(START, [])]) == []


def test_a_strip_says_how_to_get_millivolts() -> None:
    (strip,) = resources(bundle_of(handover([ecg(START, [0, 250, -1000])])), "Observation")[1:]
    assert strip["valueSampledData"] == {
        "origin": {
            "value": 0,
            "unit": "mV",
            "system": "http://unitsofmeasure.org",
            "code": "mV",
        },
        "period": 4,
        "factor": strip["valueSampledData"]["factor"],
        "dimensions": 1,
        "data": "0 250 -1000",
    }
    assert str(strip["valueSampledData"]["factor"]) == "0.001"
    assert strip["effectivePeriod"] == {
        "start": "2026-11-23T10:14:00.000Z",
        "end": "2026-11-23T10:14:00.008Z",
    }


def test_a_strip_is_issued_when_its_last_chunk_was_here() -> None:
    chunks = [ecg(START + place * CHUNK) for place in range(50)]
    strip = resources(bundle_of(handover(chunks)), "Observation")[-1]
    assert strip["issued"] == instant(chunks[-1].received_at)
    assert strip["issued"] > strip["effectivePeriod"]["end"]


def test_a_period_that_is_no_whole_millisecond_keeps_its_digits() -> None:
    found = resources(bundle_of(handover([ecg(START, [1, 2], period_us=2500)])), "Observation")
    assert str(found[-1]["valueSampledData"]["period"]) == "2.5"
