"""One handover as named resources: what a transaction, a document and a pre-alert are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.observations.stored import StoredObservation
from cloud.fhir.clocks import Clocks
from cloud.fhir.composition import Edition, composition
from cloud.fhir.device import device, gateway
from cloud.fhir.document_reference import ecg_document, photograph
from cloud.fhir.ecg_picture import recordings
from cloud.fhir.encounter import encounter
from cloud.fhir.metric import is_monitor, metric, metric_name
from cloud.fhir.names import Named, Names
from cloud.fhir.observation import has_vital_sign, is_vital_sign
from cloud.fhir.procedure import Shock, shock_procedure, shocks
from cloud.fhir.provenance import provenance
from cloud.fhir.readings import Readings
from cloud.fhir.recording import binary, long_recordings, recording, recording_document
from cloud.fhir.sections import Reported
from cloud.fhir.selection import Detail, Selection, is_event, select
from cloud.fhir.strips import Leads, Wave, by_leads
from cloud.fhir.telling import telling
from cloud.fhir.waveform import leads_name, leads_observation, strip_name, strip_observation
from protocols.model.observation import SampleArrayObservation

ENTERED_IN_ERROR: Final = "entered-in-error"
Unit = StoredObservation | Wave
"""What pages count: a reading, a strip of waveform, or the strips of one ECG."""


class Assembly:
    """The resources of one handover at one level of detail."""

    def __init__(self, handover: Handover, detail: Detail, names: Names | None = None) -> None:
        self.handover = handover
        self.detail = detail
        self.names = names or Names.of(handover)
        self.told = telling(self.names, handover)
        self._monitors = {one.device_id for one in handover.devices if is_monitor(one)}
        self._points = [
            one
            for one in handover.observations
            if not isinstance(one.observation, SampleArrayObservation)
        ]
        self._selection = select(handover.observations, detail)
        self._shocks = shocks(self._points)
        self._events = [one for one in self._selection.readings if is_event(one)]
        self.units = _in_order(self._selection, self._events)
        waves = [unit.chunks[0] for unit in self.units if isinstance(unit, Wave)]
        self._clocks = Clocks(self.names, [*self._points, *waves], self._monitors)
        self._readings = Readings(self.names, self._clocks)

    @property
    def as_of(self) -> datetime:
        """The time of the newest thing in the handover."""
        received = [stored.received_at for stored in self.handover.observations]
        return max([self.handover.updated_at, *received])

    @property
    def edition(self) -> Edition:
        """Which report it is."""
        return Edition.of(self.handover, self.detail)

    def newest(self) -> list[Unit]:
        """The newest reading of each vital sign of each device, by time."""
        found: dict[tuple[object, ...], Unit] = {}
        for unit in self.units:
            if isinstance(unit, StoredObservation) and is_vital_sign(unit.observation):
                found[unit.device_id, unit.observation.type, unit.observation.supplements] = unit
        return sorted(found.values(), key=_start)

    def encounter(self) -> Named:
        """The encounter."""
        return Named(self.names.urn("Encounter"), encounter(self.names, self.handover))

    def devices(self) -> list[Named]:
        """Every device that contributed, then the gateways."""
        names = self.names
        return [
            Named(names.urn("Device", one.device_id), device(names, one))
            for one in self.handover.devices
        ] + [
            Named(names.urn("Gateway", one), gateway(names, one))
            for one in self.handover.gateway_ids
        ]

    def sources(self, units: Iterable[Unit]) -> list[Named]:
        """The monitors' metrics and the devices' clocks that those units refer to."""
        readings = [
            unit if isinstance(unit, StoredObservation) else unit.chunks[0] for unit in units
        ]
        metrics = {
            metric_name(one.device_id, one.observation.type): one
            for one in readings
            if one.device_id in self._monitors
        }
        return [
            Named(self.names.urn("Metric", local), metric(self.names, one))
            for local, one in metrics.items()
        ] + self._clocks.observations(readings)

    def withdrawn(self) -> list[Named]:
        """What was told of this encounter with readings that have moved, as entered in error.

        A strip is its chunks: one that lost a chunk is another strip, and the old one is withdrawn.
        """
        moved = self.handover.moved_away
        if not moved:
            return []
        gone = {id(one) for one in moved}
        before = select([*self.handover.observations, *moved], self.detail)
        units = [one for one in _in_order(before, ()) if _has_any(one, gone)]
        return [
            Named(one.url, {**one.resource, "status": ENTERED_IN_ERROR})
            for one in self.readings(units)
        ]

    def superseded(self) -> list[Named]:
        """The reports before this one as entered in error: they may lie at a wrong patient."""
        units: list[Unit] = []
        return [
            Named(
                f"urn:uuid:{edition.identity(self.names)}",
                {
                    **self.report(units, [], [], [], "", edition=edition).resource,
                    "status": ENTERED_IN_ERROR,
                },
            )
            for edition in self.edition.replaced()
            if edition.detail is self.detail
        ]

    def provenance(self) -> Named:
        """Who the report is from."""
        told = provenance(self.names, self.handover, recorded=self.as_of)
        return Named(self.names.urn("Provenance"), told)

    def readings(self, units: Iterable[Unit]) -> list[Named]:
        """Those units, each as its observation."""
        return [self._reading(unit) for unit in units]

    def shock_procedures(self) -> list[Named]:
        """The shocks the defibrillator told of."""
        return [self._shock(shock) for shock in self._shocks]

    def pictures(self, units: Iterable[Unit]) -> list[Named]:
        """The ECGs among the units as they are drawn, and the crew's photographs."""
        names, handover = self.names, self.handover
        drawn = [
            Named(names.urn("EcgPicture", leads_name(one)), ecg_document(names, one))
            for one in recordings([unit for unit in units if isinstance(unit, Leads)])
        ]
        photographs = [
            Named(
                names.urn("Photograph", str(one.item_id)),
                photograph(names, handover, one, handover.pictures[one.attachment_id]),
            )
            for one in handover.record.photographs
            if one.attachment_id in handover.pictures and handover.identity is not None
        ]
        return drawn + photographs

    def recordings(self, units: Iterable[Unit]) -> list[tuple[Named, Named]]:
        """ECGs longer than a strip in one piece: what leads to each, and its Binary."""
        names = self.names
        found = []
        for leads in long_recordings(unit for unit in units if isinstance(unit, Leads)):
            local, octets = leads_name(leads), recording(leads)
            found.append(
                (
                    Named(
                        names.urn("EcgRecording", local),
                        recording_document(names, leads, octets),
                    ),
                    Named(names.urn("EcgBinary", local), binary(octets)),
                )
            )
        return found

    def report(
        self,
        units: Sequence[Unit],
        readings: Sequence[Named],
        procedures: Sequence[Named],
        pictures: Sequence[Named],
        page_note: str,
        edition: Edition | None = None,
    ) -> Named:
        """The report; its entries are those `readings`, made of those `units`."""
        pairs = list(zip(readings, units, strict=True))
        events = {id(one) for one in self._events}
        reported = Reported(
            readings=self._points,
            events=self._events,
            shocks=self._shocks,
            telling=self.told,
            vital_signs=[one for one, _ in pairs if has_vital_sign(one.resource)],
            arrest=[one for one, unit in pairs if isinstance(unit, Wave) or id(unit) in events],
            procedures=procedures,
            pictures=pictures,
            page_note=page_note,
        )
        report = composition(
            self.names, self.handover, reported, edition or self.edition, as_of=self.as_of
        )
        return Named(self.names.urn("Composition"), report)

    def _reading(self, unit: Unit) -> Named:
        if isinstance(unit, Wave):
            return self._wave(unit)
        return self._readings.named(unit)

    def _wave(self, unit: Wave) -> Named:
        names, clocks = self.names, self._clocks
        if isinstance(unit, Leads):
            return Named(
                names.urn("Leads", leads_name(unit)), leads_observation(names, clocks, unit)
            )
        return Named(names.urn("Strip", strip_name(unit)), strip_observation(names, clocks, unit))

    def _shock(self, shock: Shock) -> Named:
        local = str(shock.told_by.observation.observation_id)
        return Named(self.names.urn("Shock", local), shock_procedure(self.names, shock))


def _in_order(selection: Selection, events: Sequence[StoredObservation]) -> list[Unit]:
    """Events first, then everything else by time."""
    known = {id(one) for one in events}
    others: list[Unit] = [one for one in selection.readings if id(one) not in known]
    others.extend(by_leads(selection.strips))
    return [*events, *sorted(others, key=_start)]


def _has_any(unit: Unit, readings: set[int]) -> bool:
    """Whether a unit is, or is made of, one of these readings by their identity as objects."""
    if isinstance(unit, Wave):
        return any(id(chunk) in readings for chunk in unit.chunks)
    return id(unit) in readings


def _start(unit: Unit) -> datetime:
    return unit.start if isinstance(unit, Wave) else unit.observation.observed_at.at
