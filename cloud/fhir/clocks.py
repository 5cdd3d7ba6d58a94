"""The device's own clock: how its stamps can be had back (HL7 PHD guide, Coincident Time Stamp).

A reading's effective time is on the gateway's clock. For every offset that was used there is one
observation that shows both clocks at the same moment; the readings point to it, so the stamp a
device really sent is effective time minus the difference. Ticks of a device without a calendar
stand in a component of the reading, a stamp that was not used to find the time in its note.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems, terms
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.names import Named, Names
from cloud.fhir.times import instant
from protocols.model.timestamps import DeviceTime, TimeQuality

_ABSOLUTE_CLOCK: Final = (67975, "MDC_ATTR_TIME_ABS")
_RELATIVE_STAMP: Final = (67985, "MDC_ATTR_TIME_STAMP_REL")
_NO_ZONE: Final = "The device's clock has no time zone; its digits are shown here with offset zero."


@dataclass(frozen=True, slots=True)
class Anchor:
    """Both clocks at one moment: the reading it was seen on, and what the device's clock said."""

    stored: StoredObservation
    local: datetime

    @property
    def name(self) -> str:
        """A name for device and offset, the same for every reading that used it."""
        difference = self.stored.observation.observed_at.at - self.local.replace(tzinfo=UTC)
        return f"{self.stored.device_id}:{difference // timedelta(microseconds=1)}"


class Clocks:
    """The offsets of one handover's readings, each anchored at its earliest reading."""

    def __init__(self, names: Names, observations: Iterable[StoredObservation]) -> None:
        self._names = names
        self._anchors: dict[str, Anchor] = {}
        for stored in observations:
            anchor = _anchor(stored)
            if anchor is not None:
                self._anchors.setdefault(anchor.name, anchor)

    def references(self, stored: StoredObservation) -> list[Element]:
        """What `derivedFrom` holds for a reading."""
        anchor = _anchor(stored)
        return [] if anchor is None else [self._names.reference("Clock", anchor.name)]

    def observations(self, readings: Iterable[StoredObservation]) -> list[Named]:
        """The coincident time stamps those readings point to."""
        used = {anchor.name for one in readings if (anchor := _anchor(one)) is not None}
        return [
            Named(self._names.urn("Clock", name), self.observation(anchor))
            for name, anchor in self._anchors.items()
            if name in used
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
    if stamp is None or stamp.local is None or _anchor(stored) is not None:
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


def _anchor(stored: StoredObservation) -> Anchor | None:
    """Both clocks when the effective time was worked out from the device's calendar.

    A stamp that carries its offset needs no second clock; it stands in a note.
    """
    observed = stored.observation.observed_at
    stamp = observed.device_time
    local = stamp.local if stamp is not None and stamp.kind == "absolute" else None
    if local is None or observed.quality is not TimeQuality.DEVICE:
        return None
    return Anchor(stored, local)
