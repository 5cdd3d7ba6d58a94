"""The device's own clock: how its stamps can be had back (HL7 PHD guide, Coincident Time Stamp).

A reading's effective time is on the gateway's clock. For every offset that was used there is one
observation that shows both clocks at the same moment; the readings point to it, so the stamp a
device really sent is effective time minus the difference. A stamp that was not used to find the
time stands in the reading's note.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems, terms
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names, entry
from cloud.fhir.times import instant
from protocols.model.codes import MdcCode
from protocols.model.timestamps import DeviceTime, TimeQuality

_ABSOLUTE_CLOCK: Final = MdcCode.from_cf_code(67975)
_RELATIVE_CLOCK: Final = MdcCode.from_cf_code(67983)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK_US: Final = 125
_TICK: Final = timedelta(microseconds=_TICK_US)
_NO_ZONE: Final = "The device's clock has no time zone; its digits are shown here with offset zero."


@dataclass(frozen=True, slots=True)
class Anchor:
    """Both clocks at one moment: the reading it was seen on, and the clock's kind."""

    stored: StoredObservation
    device_time: DeviceTime

    @property
    def local(self) -> str:
        """A name for the offset, the same for every reading that used it."""
        return _offset_name(self.stored, self.device_time)


class Clocks:
    """The offsets of one handover's readings, each anchored at its earliest reading."""

    def __init__(self, names: Names, observations: Iterable[StoredObservation]) -> None:
        self._names = names
        self._anchors: dict[str, Anchor] = {}
        for stored in observations:
            stamp = _mapped_stamp(stored)
            if stamp is not None:
                self._anchors.setdefault(_offset_name(stored, stamp), Anchor(stored, stamp))

    def references(self, stored: StoredObservation) -> list[Element]:
        """What `derivedFrom` holds for a reading."""
        stamp = _mapped_stamp(stored)
        if stamp is None:
            return []
        return [self._names.reference("Clock", _offset_name(stored, stamp))]

    def notes(self, stored: StoredObservation) -> list[Element]:
        """The device's stamp where it is not the source of the effective time."""
        stamp = stored.observation.observed_at.device_time
        if stamp is None or _mapped_stamp(stored) is not None:
            return []
        return [{"text": f"The device's own {stamp.kind} time stamp was {stamp.value}."}]

    def entries(self, readings: Iterable[StoredObservation]) -> list[Element]:
        """The coincident time stamps those readings point to."""
        used: dict[str, Anchor] = {}
        for stored in readings:
            stamp = _mapped_stamp(stored)
            if stamp is not None:
                local = _offset_name(stored, stamp)
                used[local] = self._anchors[local]
        return [self._entry(anchor) for anchor in used.values()]

    def _entry(self, anchor: Anchor) -> Element:
        stored, names = anchor.stored, self._names
        value = names.within_encounter("Clock", anchor.local)
        absolute = anchor.device_time.local
        resource = element(
            resourceType="Observation",
            identifier=[{"system": systems.OBSERVATION, "value": value}],
            status="final",
            code=terms.concept(_ABSOLUTE_CLOCK if absolute else _RELATIVE_CLOCK),
            subject=names.reference("Device", stored.device_id),
            effectiveDateTime=instant(stored.observation.observed_at.at),
            **_reading(anchor.device_time),
            note=[{"text": _NO_ZONE}] if absolute else None,
            device=names.reference("Gateway", stored.gateway_id) if stored.gateway_id else None,
        )
        return entry(names.urn("Clock", anchor.local), resource, systems.OBSERVATION, value)


def _reading(stamp: DeviceTime) -> Element:
    local = stamp.local
    if local is not None:
        return {"valueDateTime": f"{local.isoformat(timespec='milliseconds')}Z"}
    return {
        "valueQuantity": {
            "value": Decimal(int(stamp.value) * _TICK_US),
            "unit": "µs",
            "system": systems.UCUM,
            "code": "us",
        }
    }


def _mapped_stamp(stored: StoredObservation) -> DeviceTime | None:
    """The device's stamp when the effective time was worked out from it."""
    observed = stored.observation.observed_at
    return observed.device_time if observed.quality is TimeQuality.DEVICE else None


def _offset_name(stored: StoredObservation, stamp: DeviceTime) -> str:
    """Device and offset (UTC minus device time, in microseconds)."""
    at, local = stored.observation.observed_at.at, stamp.local
    if local is not None:
        offset = at - local.replace(tzinfo=UTC)
    else:
        offset = at - _EPOCH - int(stamp.value) * _TICK
    return f"{stored.device_id}:{stamp.kind}:{offset // timedelta(microseconds=1)}"
