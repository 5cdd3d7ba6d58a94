"""Observation: every reading of an encounter, and its waveforms as strips."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from typing import Final

from cloud.core.observations.queries import stored
from cloud.core.observations.stored import StoredObservation
from cloud.core.observations.tables import ObservationRow, WaveformRow
from cloud.core.searching import readings
from cloud.core.searching.clauses import Clause, Order, always, but_not, either
from cloud.fhir import systems
from cloud.fhir.clocks import Clocks
from cloud.fhir.json import Element
from cloud.fhir.observation import observation
from cloud.fhir.rest import charts, codes
from cloud.fhir.rest.desk import Chart, Desk
from cloud.fhir.rest.ids import ClockId, StripId, as_uuid, public
from cloud.fhir.rest.kind import Kind, Rows, elements, served
from cloud.fhir.rest.kinds.statements import statements
from cloud.fhir.rest.parameters import Criterion, Token, date, reference, token
from cloud.fhir.rest.query import Query
from cloud.fhir.rest.told import Told
from cloud.fhir.rest.wave_source import Waves
from cloud.fhir.rest.wave_source import read as read_wave
from protocols.model.observation import MeasurementStatus

_PRELIMINARY: Final = MeasurementStatus.EARLY_INDICATION.value


def _where(desk: Desk, query: Query) -> Sequence[Clause] | None:
    clauses = [readings.charted()]
    wanted = encounters_of(desk, query)
    if wanted is not None:
        clauses.append(readings.of_encounters(desk.work, wanted))
    return [*clauses, *(_clause(desk, one) for one in query.criteria)] if wanted != [] else None


def encounters_of(desk: Desk, query: Query) -> list[str] | None:
    """The encounters whose readings are looked through; None where ids or devices say it all."""
    wanted = charts.named(desk, query)
    narrow = ("_id", "identifier", "device")
    if wanted is None and (desk.within or not any(query.of(name) for name in narrow)):
        return desk.encounter_ids(charts.around(query))
    return wanted


def _clause(desk: Desk, one: Criterion) -> Clause:
    match one.name:
        case "_id":
            return _of_ids(desk, [t.code for t in one.tokens])
        case "identifier":
            ours = [t.code for t in one.tokens if t.system in (None, systems.OBSERVATION)]
            return _of_ids(desk, ours)
        case "_lastUpdated":
            return either(readings.received(m.prefix, m.span) for m in one.moments)
        case "date":
            return either(readings.observed(m.prefix, m.span) for m in one.moments)
        case "code":
            found = codes.of_tokens(one.tokens)
            return but_not(found) if one.modifier == "not" else found
        case "category":
            return _of_category(one.tokens)
        case "device":
            return readings.of_devices(charts.publics("dev", one.ids("Device")))
        case "status":
            return _of_status({t.code for t in one.tokens})
        case _:
            return always(True)


def _of_ids(desk: Desk, ids: Sequence[str]) -> Clause:
    found = [one for text in ids if (one := as_uuid(text)) is not None]
    return readings.of_ids(desk.work, desk.principal, found)


def _of_category(tokens: Sequence[Token]) -> Clause:
    ours = [t.code for t in tokens if t.system in (None, systems.OBSERVATION_CATEGORY)]
    return either(found for code in ours if (found := codes.of_category(code)) is not None)


def _of_status(wanted: set[str]) -> Clause:
    found = []
    if "final" in wanted:
        found.append(readings.with_status(_PRELIMINARY, present=False))
    if "preliminary" in wanted:
        found.append(readings.with_status(_PRELIMINARY, present=True))
    return either(found)


def _order(query: Query) -> Order:
    if query.sort:
        return Order(readings.BY_TIME.columns, query.is_descending)
    return readings.AS_STORED


def _build(desk: Desk, rows: Sequence[ObservationRow]) -> list[Element]:
    found = stored(desk.work, desk.principal, rows)
    known = desk.charts({row.encounter_id for row in rows if row.encounter_id})
    return [resource(known[one.encounter_id or ""], one) for one in found]


def resource(chart: Chart, one: StoredObservation) -> Element:
    """One reading."""
    clocks = Clocks(chart.names, [one], chart.desk.monitors)
    identity = str(one.observation.observation_id)
    return served(observation(chart.names, clocks, one), identity, one.received_at)


def _read(desk: Desk, identity: str) -> Element | None:
    strip, clock, uuid = StripId.parse(identity), ClockId.parse(identity), as_uuid(identity)
    if strip is not None:
        return read_wave(desk, strip)
    if clock is not None:
        return _clock(desk, identity, clock)
    row = None if uuid is None else readings.reading(desk.work, desk.principal, uuid)
    if row is None:
        return _TOLD.read(desk, identity)
    return _build(desk, [row])[0] if desk.chart(row.encounter_id or "") else None


def _clock(desk: Desk, identity: str, clock: ClockId) -> Element | None:
    encounter_id = public("enc", str(clock.encounter)) or ""
    chart = desk.chart(encounter_id)
    if chart is None:
        return None
    device_id = f"dev_{clock.device.hex}"
    shown = []
    for table in (ObservationRow, WaveformRow):
        held = readings.with_calendar(desk.work, desk.principal, table, encounter_id, device_id)
        with closing(held) as measured:
            clocks = (Clocks(chart.names, [one]).observations([one]) for one in measured)
            named = (one for found in clocks for one in found)
            shown += list(islice((one for one in named if one.url.endswith(identity)), 1))
    first = min(shown, key=lambda one: str(one.resource["effectiveDateTime"]), default=None)
    if first is None:
        return None
    return served(first.resource, identity, chart.row.created_at)


def _counted(desk: Desk, clauses: Sequence[Clause]) -> int:
    return readings.count_of(desk.work, desk.principal, clauses)


_TOLD: Final = Told(
    "Observation", statements, ("effectiveDateTime",), without=frozenset(("device",))
)

KIND: Final = Kind(
    name="Observation",
    says="What devices measured: numbers, events, and waveforms in strips of at most ten seconds.",
    parameters=(
        charts.BY_ID,
        charts.CHANGED,
        token("identifier", "Our own id of the reading.", path="identifier"),
        *charts.patient(),
        charts.encounter(),
        token(
            "code",
            "LOINC, ISO/IEEE 11073-10101 by its number, or one of our own terms.",
            "not",
            path="code",
        ),
        token("category", "vital-signs, exam, therapy or procedure (waveforms).", path="category"),
        token("status", "final or preliminary.", path="status"),
        date("date", "When it was measured.", path="effectiveDateTime effectivePeriod"),
        reference("device", "The device that measured it.", ["Device", "DeviceMetric"], "device"),
    ),
    sources=(
        Rows(table=ObservationRow, where=_where, order=_order, build=_build, counted=_counted),
        Waves(encounters_of),
        _TOLD,
    ),
    read=_read,
    sorts=("date",),
    summary=elements(
        "identifier basedOn partOf status code subject focus encounter "
        "effectiveDateTime effectivePeriod issued performer component derivedFrom "
        "valueQuantity valueCodeableConcept valueString valueSampledData "
        "valueDateTime"
    ),
)
