"""Provenance: who the report is from, as a document has it, and what happened to the record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloud.core.encounters.record import Act, ActKind
from cloud.fhir.json import Element, element
from cloud.fhir.names import Named
from cloud.fhir.provenance import provenance
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Chart
from cloud.fhir.rest.kind import Kind, elements
from cloud.fhir.rest.parameters import date, reference
from cloud.fhir.rest.told import Told
from cloud.fhir.times import instant

_AGENTS: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_OPERATIONS: Final = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_CODES: Final = {ActKind.CREATED.value: "CREATE"}
_REPORTED: Final = frozenset((ActKind.HANDED_OVER.value, ActKind.AMENDED.value))


def _tell(chart: Chart) -> Iterator[Named]:
    told = provenance(chart.names, chart.handover, recorded=chart.row.updated_at)
    yield Named(chart.names.urn("Provenance"), told)
    for act in chart.handover.record.acts:
        yield Named(f"Provenance/{act.act_id}", _provenance(chart, act))


def _provenance(chart: Chart, act: Act) -> Element:
    names = chart.names
    targets: list[Element] = [names.reference("Encounter")]
    if act.kind in _REPORTED:
        targets.append(names.reference("Composition"))
    return element(
        resourceType="Provenance",
        target=targets,
        occurredDateTime=instant(act.at),
        recorded=instant(act.at),
        activity={
            "coding": [{"system": _OPERATIONS, "code": _CODES.get(act.kind, "UPDATE")}],
            "text": act.kind.replace("_", " "),
        },
        agent=[
            element(
                type={"coding": [{"system": _AGENTS, "code": "author"}]},
                who=_who(chart, act),
                onBehalfOf=names.reference("Organization"),
            )
        ],
    )


def _who(chart: Chart, act: Act) -> Element:
    if act.by in chart.row.crew_ids:
        return chart.names.reference("Practitioner", act.by)
    return chart.names.reference("Organization")


_SOURCE: Final = Told("Provenance", _tell)
_TARGETS: Final = ["Encounter", "Composition"]

KIND: Final = Kind(
    name="Provenance",
    says="Who a report is from, and what happened to the record, when, and who did it.",
    parameters=(
        charts.BY_ID,
        reference("target", "What it was done to.", _TARGETS, "target"),
        date("recorded", "When it was written down.", path="recorded"),
        reference("agent", "Who did it.", ["Practitioner", "Organization"], "agent.who"),
    ),
    sources=(_SOURCE,),
    read=_SOURCE.read,
    summary=elements(
        "target occurredDateTime occurredPeriod recorded policy location reason activity agent"
    ),
)
