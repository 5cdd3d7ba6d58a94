"""OBX: what devices measured, in their containment (IHE PCD-01, Annex A; flat below the device).

OBX-4 is `device.0.0.metric`: the levels of VMD and channel do not apply and are zero. Parts of a
compound reading stand one level deeper. A device has an OBX of its own before its readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from cloud.core.encounters.handover import HandoverDevice
from cloud.core.observations.stored import StoredObservation
from cloud.hl7v2.encoding import Field, components, repeated, segment, text, time
from cloud.hl7v2.quantities import NO_RESULT, flags, has_value, result_status
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    NumericObservation,
    Observation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import TimeQuality
from protocols.nomenclature.lookup import find, find_unit, loincs

_MDS: Final = MdcCode(1, 37)
"""MDC_MOC_VMS_MDS_SIMP, for a device that claims no specialization."""
_EUI_64: Final = 8
_MDC: Final = "MDC"
_LOINC: Final = "LN"
_UCUM: Final = "UCUM"


@dataclass(slots=True)
class Containment:
    """Numbers devices and their metrics in the order they come, anew for every message."""

    devices: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, int] = field(default_factory=dict)
    lines: int = 0

    def next_line(self) -> Field:
        """OBX-1."""
        self.lines += 1
        return text(self.lines)

    def next_metric(self, device_id: str) -> str:
        """OBX-4 of one more reading of a device."""
        self.metrics[device_id] = self.metrics.get(device_id, 0) + 1
        return f"{self.devices[device_id]}.0.0.{self.metrics[device_id]}"


def device_segments(
    place: Containment, devices: Sequence[HandoverDevice], used: Sequence[StoredObservation]
) -> Iterator[str]:
    """An OBX for each device that gave any of the readings."""
    known = {device.device_id: device for device in devices}
    for device_id in dict.fromkeys(one.device_id for one in used):
        place.devices[device_id] = len(place.devices) + 1
        system_id = next(one.observation.device for one in used if one.device_id == device_id)
        yield segment(
            "OBX",
            {
                1: place.next_line(),
                3: identifier(_claimed(known.get(device_id))),
                4: text(f"{place.devices[device_id]}.0.0.0"),
                11: text(NO_RESULT),
                18: equipment(system_id),
            },
        )


def reading_segments(place: Containment, stored: StoredObservation) -> Iterator[str]:
    """The OBX of one reading, and an NTE for each of our own remarks on it."""
    observation = stored.observation
    sub_id = place.next_metric(stored.device_id)
    if isinstance(observation, CompoundNumericObservation):
        yield _line(place, observation, sub_id, {11: text(NO_RESULT)})
        for number, (code, quantity) in enumerate(observation.components, 1):
            fields = _quantity(observation, code, quantity)
            yield _line(place, observation, f"{sub_id}.{number}", fields)
    else:
        yield _line(place, observation, sub_id, _fields(observation))
    for number, flag in enumerate(stored.flags, 1):
        yield segment("NTE", {1: text(number), 2: text("L"), 3: text(flag.replace("_", " "))})


def identifier(code: MdcCode, unit: UnitCode | None = None) -> Field:
    """OBX-3: the term of 10101, and the LOINC code it has in this unit."""
    row = find(code)
    name = row.reference_id if row else ""
    known = loincs(code, unit)
    if not known:
        return components(code.cf_code, name, _MDC)
    return components(code.cf_code, name, _MDC, known[0], row.display if row else "", _LOINC)


def units(unit: UnitCode) -> Field:
    """OBX-6: the unit of 10101, and its UCUM code."""
    row = find_unit(unit)
    if row is None:
        return components(unit.cf_code, "", _MDC)
    return components(unit.cf_code, row.reference_id, _MDC, row.ucum, row.display, _UCUM)


def equipment(system_id: SystemId) -> Field:
    """OBX-18: the System-Id, as an EUI-64 where it has that many octets."""
    digits = system_id.octets.hex().upper()
    if len(system_id.octets) != _EUI_64:
        return components(digits)
    return components(digits, "", digits, "EUI-64")


def _claimed(device: HandoverDevice | None) -> MdcCode:
    """The first specialization a device claims to be."""
    claims = device.info.specializations if device is not None else ()
    return claims[0][0] if claims else _MDS


def _line(
    place: Containment, observation: Observation, sub_id: str, fields: dict[int, Field]
) -> str:
    told = {1: place.next_line(), 3: identifier(observation.type), 4: text(sub_id), **fields}
    if observation.observed_at.quality is not TimeQuality.UNKNOWN:
        told[14] = time(observation.observed_at.at)
    told[18] = equipment(observation.device)
    return segment("OBX", told)


def _quantity(observation: Observation, code: MdcCode, quantity: Quantity) -> dict[int, Field]:
    special = quantity.value if isinstance(quantity.value, SpecialValue) else None
    is_there = has_value(observation.status) and isinstance(quantity.value, Decimal)
    fields = {
        3: identifier(code, quantity.unit),
        6: units(quantity.unit),
        8: repeated(text(word) for word in flags(observation.status, special)),
        11: text(result_status(observation.status, is_there=is_there)),
    }
    if is_there:
        fields |= {2: text("NM"), 5: text(f"{quantity.value:f}")}
    return fields


def _fields(observation: Observation) -> dict[int, Field]:
    match observation:
        case NumericObservation():
            return _quantity(observation, observation.type, observation.value)
        case CodedObservation():
            kind, value = "CWE", identifier(observation.value)
        case BitsObservation():
            kind, value = "ST", text(f"{observation.bits:#x} ({observation.width} bits)")
        case TextObservation():
            kind, value = "ST", text(observation.text)
        case _:
            raise AssertionError("waveforms and compound readings are told otherwise")
    is_there = has_value(observation.status) and bool(value)
    fields = {
        8: repeated(text(word) for word in flags(observation.status)),
        11: text(result_status(observation.status, is_there=is_there)),
    }
    return {**fields, 2: text(kind), 5: value} if is_there else fields
