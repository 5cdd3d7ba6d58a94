"""The device's own clock: how its stamps can be had back (HL7 PHD guide, Coincident Time Stamp).

A reading's effective time is on the gateway's clock. For every offset that was used there is one
observation that shows both clocks at the same moment; the readings point to it, so the stamp a
device really sent is effective time minus the difference. Ticks of a device without a calendar
stand in a component of the reading, a stamp that was not used to find the time in its note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems, terms
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.metric import metric_name
from cloud.fhir.names import Named, Names
from cloud.fhir.times import instant
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality

_ABSOLUTE_CLOCK: Final = (67975, "MDC_ATTR_TIME_ABS")
_RELATIVE_STAMP: Final = (67985, "MDC_ATTR_TIME_STAMP_REL")
_NO_ZONE: Final = "The device's clock has no time zone; its digits are shown here with offset zero."


@dataclass(frozen=True, slots=True)
class Anchor:
    """Both clocks at one moment: the reading it was seen on, and what the device's clock said.

    `difference` is how far they were apart, the device's taken as if it had no zone.
    """

    stored: StoredObservation
    local: datetime
    difference: timedelta

    @property
    def name(self) -> str:
        """A name for device and offset, the same for every reading that used it."""
        return f"{self.stored.device_id}:{self.difference // timedelta(microseconds=1)}"


class Clocks:
    """What readings refer to: their devices, and the offsets of the devices' clocks.

    Each offset is anchored at its earliest reading. `monitors` are the ids of the devices whose
    readings refer to a metric.
    """

    def __init__(
        self,
        names: Names,
        observations: Iterable[StoredObservation],
        monitors: Collection[str] = (),
    ) -> None:
        self._names = names
        self._monitors = frozenset(monitors)
        self._anchors: dict[tuple[str, timedelta], Anchor] = {}
        # By the object: the handover holds every reading as long as this lives.
        self._known: dict[int, Anchor | None] = {}
        self._references: dict[int, list[Element]] = {}
        # The moment stands beside what it tells, so that no other object gets its number.
        self._locals: dict[int, tuple[ObservedTime, datetime | None, timedelta]] = {}
        for stored in observations:
            self._known[id(stored)] = self._first(stored)

    def anchor(self, stored: StoredObservation) -> Anchor | None:
        """Where a reading's two clocks were first seen so far apart; None where one was enough."""
        return self._known[id(stored)] if id(stored) in self._known else self._first(stored)

    def _first(self, stored: StoredObservation) -> Anchor | None:
        local, difference = self._told(stored.observation.observed_at)
        if local is None:
            return None
        key = (stored.device_id, difference)
        found = self._anchors.get(key)
        if found is None:
            found = self._anchors[key] = Anchor(stored, local, difference)
        return found

    def _told(self, observed: ObservedTime) -> tuple[datetime | None, timedelta]:
        """What the device's clock said and how far away that is; readings may share a moment."""
        if id(observed) not in self._locals:
            local = _local(observed)
            away = observed.at - local.replace(tzinfo=UTC) if local else timedelta()
            self._locals[id(observed)] = (observed, local, away)
        _, local, away = self._locals[id(observed)]
        return local, away

    def device(self, stored: StoredObservation) -> Element:
        """What measured: the device, or one metric of those that are monitors."""
        if stored.device_id not in self._monitors:
            return self._names.reference("Device", stored.device_id)
        return self._names.reference(
            "Metric", metric_name(stored.device_id, stored.observation.type)
        )

    def references(self, stored: StoredObservation) -> list[Element]:
        """What `derivedFrom` holds for a reading."""
        anchor = self.anchor(stored)
        return [] if anchor is None else self.to(anchor)

    def to(self, anchor: Anchor) -> list[Element]:
        """A reference to the observation of an anchor, as `derivedFrom` holds it."""
        known = self._references.get(id(anchor))
        if known is None:
            known = self._references[id(anchor)] = [self._names.reference("Clock", anchor.name)]
        return known

    def observations(self, readings: Iterable[StoredObservation]) -> list[Named]:
        """The coincident time stamps those readings point to."""
        used = {id(self.anchor(one)) for one in readings}
        return [
            Named(self._names.urn("Clock", anchor.name), self.observation(anchor))
            for anchor in self._anchors.values()
            if id(anchor) in used
        ]

    def observation(self, anchor: Anchor) -> Element:
        """Both clocks at the moment of the anchor, local name `Anchor.name`."""
        stored, names = anchor.stored, self._names
        value = names.within_encounter("Clock", anchor.name)
        return element(
            resourceType="Observation",
            identifier=[{"system": systems.OBSERVATION, "value": value}],
            status="final",
            code=terms.attribute(*_ABSOLUTE_CLOCK),
            subject=names.reference("Device", stored.device_id),
            effectiveDateTime=instant(stored.observation.observed_at.at),
            valueDateTime=f"{anchor.local.isoformat(timespec='milliseconds')}Z",
            note=[{"text": _NO_ZONE}],
            device=names.reference("Gateway", stored.gateway_id) if stored.gateway_id else None,
        )


def stamp_notes(stored: StoredObservation) -> list[Element]:
    """The device's calendar stamp where it is not the source of the effective time."""
    stamp = stored.observation.observed_at.device_time
    if stamp is None or stamp.local is None or _local(stored.observation.observed_at) is not None:
        return []
    return [{"text": f"The device's own time stamp was {stamp.value}."}]


def tick_components(stamp: DeviceTime | None) -> list[JsonValue]:
    """The ticks a device without a calendar stamped; how long one is, is the device's affair."""
    if stamp is None or stamp.kind != "relative":
        return []
    ticks: Element = {
        "value": int(stamp.value),
        "unit": "ticks",
        "system": systems.UCUM,
        "code": "{tick}",
    }
    return [{"code": terms.attribute(*_RELATIVE_STAMP), "valueQuantity": ticks}]


def _local(observed: ObservedTime) -> datetime | None:
    """The device's calendar time where the effective time was worked out from it.

    A stamp that carries its offset needs no second clock; it stands in a note.
    """
    stamp = observed.device_time
    if stamp is None or stamp.kind != "absolute" or observed.quality is not TimeQuality.DEVICE:
        return None
    return stamp.local
