"""Which readings tell of a delivered shock."""

from __future__ import annotations

from datetime import timedelta

from cloud.core.observations.stored import StoredObservation
from cloud.fhir.procedure import shocks
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue
from protocols.nomenclature.private import (
    CHARGED,
    DEFIBRILLATOR_EVENT,
    SHOCK_COUNT,
    SHOCK_DELIVERED,
    SHOCK_ENERGY,
)
from tests.fixtures.handovers import (
    DEFIBRILLATOR,
    DIMENSIONLESS,
    JOULE,
    MONITOR,
    START,
    coded,
    numeric,
    text,
)


def event(seconds: float) -> StoredObservation:
    at = START + timedelta(seconds=seconds)
    return coded(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, at, SHOCK_DELIVERED)


def energy(seconds: float, joules: str) -> StoredObservation:
    at = START + timedelta(seconds=seconds)
    return numeric(DEFIBRILLATOR, SHOCK_ENERGY, at, joules, JOULE)


def test_an_event_takes_the_nearest_energy_of_its_device() -> None:
    found = shocks([event(10), energy(10.5, "200"), event(60), energy(59.5, "360")])
    assert [shock.energy for shock in found] == ["200 J", "360 J"]


def test_an_event_without_energy_is_a_shock_all_the_same() -> None:
    (shock,) = shocks([event(10), energy(20, "0")])
    assert shock.energy == ""


def test_an_energy_without_event_is_a_shock_of_its_own() -> None:
    found = shocks([energy(5, "150"), event(10), energy(10, "200"), energy(30, "200")])
    assert [shock.energy for shock in found] == ["150 J", "200 J", "200 J"]


def test_another_devices_energy_belongs_to_another_shock() -> None:
    other = numeric(MONITOR, SHOCK_ENERGY, START + timedelta(seconds=10), "200", JOULE)
    assert [shock.energy for shock in shocks([event(10), other])] == ["", "200 J"]


def test_charging_words_counts_and_void_energies_make_no_shock() -> None:
    void = numeric(
        DEFIBRILLATOR, SHOCK_ENERGY, START, "200", JOULE, status=MeasurementStatus.INVALID
    )
    readings = [
        coded(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, START, CHARGED),
        text(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, START, "shock delivered"),
        numeric(DEFIBRILLATOR, SHOCK_COUNT, START, "1", DIMENSIONLESS),
        numeric(DEFIBRILLATOR, SHOCK_ENERGY, START, "0", JOULE),
        numeric(DEFIBRILLATOR, SHOCK_ENERGY, START, SpecialValue.NAN, JOULE),
        void,
    ]
    assert shocks(readings) == []
