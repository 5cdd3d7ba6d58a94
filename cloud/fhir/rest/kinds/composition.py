"""Composition: the patient care report of an encounter, as the newest thing in it makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cloud.core.encounters.gathering import gathered
from cloud.core.encounters.handover import Handover
from cloud.core.observations.stored import StoredObservation
from cloud.fhir.assembly import Assembly
from cloud.fhir.json import Element
from cloud.fhir.names import Named
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Chart, Desk
from cloud.fhir.rest.ids import public
from cloud.fhir.rest.kind import Kind, elements, served
from cloud.fhir.rest.parameters import date, reference, token
from cloud.fhir.rest.told import Told
from cloud.fhir.selection import Detail

_NOTE: Final = "This report leads to the trend of the readings; every reading can be searched for."


def _tell(chart: Chart) -> Iterator[Named]:
    yield report(chart, whole(chart))


def whole(chart: Chart) -> Handover:
    """The encounter with all its readings, as the caller may see it."""
    desk = chart.desk
    return gathered(desk.work, desk.principal, chart.row, chart.projection)


def report(chart: Chart, handover: Handover) -> Named:
    """The report over the trend of the readings."""
    made = Assembly(handover, Detail.TREND, chart.names)
    readings = [
        Named(_url(chart, unit), named.resource) if isinstance(unit, StoredObservation) else named
        for unit, named in zip(made.units, made.readings(made.units), strict=True)
    ]
    return made.report(
        made.units,
        readings,
        made.shock_procedures(),
        made.pictures(made.units),
        _NOTE,
    )


def _url(chart: Chart, reading: StoredObservation) -> str:
    return chart.names.urn("Observation", str(reading.observation.observation_id))


def _former(desk: Desk, identity: str) -> list[Element]:
    """The report as it stood when it was handed over, and at each amendment but the last."""
    chart = desk.chart(public("enc", identity) or "")
    if chart is None:
        return []
    now = whole(chart)
    return [
        served(report(chart, _as_of(now, then)).resource, identity, at, str(version))
        for _, version, at, then in chart.former()
    ]


def _as_of(now: Handover, then: Handover) -> Handover:
    """What people had told then, with the readings there are: those are never told anew."""
    return replace(now, record=then.record, version=then.version, updated_at=then.updated_at)


_SOURCE: Final = Told("Composition", _tell, ("date",))

KIND: Final = Kind(
    name="Composition",
    says="The patient care report: preliminary, final from the handover on, amended afterwards.",
    parameters=(
        charts.BY_ID,
        charts.CHANGED,
        token("identifier", "Our own id of the report.", path="identifier"),
        *charts.patient(),
        charts.encounter(),
        token("status", "preliminary, final, amended or entered-in-error.", "not", path="status"),
        token("type", "LOINC 67796-3.", path="type"),
        date("date", "When the newest thing in it was told.", path="date"),
        reference("author", "Who wrote it.", ["Organization", "Practitioner"], "author"),
    ),
    sources=(_SOURCE,),
    read=_SOURCE.read,
    former=_former,
    sorts=("date",),
    summary=elements(
        "identifier status type category subject encounter date author title confidentiality "
        "attester custodian relatesTo event"
    ),
)
