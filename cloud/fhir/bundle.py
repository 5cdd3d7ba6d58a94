"""Bundle: one handover as a transaction a hospital's server can take, any number of times.

Every entry is created unless the server knows its identifier, so posting again adds nothing. For
servers that know conditional updates, `update` lets the report and an encounter that has ended
bring up to date what the server was given earlier.
Provenance is left out: in R4 it has no identifier, so it could not be created conditionally, and
update-as-create (`PUT Provenance/<id>`) is not allowed by every server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems
from cloud.fhir.clocks import Clocks
from cloud.fhir.composition import Edition, composition
from cloud.fhir.device import device, gateway
from cloud.fhir.encounter import encounter, has_ended
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.names import Named, Names, created, updated
from cloud.fhir.observation import is_vital_sign, observation
from cloud.fhir.patient import pseudonymised
from cloud.fhir.procedure import Shock, shock_procedure, shocks
from cloud.fhir.sections import Reported
from cloud.fhir.selection import Detail, is_event, select
from cloud.fhir.strips import Strip
from cloud.fhir.telling import telling
from cloud.fhir.times import instant
from cloud.fhir.waveform import strip_name, strip_observation

DEFAULT_PAGE_SIZE: Final = 400

_Unit = StoredObservation | Strip


class NoSuchPageError(ValueError):
    """The handover has fewer pages than that."""


class HandoverPages:
    """One handover at one level of detail, cut into transactions of at most `page_size` readings.

    Every page carries what its readings refer to, so pages may be posted in any order; the report
    and the events stand on the first.
    """

    def __init__(
        self,
        handover: Handover,
        *,
        detail: Detail = Detail.TREND,
        page_size: int = DEFAULT_PAGE_SIZE,
        update: bool = False,
    ) -> None:
        self._handover = handover
        self._update = update
        self._detail = detail
        self._size = page_size
        self._names = Names.of(handover)
        self._clocks = Clocks(self._names, handover.observations)
        self._selection = select(handover.observations, detail)
        self._shocks = shocks(handover.observations)
        self._told = telling(self._names, handover)
        self._units = _in_order(self._selection.readings, self._selection.strips)

    @property
    def total(self) -> int:
        """How many readings and strips all pages hold together."""
        return len(self._units)

    @property
    def count(self) -> int:
        """How many pages there are; always at least one."""
        return max(1, -(-len(self._units) // self._size))

    @property
    def as_of(self) -> datetime:
        """The time of the newest thing in the handover."""
        received = [stored.received_at for stored in self._handover.observations]
        return max([self._handover.updated_at, *received])

    def bundle(self, page: int = 1, *, page_url: Callable[[int], str] | None = None) -> Element:
        """One page, counted from 1; `page_url` gives the address of a page for its links.

        The same handover gives the same bundle. NoSuchPageError for any other page.
        """
        if not 1 <= page <= self.count:
            raise NoSuchPageError(f"the handover has {self.count} pages, there is no page {page}")
        units = self._units[(page - 1) * self._size : page * self._size]
        stamp = instant(self.as_of)
        local = (self._detail.value, str(page), str(self._size), stamp)
        identity = self._names.within_encounter("Bundle", str(self._handover.version), *local)
        return element(
            resourceType="Bundle",
            meta=element(
                security=pseudonymised() if self._handover.identity is None else None,
                tag=[self._tag(page, len(units))],
            ),
            identifier={"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{identity}"},
            type="transaction",
            timestamp=stamp,
            link=self._links(page, page_url) if page_url else None,
            entry=self._entries(page, units),
        )

    def _entries(self, page: int, units: Sequence[_Unit]) -> list[JsonValue]:
        readings = [self._reading(unit) for unit in units]
        sources = [unit.chunks[0] if isinstance(unit, Strip) else unit for unit in units]
        entries: list[JsonValue] = [
            *map(created, self._told.actors),
            self._encounter(),
            *map(created, self._devices()),
            *map(created, self._clocks.observations(sources)),
            *map(created, readings),
        ]
        if page > 1:
            # The encounter names its diagnoses, so they stand on every page.
            return [*entries, *map(created, self._told.impressions)]
        procedures = [self._shock(shock) for shock in self._shocks]
        report = self._report(readings, units, procedures)
        return [
            *entries,
            *map(created, self._told.statements),
            *map(created, procedures),
            updated(report) if self._update else created(report),
        ]

    def _encounter(self) -> Element:
        """Created once. Where updates are asked for, one that has ended updates what was filed.

        An open one never does, so that an old bundle posted late cannot open it again.
        """
        named = Named(self._names.urn("Encounter"), encounter(self._names, self._handover))
        return updated(named) if self._update and has_ended(self._handover) else created(named)

    def _devices(self) -> list[Named]:
        names = self._names
        return [
            Named(names.urn("Device", one.device_id), device(names, one))
            for one in self._handover.devices
        ] + [
            Named(names.urn("Gateway", one), gateway(names, one))
            for one in self._handover.gateway_ids
        ]

    def _reading(self, unit: _Unit) -> Named:
        names, clocks = self._names, self._clocks
        if isinstance(unit, Strip):
            return Named(
                names.urn("Strip", strip_name(unit)), strip_observation(names, clocks, unit)
            )
        local = str(unit.observation.observation_id)
        return Named(names.urn("Observation", local), observation(names, clocks, unit))

    def _shock(self, shock: Shock) -> Named:
        local = str(shock.told_by.observation.observation_id)
        return Named(self._names.urn("Shock", local), shock_procedure(self._names, shock))

    def _report(
        self, readings: Sequence[Named], units: Sequence[_Unit], procedures: Sequence[Named]
    ) -> Named:
        vital_signs = [
            one
            for one, unit in zip(readings, units, strict=True)
            if isinstance(unit, StoredObservation) and is_vital_sign(unit.observation)
        ]
        arrest = [
            one
            for one, unit in zip(readings, units, strict=True)
            if isinstance(unit, Strip) or is_event(unit)
        ]
        reported = Reported(
            readings=self._handover.observations,
            events=[one for one in self._selection.readings if is_event(one)],
            shocks=self._shocks,
            telling=self._told,
            vital_signs=vital_signs,
            arrest=arrest,
            procedures=procedures,
            page_note=self._page_note(len(units)),
        )
        edition = Edition.of(self._handover, self._detail)
        report = composition(self._names, self._handover, reported, edition, as_of=self.as_of)
        return Named(self._names.urn("Composition"), report)

    def _page_note(self, here: int) -> str:
        what = "every reading" if self._detail is Detail.FULL else "the trend of the readings"
        note = f"This record holds {what}."
        if self.count > 1:
            note += (
                f" {here} of {self.total} stand on this page, the others on {self.count - 1} more."
            )
        return note

    def _tag(self, page: int, here: int) -> Element:
        return {
            "system": systems.PAGES,
            "code": f"{self._detail.value}-{page}-of-{self.count}",
            "display": f"{here} of {self.total} readings and strips",
        }

    def _links(self, page: int, page_url: Callable[[int], str]) -> list[JsonValue]:
        relations = {"self": page, "first": 1, "last": self.count}
        if page > 1:
            relations["previous"] = page - 1
        if page < self.count:
            relations["next"] = page + 1
        return [
            {"relation": relation, "url": page_url(number)}
            for relation, number in relations.items()
        ]


def transaction_bundle(
    handover: Handover,
    *,
    detail: str = "trend",
    page: int = 1,
    page_size: int = DEFAULT_PAGE_SIZE,
    page_url: Callable[[int], str] | None = None,
    update: bool = False,
) -> Element:
    """One page of the handover as a transaction Bundle.

    `detail` is `trend` or `full` (ValueError for another); pages count from 1 (NoSuchPageError).
    `update` asks for conditional updates of what may have changed since an earlier bundle.
    """
    pages = HandoverPages(handover, detail=Detail(detail), page_size=page_size, update=update)
    return pages.bundle(page, page_url=page_url)


def _in_order(readings: Sequence[StoredObservation], strips: Sequence[Strip]) -> list[_Unit]:
    """Events first, then everything else by time."""
    events = [one for one in readings if is_event(one)]
    others: list[_Unit] = [one for one in readings if not is_event(one)]
    others.extend(strips)
    return [*events, *sorted(others, key=_start)]


def _start(unit: _Unit) -> datetime:
    return unit.start if isinstance(unit, Strip) else unit.observation.observed_at.at
