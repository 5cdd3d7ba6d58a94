"""The hospital's side: reads the handover bundle the way a receiving system would.

Only FHIR is looked at here: identifiers, codings, quantities, sampled data. A strip of waveform
joins many readings of the device; it is cut again by their lengths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid5

from protocols.model.identifiers import NAMESPACE
from protocols.model.quantity import SpecialValue
from simulators.incident.cloud_client import JsonObject
from simulators.incident.ledger import BundledReading
from simulators.journal import MadeReading
from simulators.value_texts import (
    bits_text,
    coded_text,
    compound_text,
    number_text,
    samples_text,
)

MDC: Final = "urn:iso:std:iso:11073:10101"
EUI_64: Final = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"
_OWN: Final = "urn:oid:2.25."
_MEASUREMENT: Final = ".1.5"
_CLOCK_CODES: Final = (67975, 67983)  # coincident time stamps: about the device, not the patient
_SAID_BESIDE: Final = (67985, 68193)  # a device's tick count, supplemental types
_SPECIALS: Final = {
    "not-a-number": SpecialValue.NAN,
    "positive-infinity": SpecialValue.POSITIVE_INFINITY,
    "negative-infinity": SpecialValue.NEGATIVE_INFINITY,
}


@dataclass(frozen=True, slots=True)
class Strip:
    """Sampled data of one device and type, from `start` (ISO 8601) on."""

    start: str
    samples: tuple[int, ...]
    scale: Decimal
    offset: Decimal
    period_us: int
    unit: str


@dataclass(slots=True)
class HospitalRecord:
    """What a bundle holds, by the devices' System-Ids (upper-case hexadecimal)."""

    readings: dict[str, list[BundledReading]] = field(default_factory=dict)
    strips: dict[tuple[str, int], list[Strip]] = field(default_factory=dict)
    resources: int = 0

    def of_device(self, system_id: str, made: Iterable[MadeReading]) -> tuple[BundledReading, ...]:
        """The device's readings; its strips are cut again into the waveform readings of `made`.

        `made` is in the order of making. A piece is known by its samples, all of them; one that was
        never made gets an id of its own.
        """
        found = list(self.readings.get(system_id, []))
        live = [reading for reading in made if reading.live]
        for (device, type_cf), strips in self.strips.items():
            if device == system_id:
                chunks = [one for one in live if one.type.cf_code == type_cf]
                found.extend(_cut(type_cf, strips, chunks))
        return tuple(found)


def read_bundle(pages: Iterable[JsonObject]) -> HospitalRecord:
    """Every reading of a bundle and its further pages."""
    record = HospitalRecord()
    for page in pages:
        entries = page.get("entry", [])
        record.resources += len(entries)
        devices = {
            entry["fullUrl"]: _system_id(entry["resource"])
            for entry in entries
            if entry["resource"]["resourceType"] == "Device"
        }
        for entry in entries:
            if entry["resource"]["resourceType"] == "Observation":
                _take(record, entry["resource"], devices)
    for strips in record.strips.values():
        strips.sort(key=lambda strip: strip.start)
    return record


def _system_id(device: JsonObject) -> str:
    for identifier in device.get("identifier", []):
        if identifier.get("system") == EUI_64:
            return str(identifier["value"]).replace("-", "").upper()
    return ""


def _take(record: HospitalRecord, resource: JsonObject, devices: dict[str, str]) -> None:
    type_cf = _code(resource["code"])
    if type_cf in _CLOCK_CODES or "device" not in resource:
        # Clocks are the gateway's, and what people told has no device.
        return
    device = devices.get(resource.get("device", {}).get("reference", ""), "")
    if "valueSampledData" in resource:
        record.strips.setdefault((device, type_cf), []).append(_strip(resource))
        return
    # The measurement's own identity; another one says in which encounter it is filed.
    names = resource["identifier"]
    name = next((one for one in names if one.get("system", "").endswith(_MEASUREMENT)), names[0])
    reading = BundledReading(UUID(name["value"]), type_cf, _value(resource))
    record.readings.setdefault(device, []).append(reading)


def _code(concept: JsonObject) -> int:
    """The 32-bit MDC code of a concept; private terms stand under the sender's own system."""
    for coding in concept.get("coding", []):
        system, code = coding.get("system", ""), str(coding.get("code", ""))
        if (system == MDC or system.startswith(_OWN)) and code.isdecimal():
            return int(code)
    return 0


def _value(resource: JsonObject) -> str:
    """The value itself; components beside a value only say more about it."""
    if "valueCodeableConcept" in resource:
        return coded_text(_code(resource["valueCodeableConcept"]))
    if "valueString" in resource:
        return _string(str(resource["valueString"]))
    if "valueQuantity" in resource or "dataAbsentReason" in resource:
        return _number(resource)
    parts = [(_code(part["code"]), _number(part)) for part in resource.get("component", [])]
    return compound_text(part for part in parts if part[0] not in _SAID_BESIDE)


def _string(text: str) -> str:
    """Bits are told as `0x4000 (16 bits)`; anything else is a text."""
    digits, _, width = text.partition(" (")
    if digits.startswith("0x") and width.endswith(" bits)"):
        return bits_text(int(digits, 16))
    return text


def _number(part: JsonObject) -> str:
    if "valueQuantity" in part:
        quantity = part["valueQuantity"]
        unit = quantity.get("code") or quantity.get("unit", "")
        return number_text(Decimal(quantity["value"]), str(unit))
    concept = part.get("dataAbsentReason", {})
    code = next((coding["code"] for coding in concept.get("coding", [])), "nothing")
    special = _SPECIALS.get(code)
    return number_text(special, "") if special else f"absent: {code}"


def _strip(resource: JsonObject) -> Strip:
    data = resource["valueSampledData"]
    origin = data["origin"]
    return Strip(
        start=str(resource["effectivePeriod"]["start"]),
        samples=tuple(int(sample) for sample in str(data["data"]).split()),
        scale=Decimal(data.get("factor", 1)),
        offset=Decimal(origin["value"]),
        period_us=int(Decimal(data["period"]) * 1000),
        unit=str(origin.get("code") or origin.get("unit", "")),
    )


def _cut(
    type_cf: int, strips: Sequence[Strip], made: Sequence[MadeReading]
) -> Iterator[BundledReading]:
    """The strips in pieces as long as the device's readings were, each with its reading's id."""
    by_text = {reading.value: reading.observation_id for reading in made}
    length = made[0].samples if made else 0
    for strip in strips:
        for at in range(0, len(strip.samples), length or len(strip.samples)):
            text = samples_text(
                strip.samples[at : at + length] if length else strip.samples,
                scale=strip.scale,
                offset=strip.offset,
                period_us=strip.period_us,
                unit=strip.unit,
            )
            stranger = uuid5(NAMESPACE, f"{type_cf} {strip.start} {at}")
            yield BundledReading(by_text.get(text, stranger), type_cf, text)
