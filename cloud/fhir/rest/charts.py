"""Conditions that lead through an encounter: of which patient, in which encounter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from cloud.core.searching import encounters
from cloud.core.searching.clauses import Clause, Span, either, every
from cloud.fhir import systems
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.ids import public, words_of
from cloud.fhir.rest.parameters import Criterion, Parameter, Token, date, reference, token
from cloud.fhir.rest.query import Query

BY_ID: Final = token("_id", "The logical id.", path="id")
CHANGED: Final = date(
    "_lastUpdated", "When the resource was last changed here.", path="meta.lastUpdated"
)
_SLACK: Final = timedelta(days=1)


def patient(path: str = "subject") -> tuple[Parameter, Parameter]:
    """The parameters `patient` and `subject` of what has one."""
    return (
        reference("patient", "The patient.", ["Patient"], path),
        reference("subject", "The patient.", ["Patient"], path),
    )


def encounter(name: str = "encounter", path: str = "encounter") -> Parameter:
    """The parameter that names an encounter."""
    return reference(name, "The encounter.", ["Encounter"], path)


def of_patient(criterion: Criterion) -> Clause:
    """The encounters of a patient, by id or by pseudonym."""
    if criterion.modifier == "identifier":
        return either(
            encounters.of_pseudonym(one.code)
            for one in criterion.tokens
            if one.system in (None, systems.PATIENT_PSEUDONYM)
        )
    ids = criterion.ids("Patient")
    return encounters.of_patients(publics("pat", ids), publics("enc", ids))


def of_encounter(criterion: Criterion) -> Clause:
    """The encounters that are named, by id or by identifier."""
    if criterion.modifier == "identifier":
        return either(map(identified, criterion.tokens))
    # A report has the id of the encounter it is about.
    ids = {*criterion.ids("Encounter"), *criterion.ids("Composition")}
    return encounters.of_ids(publics("enc", sorted(ids)))


def identified(one: Token) -> Clause:
    """The encounters of an identifier."""
    found = []
    if one.system in (None, systems.ENCOUNTER):
        found.append(encounters.of_ids([one.code]))
    if one.system in (None, systems.CAD_INCIDENT):
        found.append(encounters.of_incident(one.code))
    return either(found)


def publics(prefix: str, ids: Sequence[str]) -> list[str]:
    """Public ids of resources' ids; those that can be none are left out."""
    return [found for one in ids if (found := public(prefix, one)) is not None]


def words(sign: str, ids: Sequence[str]) -> list[str]:
    """The words behind ids; those that are none of them are left out."""
    return [found for one in ids if (found := words_of(sign, one)) is not None]


def asked(query: Query) -> list[Clause]:
    """What a search says of patients and encounters."""
    clauses: list[Clause] = []
    for one in query.criteria:
        if one.name in ("patient", "subject"):
            clauses.append(of_patient(one))
        elif one.name in ("encounter", "context", "target"):
            clauses.append(of_encounter(one))
    return clauses


def named(desk: Desk, query: Query) -> list[str] | None:
    """The encounters a search is about; None where it names neither patient nor encounter."""
    clauses = asked(query)
    return desk.encounter_ids(clauses) if clauses else None


def around(query: Query, name: str = "date") -> list[Clause]:
    """Encounters that can hold something of the time that is asked for."""
    clauses: list[Clause] = []
    for criterion in query.of(name):
        near = [every(_near(one.prefix, one.span.widened(_SLACK))) for one in criterion.moments]
        clauses.append(either(near))
    return clauses


def _near(prefix: str, span: Span) -> list[Clause]:
    match prefix:
        case "ne":
            return []
        case "gt" | "ge" | "sa":
            return [encounters.at_time("ge", span)]
        case "lt" | "le" | "eb":
            return [encounters.at_time("le", span)]
        case _:
            return [encounters.at_time("ge", span), encounters.at_time("le", span)]
