"""Procedure: a shock the defibrillator says it delivered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems, terms
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names
from cloud.fhir.status import absence
from cloud.fhir.times import instant
from protocols.model.observation import CodedObservation, NumericObservation
from protocols.nomenclature.private import SHOCK_DELIVERED, SHOCK_ENERGY

_SAME_SHOCK: Final = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Shock:
    """One delivered shock: the reading that tells of it, and its energy in words or nothing."""

    told_by: StoredObservation
    energy: str


def shocks(readings: Iterable[StoredObservation]) -> list[Shock]:
    """The delivered shocks among readings, in time order.

    A shock is the device's own event "shock delivered", or a valid delivered energy above zero
    without such an event of the same device within three seconds. Charging, texts and counts
    alone make none.
    """
    readings = list(readings)
    energies = [one for one in readings if _energy(one)]
    found = []
    for event in filter(_is_shock, readings):
        near = [one for one in energies if _is_near(one, event)]
        nearest = min(near, key=lambda one: _apart(one, event), default=None)
        if nearest is not None:
            energies.remove(nearest)
        found.append(Shock(event, _energy(nearest) if nearest else ""))
    found += [Shock(one, _energy(one)) for one in energies]
    return sorted(found, key=lambda shock: shock.told_by.observation.observed_at.at)


def _is_shock(stored: StoredObservation) -> bool:
    observation = stored.observation
    return (
        isinstance(observation, CodedObservation)
        and observation.value == SHOCK_DELIVERED
        and absence(observation.status) is None
    )


def _energy(stored: StoredObservation) -> str:
    """The delivered energy a reading tells, with its unit; empty for any other reading."""
    observation = stored.observation
    if not isinstance(observation, NumericObservation) or observation.type != SHOCK_ENERGY:
        return ""
    number = observation.value.number
    if number is None or number <= 0 or absence(observation.status) is not None:
        return ""
    return f"{number} {terms.unit_text(observation.value.unit)}".rstrip()


def _is_near(energy: StoredObservation, event: StoredObservation) -> bool:
    return energy.device_id == event.device_id and _apart(energy, event) <= _SAME_SHOCK


def _apart(one: StoredObservation, other: StoredObservation) -> timedelta:
    return abs(one.observation.observed_at.at - other.observation.observed_at.at)


def shock_procedure(names: Names, shock: Shock) -> Element:
    """One shock, local name the id of the observation that told of it."""
    told = shock.told_by.observation
    value = names.within_encounter("Shock", str(told.observation_id))
    return element(
        resourceType="Procedure",
        identifier=[{"system": systems.PROCEDURE, "value": value}],
        status="completed",
        code={
            "coding": [
                {
                    "system": systems.SNOMED,
                    "code": "426220008",
                    "display": "External ventricular defibrillation",
                }
            ],
            "text": "Defibrillation shock",
        },
        subject=names.reference("Patient"),
        encounter=names.reference("Encounter"),
        performedDateTime=instant(told.observed_at.at),
        location=names.reference("Location"),
        note=[{"text": _note(shock)}],
        usedReference=[names.reference("Device", shock.told_by.device_id)],
    )


def _note(shock: Shock) -> str:
    energy = f", {shock.energy}" if shock.energy else ""
    return f"Shock delivered{energy}, as the defibrillator reported it."
