"""A whole encounter read in bulk is what reading it row by row gives, and its gaps are the same."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.collector import at_rest
from cloud.core.observations import queries
from cloud.core.observations.gaps import gaps_among
from cloud.core.observations.months import of_encounter
from cloud.core.observations.tables import Measured, ObservationRow, WaveformRow
from protocols.model.observation import Observation
from tests.fixtures.cloud import START, Installation, batch
from tests.fixtures.handovers import DEVICES, arrest_handover, twelve_leads
from tests.integration.test_cloud_recording import open_encounter


@pytest.fixture
def told(cloud: Installation) -> str:
    """An encounter with every kind of reading, marked and special ones, and a gap."""
    encounter = open_encounter(cloud)
    arrest = arrest_handover(60)
    shift = START - arrest.started_at
    readings = [one.observation for one in [*arrest.observations, *twelve_leads(arrest.started_at)]]
    moved = [_moved(one, shift) for one in readings]
    with cloud.database.begin(now=cloud.clock()) as work:
        contents = [*(device.info for device in DEVICES), *moved]
        record_uplink(work, cloud.mine.gateway, batch(cloud.mine, contents))
    return encounter


def _moved(observation: Observation, shift: timedelta) -> Observation:
    at = observation.observed_at
    return replace(observation, observed_at=replace(at, at=at.at + shift))


def test_every_reading_is_the_same_as_row_by_row(cloud: Installation, told: str) -> None:
    caller = cloud.mine.caller
    with cloud.database.reading(now=cloud.clock()) as work:
        whole = queries.encounter_observations(work, caller, told)
        rows: list[Measured] = [
            *work.session.scalars(of_encounter(work, caller, ObservationRow, told)),
            *work.session.scalars(of_encounter(work, caller, WaveformRow, told)),
        ]
        rows.sort(key=lambda row: (row.observed_at, row.row_id))
        assert whole == queries.stored(work, caller, rows)
    assert len(whole) > 400
    assert {type(one.observation).__name__ for one in whole} >= {
        *("NumericObservation", "CompoundNumericObservation", "CodedObservation"),
        *("TextObservation", "BitsObservation", "SampleArrayObservation"),
    }


def test_the_gaps_of_what_was_read_are_those_of_the_rows(cloud: Installation, told: str) -> None:
    caller = cloud.mine.caller
    with cloud.database.reading(now=cloud.clock()) as work:
        whole = queries.encounter_observations(work, caller, told)
        gaps = queries.waveform_gaps(work, caller, told)
    assert [gap.samples for gap in gaps] == [500]
    assert gaps_among(whole) == gaps


def test_the_collector_rests_until_the_last_block_ends() -> None:
    assert gc.isenabled()
    with at_rest():
        with at_rest():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
