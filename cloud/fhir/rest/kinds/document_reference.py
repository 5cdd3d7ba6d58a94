"""DocumentReference: ECGs as they are drawn, and the crew's photographs for who may see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from cloud.core.encounters.crew import attachment
from cloud.core.searching import waves
from cloud.core.searching.waves import Begun
from cloud.fhir.document_reference import ecg_document, photograph
from cloud.fhir.ecg_picture import MOST_DRAWN, PAUSE, can_be_drawn
from cloud.fhir.names import Named
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Chart
from cloud.fhir.rest.kind import Kind, elements
from cloud.fhir.rest.lanes import CELL, ECG, cell, lanes, starting
from cloud.fhir.rest.parameters import date, reference, token
from cloud.fhir.rest.told import Told
from cloud.fhir.strips import Leads
from cloud.fhir.waveform import leads_name


def _tell(chart: Chart) -> Iterator[Named]:
    yield from _pictures(chart)
    yield from _photographs(chart)


def _pictures(chart: Chart) -> Iterator[Named]:
    """The beginning of each recording, as a bundle has it."""
    desk, names = chart.desk, chart.names
    drawn = 0
    for lane in lanes(desk, [chart.row.encounter_id]):
        if lane.code != ECG:
            continue
        for begin in _beginnings(waves.times(desk.work, desk.principal, lane)):
            cells = starting(desk, lane, cell(begin), cell(begin) + CELL)
            first = next((one for one in cells if one.start >= begin), None)
            if not isinstance(first, Leads) or not can_be_drawn(first) or drawn == MOST_DRAWN:
                continue
            drawn += 1
            yield Named(names.urn("EcgPicture", leads_name(first)), ecg_document(names, first))


def _beginnings(chunks: list[Begun]) -> Iterator[datetime]:
    """When recordings begin: those after a pause longer than a strip."""
    ended: datetime | None = None
    for one in chunks:
        if ended is None or one.start - ended > PAUSE:
            yield one.start
        ended = one.end if ended is None else max(ended, one.end)


def _photographs(chart: Chart) -> Iterator[Named]:
    if not chart.projection.is_identified:
        return
    desk, names = chart.desk, chart.names
    for one in chart.projection.record.photographs:
        octets = attachment(desk.work, desk.principal, one.attachment_id)
        if octets is not None:
            made = photograph(names, chart.handover, one, octets)
            yield Named(names.urn("Photograph", str(one.item_id)), made)


_SOURCE: Final = Told("DocumentReference", _tell, ("date",))

KIND: Final = Kind(
    name="DocumentReference",
    says="ECGs as pictures, and the crew's photographs for the hospital that takes the patient.",
    parameters=(
        charts.BY_ID,
        charts.CHANGED,
        token("identifier", "Our own id of it.", path="identifier masterIdentifier"),
        *charts.patient(),
        charts.encounter("encounter", "context.encounter"),
        token("status", "current.", path="status"),
        token("type", "LOINC 11524-6 or 72170-4.", path="type"),
        token("contenttype", "The media type.", path="content.attachment.contentType"),
        date("date", "When it was recorded.", path="date"),
        reference("author", "Who made it.", ["Organization", "Practitioner"], "author"),
    ),
    sources=(_SOURCE,),
    read=_SOURCE.read,
    sorts=("date",),
    summary=elements(
        "masterIdentifier identifier status docStatus type category subject date author "
        "relatesTo description securityLabel content"
    ),
)
