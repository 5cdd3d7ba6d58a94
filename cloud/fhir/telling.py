"""What people told of an encounter, as resources in the order a report speaks of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import Field
from cloud.fhir import condition, finding, mission_time, treatment
from cloud.fhir.json import Element
from cloud.fhir.names import Named, Names
from cloud.fhir.organization import facility, organization, scene, vehicle
from cloud.fhir.patient import patient
from cloud.fhir.people import practitioner, practitioner_role


@dataclass(frozen=True, slots=True)
class Telling:
    """The resources of one record, by the section of the report that lists them."""

    actors: tuple[Named, ...]
    times: tuple[Named, ...]
    impressions: tuple[Named, ...]
    past_conditions: tuple[Named, ...]
    past_medications: tuple[Named, ...]
    allergies: tuple[Named, ...]
    vital_signs: tuple[Named, ...]
    examination: tuple[Named, ...]
    medications: tuple[Named, ...]
    procedures: tuple[Named, ...]
    arrest: tuple[Named, ...]

    @property
    def statements(self) -> tuple[Named, ...]:
        """All but the actors, whom other resources refer to."""
        return (
            *self.times,
            *self.impressions,
            *self.past_conditions,
            *self.past_medications,
            *self.allergies,
            *self.vital_signs,
            *self.examination,
            *self.medications,
            *self.procedures,
            *self.arrest,
        )


def telling(names: Names, handover: Handover) -> Telling:
    """The resources of everything people told."""
    record = handover.record
    past = record.history
    vitals = [(one, finding.is_vital_sign(one)) for one in record.vitals]
    return Telling(
        actors=tuple(_actors(names, handover)),
        times=_facts(names, handover, mission_time.times(handover)),
        impressions=tuple(
            Named(
                names.urn("Impression", str(one.item_id)),
                condition.impression(names, handover, one),
            )
            for one in record.impressions
        ),
        past_conditions=tuple(
            Named(
                names.urn("History", str(one.item_id)),
                condition.past_condition(names, handover, one),
            )
            for one in past
            if one.kind != "medication" and _is_named(one.code.display)
        ),
        past_medications=tuple(
            Named(
                names.urn("PastMedication", str(one.item_id)),
                condition.past_medication(names, handover, one),
            )
            for one in past
            if one.kind == "medication" and _is_named(one.code.display)
        ),
        allergies=tuple(
            Named(names.urn("Allergy", str(one.item_id)), condition.allergy(names, handover, one))
            for one in record.allergies
        ),
        vital_signs=tuple(
            _finding(names, str(one.item_id), finding.finding(names, handover, one))
            for one, is_vital in vitals
            if is_vital
        ),
        examination=tuple(
            _finding(names, str(one.item_id), finding.finding(names, handover, one))
            for one, is_vital in vitals
            if not is_vital
        ),
        medications=tuple(
            Named(
                names.urn("Medication", str(one.item_id)),
                treatment.medication(names, handover, one),
            )
            for one in record.medications
        ),
        procedures=tuple(
            Named(
                names.urn("Procedure", treatment.attempt_name(one, attempt)),
                treatment.procedure(names, handover, one, attempt),
            )
            for one in record.procedures
            for attempt in range(1, treatment.attempts(one) + 1)
        ),
        arrest=_facts(names, handover, mission_time.arrest_facts(handover)),
    )


def _actors(names: Names, handover: Handover) -> Iterable[Named]:
    """Who and where: what the other resources refer to."""
    yield Named(names.urn("Organization"), organization(names, handover))
    yield Named(names.urn("Patient"), patient(names, handover))
    yield Named(names.urn("Location"), vehicle(names, handover))
    if handover.record.time("on_scene") is not None:
        yield Named(names.urn("Scene"), scene(names))
    if handover.destination:
        place = handover.destination
        yield Named(names.urn("Facility", place), facility(names, handover, place))
    for crew_id in handover.crew_ids:
        yield Named(names.urn("Practitioner", crew_id), practitioner(names, crew_id))
        yield Named(names.urn("PractitionerRole", crew_id), practitioner_role(names, crew_id))


def _facts(names: Names, handover: Handover, told: Iterable[Field]) -> tuple[Named, ...]:
    return tuple(
        Named(names.urn("Fact", one.path), mission_time.fact(names, handover, one)) for one in told
    )


def _finding(names: Names, local: str, resource: Element) -> Named:
    return Named(names.urn("Finding", local), resource)


def _is_named(display: str) -> bool:
    """Whether there is a thing to tell; an entry that says only that nobody knows has none."""
    return bool(display)
