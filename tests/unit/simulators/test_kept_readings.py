"""What a specialized device keeps in its store is what a manager fetches, digit by digit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.ieee20601.events import ObservationsReported, StoredDataFinished
from simulators.devices.registry import BY_NAME
from simulators.devices.specialized import KEPT_ENTRIES, KINDS
from simulators.patient.vital_signs import Patient
from simulators.value_texts import value_text
from tests.fixtures.scenarios import ARREST
from tests.unit.protocols.ieee20601.pair import Pair

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WITH_A_STORE = [identity.name for identity, kind in KINDS if kind.configuration.pm_stores]


def test_four_of_them_have_one() -> None:
    assert WITH_A_STORE == ["inr-meter", "peak-flow", "continuous-glucose", "medication"]


@pytest.mark.parametrize("name", WITH_A_STORE)
def test_a_manager_fetches_all_of_it(name: str) -> None:
    kind = BY_NAME[name]
    device = kind.make(kind.identity, Patient(seed=5, scenario=ARREST, seconds=30.0))
    live = next(iter(device.reports(START)))
    pair = Pair(configuration=device.configuration, stores=device.stores)
    pair.associate()
    fetched = [
        observation
        for event in pair.manager_events
        if isinstance(event, ObservationsReported)
        for observation in event.observations
    ]
    assert len(fetched) == KEPT_ENTRIES * len(live.readings)
    assert StoredDataFinished(complete=True) in pair.manager_events
    shapes = {(item.type, len(value_text(item))) for item in fetched}
    for reading in live.readings:
        assert any(code == reading.observation.type for code, _ in shapes)


@pytest.mark.parametrize("name", WITH_A_STORE)
def test_it_was_measured_before_the_device_was_switched_on(name: str) -> None:
    kind = BY_NAME[name]
    device = kind.make(kind.identity, Patient(seed=5, scenario=ARREST, seconds=30.0))
    (store,) = device.stores
    assert not store.segments
    device.streams(START)
    (page, *_) = store.segments[1].pages(1)
    assert len(store.segments[1]) == KEPT_ENTRIES
    year = device.identity.clock.local(START).strftime("%Y")
    assert page.entries[:2].hex() == year
