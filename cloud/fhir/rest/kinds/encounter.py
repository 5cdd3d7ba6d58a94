"""Encounter: one patient contact; its version is the record's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.searching import encounters
from cloud.core.searching.clauses import Clause, Order, always, but_not, either
from cloud.fhir.encounter import STATUS, encounter
from cloud.fhir.json import Element
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Chart, Desk
from cloud.fhir.rest.ids import public
from cloud.fhir.rest.kind import Kind, Rows, elements, served
from cloud.fhir.rest.names import CREW, VEHICLE
from cloud.fhir.rest.parameters import Criterion, date, reference, token
from cloud.fhir.rest.query import Query

_FIELD: Final = "FLD"


def _where(desk: Desk, query: Query) -> Sequence[Clause]:
    return [*desk.within, *(_clause(desk, one) for one in query.criteria)]


def _clause(desk: Desk, one: Criterion) -> Clause:
    match one.name:
        case "_id":
            return encounters.of_ids(charts.publics("enc", [t.code for t in one.tokens]))
        case "_lastUpdated":
            return either(encounters.changed(m.prefix, m.span) for m in one.moments)
        case "date":
            return either(encounters.at_time(m.prefix, m.span) for m in one.moments)
        case "identifier":
            return either(map(charts.identified, one.tokens))
        case "patient" | "subject":
            return charts.of_patient(one)
        case "location":
            return encounters.of_vehicles(charts.words(VEHICLE, one.ids("Location")))
        case "class":
            return always(any(t.code == _FIELD for t in one.tokens))
        case "participant":
            return encounters.with_crew(charts.words(CREW, one.ids("Practitioner")))
        case "service-provider":
            return always(str(uuid_of(desk.principal.tenant_id)) in one.ids("Organization"))
        case _:
            return _of_status(one)


def _of_status(one: Criterion) -> Clause:
    wanted = {t.code for t in one.tokens}
    found = encounters.in_statuses([ours for ours, told in STATUS.items() if told in wanted])
    return but_not(found) if one.modifier == "not" else found


def _order(query: Query) -> Order:
    plain = {"date": encounters.BY_START, "_lastUpdated": encounters.BY_CHANGE}
    order = plain.get(query.sort, encounters.BY_CHANGE)
    return Order(order.columns, query.is_descending)


def _build(desk: Desk, rows: Sequence[EncounterRow]) -> list[Element]:
    return [resource(chart) for chart in desk.charted(rows)]


def resource(chart: Chart) -> Element:
    """One encounter as it is now."""
    return served(
        encounter(chart.names, chart.handover),
        chart.names.id_of("Encounter", ""),
        chart.row.updated_at,
        str(chart.row.version),
    )


def _read(desk: Desk, identity: str) -> Element | None:
    found = public("enc", identity)
    chart = None if found is None else desk.chart(found)
    return None if chart is None else resource(chart)


def _former(desk: Desk, identity: str) -> list[Element]:
    chart = desk.chart(public("enc", identity) or "")
    former = () if chart is None else chart.former()
    return [
        served(encounter(names, handover), identity, at, str(version))
        for names, version, at, handover in former
    ]


def _counted(desk: Desk, clauses: Sequence[Clause]) -> int:
    return encounters.count_of(desk.work, desk.principal, clauses)


KIND: Final = Kind(
    name="Encounter",
    says="One contact of an ambulance crew with a patient.",
    parameters=(
        charts.BY_ID,
        charts.CHANGED,
        token("identifier", "Our own id of the encounter, or the incident's at dispatch."),
        token("status", "Where the encounter stands, in FHIR's words.", "not"),
        token("class", "Always FLD."),
        date("date", "From the start to the handover."),
        *charts.patient(),
        reference("location", "The vehicle.", ["Location"], "location.location"),
        reference("participant", "One of the crew.", ["Practitioner"], "participant.individual"),
        reference(
            "service-provider", "The ambulance service.", ["Organization"], "serviceProvider"
        ),
    ),
    sources=(Rows(table=EncounterRow, where=_where, order=_order, build=_build, counted=_counted),),
    read=_read,
    former=_former,
    sorts=("date", "_lastUpdated"),
    operations=("everything",),
    summary=elements(
        "identifier status class type serviceType subject participant appointment "
        "reasonCode diagnosis period serviceProvider"
    ),
)
