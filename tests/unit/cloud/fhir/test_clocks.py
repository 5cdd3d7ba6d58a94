"""The device's own stamps can be had back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from tests.fixtures.handovers import OFFSET, OXIMETER, PERCENT, SPO2, START, handover, numeric
from tests.unit.cloud.fhir.reading import Json, bundle_of, resources


def by_url(bundle: Json) -> dict[str, Json]:
    return {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}


def test_every_stamp_is_the_effective_time_less_the_difference_of_the_clocks() -> None:
    readings = [
        numeric(OXIMETER, SPO2, START + timedelta(seconds=second, milliseconds=10), "97", PERCENT)
        for second in range(5)
    ]
    bundle = bundle_of(handover(readings))
    found = by_url(bundle)
    clocks = set()
    for stored in readings:
        identifier = str(stored.observation.observation_id)
        one = next(
            resource
            for resource in found.values()
            if resource["resourceType"] == "Observation"
            and resource["identifier"][0]["value"] == identifier
        )
        (reference,) = one["derivedFrom"]
        clock = found[reference["reference"]]
        clocks.add(reference["reference"])
        difference = datetime.fromisoformat(clock["effectiveDateTime"]) - datetime.fromisoformat(
            clock["valueDateTime"]
        )
        assert difference == OFFSET
        local = datetime.fromisoformat(one["effectiveDateTime"]) - difference
        stamp = stored.observation.observed_at.device_time
        assert stamp is not None
        assert local.replace(tzinfo=None) == stamp.local
    assert len(clocks) == 1


def test_a_clock_that_was_set_again_is_shown_again() -> None:
    early = numeric(OXIMETER, SPO2, START, "97", PERCENT)
    late = numeric(OXIMETER, SPO2, START + timedelta(minutes=5), "97", PERCENT)
    moved = replace(late.observation.observed_at, at=START + timedelta(minutes=5, seconds=2))
    late = replace(late, observation=replace(late.observation, observed_at=moved))
    found = resources(bundle_of(handover([early, late])), "Observation")
    assert len([one for one in found if "valueDateTime" in one]) == 2


def test_a_reading_without_a_device_clock_points_to_none() -> None:
    stored = numeric(OXIMETER, SPO2, START, "97", PERCENT)
    received = ObservedTime(START, TimeQuality.RECEIVED)
    stored = replace(stored, observation=replace(stored.observation, observed_at=received))
    (one,) = resources(bundle_of(handover([stored])), "Observation")
    assert "derivedFrom" not in one
    assert "note" not in one


def test_a_stamp_that_carries_its_offset_is_shown_as_it_is() -> None:
    stamp = DeviceTime.base_offset(START.replace(tzinfo=None), timedelta(hours=1))
    stored = numeric(OXIMETER, SPO2, START, "97", PERCENT)
    observed = ObservedTime(START, TimeQuality.DEVICE, stamp)
    stored = replace(stored, observation=replace(stored.observation, observed_at=observed))
    (one,) = resources(bundle_of(handover([stored])), "Observation")
    assert "derivedFrom" not in one
    assert one["note"] == [{"text": f"The device's own time stamp was {stamp.value}."}]
