"""Procedure: a shock the defibrillator says it delivered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems, terms
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names, entry
from cloud.fhir.status import absence
from cloud.fhir.times import instant
from protocols.model.observation import NumericObservation
from protocols.nomenclature.private import SHOCK_ENERGY


@dataclass(frozen=True, slots=True)
class Shock:
    """One delivered shock: the reading that tells its energy."""

    energy: StoredObservation
    text: str


def shocks(readings: Iterable[StoredObservation]) -> list[Shock]:
    """The delivered shocks among readings in time order.

    A shock is a valid reading of delivered energy above zero: the device says that it gave it.
    Charging, texts and counts alone make none.
    """
    found = []
    for stored in readings:
        observation = stored.observation
        if not isinstance(observation, NumericObservation) or observation.type != SHOCK_ENERGY:
            continue
        number = observation.value.number
        if number is not None and number > 0 and absence(observation.status) is None:
            unit = terms.unit_text(observation.value.unit)
            found.append(Shock(stored, f"{number} {unit}".rstrip()))
    return found


def shock_entry(names: Names, shock: Shock) -> Element:
    """The transaction entry of one shock."""
    energy = shock.energy.observation
    local = str(energy.observation_id)
    value = names.within_encounter("Shock", local)
    resource = element(
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
        performedDateTime=instant(energy.observed_at.at),
        location=names.reference("Location"),
        note=[{"text": f"{shock.text} delivered, as the defibrillator reported it."}],
        usedReference=[names.reference("Device", shock.energy.device_id)],
    )
    return entry(names.urn("Shock", local), resource, systems.PROCEDURE, value)
