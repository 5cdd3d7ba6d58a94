"""Many readings as observations: the first of a kind is made, the others after its pattern."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems
from cloud.fhir.clocks import Clocks
from cloud.fhir.json import Element
from cloud.fhir.names import Named, Names
from cloud.fhir.observation import observation
from cloud.fhir.times import instant
from protocols.model.observation import NumericObservation
from protocols.model.timestamps import TimeQuality


class Readings:
    """The readings of one handover as observations.

    An hour holds thousands of numbers that differ in time, value and identity alone: the first of
    each kind is made as a pattern, and the others after it.
    """

    def __init__(self, names: Names, clocks: Clocks) -> None:
        self._names = names
        self._clocks = clocks
        self._patterns: dict[tuple[object, ...], Element] = {}
        self._times: dict[datetime, str] = {}

    def _instant(self, at: datetime) -> str:
        """Readings of a batch came together, and a monitor measures several things at a time."""
        text = self._times.get(at)
        if text is None:
            text = self._times[at] = instant(at)
        return text

    def named(self, stored: StoredObservation) -> Named:
        """One reading, the same as `observation` gives; AssertionError for a waveform."""
        told = stored.observation
        name = str(told.observation_id)
        entry = self._names.entry("Observation", name)
        if isinstance(told, NumericObservation) and _is_plain(told):
            one = self._after_pattern(stored, told, name, entry)
        else:
            one = observation(self._names, self._clocks, stored)
        return Named(f"urn:uuid:{entry}", one, f"identifier={systems.FILED}|{entry}")

    def _after_pattern(
        self, stored: StoredObservation, told: NumericObservation, name: str, entry: str
    ) -> Element:
        anchor = self._clocks.anchor(stored)
        key = (
            stored.device_id,
            stored.gateway_id,
            told.type.cf_code,
            told.value.unit.term,
            told.status,
            told.supplements,
            stored.flags,
            anchor is None,
        )
        pattern = self._patterns.get(key)
        if pattern is None:
            pattern = self._patterns[key] = observation(self._names, self._clocks, stored)
        one = dict(pattern)
        one["identifier"] = [
            {"system": systems.OBSERVATION, "value": name},
            {"system": systems.FILED, "value": entry},
        ]
        one["effectiveDateTime"] = self._instant(told.observed_at.at)
        one["issued"] = self._instant(stored.received_at)
        quantity = pattern.get("valueQuantity")
        if isinstance(quantity, dict) and isinstance(told.value.value, Decimal):
            one["valueQuantity"] = {**quantity, "value": told.value.value}
        if anchor is not None:
            one["derivedFrom"] = self._clocks.to(anchor)
        return one


def _is_plain(told: NumericObservation) -> bool:
    """Whether nothing of it but its time, value and identity is its own."""
    observed = told.observed_at
    if not isinstance(told.value.value, Decimal) or observed.quality is TimeQuality.UNKNOWN:
        return False
    stamp = observed.device_time
    # Ticks stand in a component, and a stamp that was not used in a note.
    return stamp is None or (stamp.kind == "absolute" and observed.quality is TimeQuality.DEVICE)
