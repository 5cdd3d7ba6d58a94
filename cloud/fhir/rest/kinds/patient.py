"""Patient: whom an encounter is about, as far as the caller may know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cloud.core.encounters.record_tables import PatientRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.searching import encounters, patients
from cloud.core.searching.clauses import Clause, Order, either
from cloud.fhir import systems
from cloud.fhir.json import Element
from cloud.fhir.patient import patient
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Chart, Desk
from cloud.fhir.rest.ids import public
from cloud.fhir.rest.kind import Kind, Rows, elements, served
from cloud.fhir.rest.parameters import Criterion, token
from cloud.fhir.rest.query import Query


def _told_where(desk: Desk, query: Query) -> Sequence[Clause]:
    within = [patients.with_encounters(desk.within)] if desk.within else []
    return [*within, *(_of_told(one) for one in query.criteria)]


def _of_told(one: Criterion) -> Clause:
    match one.name:
        case "_id":
            return patients.of_ids(charts.publics("pat", [t.code for t in one.tokens]))
        case "identifier":
            return patients.of_pseudonyms(_pseudonyms(one))
        case _:
            return either(patients.changed(m.prefix, m.span) for m in one.moments)


def _told(desk: Desk, rows: Sequence[PatientRow]) -> list[Element]:
    ids = [row.patient_id for row in rows]
    newest = patients.newest_encounters(desk.work, desk.principal, ids, desk.within)
    found = []
    for row in rows:
        encounter = newest.get(row.patient_id)
        if encounter is not None:
            (chart,) = desk.charted([encounter])
            found.append(_resource(chart))
            continue
        # Nobody is linked to them any more: they are still whom they were.
        handover = desk.nowhere(patient_pseudonym=row.pseudonym)
        names = desk.names(patient_id=row.patient_id)
        found.append(served(patient(names, handover), names.id_of("Patient", ""), row.updated_at))
    return found


def _unknown_where(desk: Desk, query: Query) -> Sequence[Clause]:
    return [encounters.unknown(), *desk.within, *(_of_unknown(one) for one in query.criteria)]


def _of_unknown(one: Criterion) -> Clause:
    match one.name:
        case "_id":
            return encounters.of_ids(charts.publics("enc", [t.code for t in one.tokens]))
        case "identifier":
            return either(map(encounters.of_pseudonym, _pseudonyms(one)))
        case _:
            return either(encounters.changed(m.prefix, m.span) for m in one.moments)


def _unknown(desk: Desk, rows: Sequence[EncounterRow]) -> list[Element]:
    return [_resource(chart) for chart in desk.charted(rows)]


def _pseudonyms(one: Criterion) -> list[str]:
    return [t.code for t in one.tokens if t.system in (None, systems.PATIENT_PSEUDONYM)]


def _resource(chart: Chart) -> Element:
    identity = chart.names.id_of("Patient", "")
    return served(patient(chart.names, chart.handover), identity, chart.row.updated_at)


def _read(desk: Desk, identity: str) -> Element | None:
    patient_id, encounter_id = public("pat", identity) or "", public("enc", identity) or ""
    row = patients.patient(desk.work, desk.principal, patient_id)
    if row is not None:
        found = patients.newest_encounters(desk.work, desk.principal, [patient_id], desk.within)
        return _told(desk, [row])[0] if found or not desk.within else None
    chart = desk.chart(encounter_id)
    return None if chart is None or chart.row.patient_id else _resource(chart)


def _by_id(_query: Query) -> Order:
    return encounters.BY_ID


def _patients_by_id(_query: Query) -> Order:
    return patients.BY_ID


def _count_unknown(desk: Desk, clauses: Sequence[Clause]) -> int:
    return encounters.count_of(desk.work, desk.principal, clauses)


def _count_told(desk: Desk, clauses: Sequence[Clause]) -> int:
    return patients.count_of(desk.work, desk.principal, clauses)


KIND: Final = Kind(
    name="Patient",
    says=(
        "Whom encounters are about; under a pseudonym unless the caller may know who it is. A "
        "parameter that is not named here is refused in either handling, for to leave it out would "
        "find strangers."
    ),
    parameters=(
        charts.BY_ID,
        charts.CHANGED,
        token("identifier", "The pseudonym. Who the patient is cannot be searched for."),
    ),
    sources=(
        Rows(
            table=PatientRow,
            where=_told_where,
            order=_patients_by_id,
            build=_told,
            counted=_count_told,
        ),
        Rows(
            table=EncounterRow,
            where=_unknown_where,
            order=_by_id,
            build=_unknown,
            counted=_count_unknown,
        ),
    ),
    read=_read,
    is_exact=True,
    summary=elements(
        "identifier active name telecom gender birthDate deceasedBoolean "
        "deceasedDateTime address managingOrganization link"
    ),
)
