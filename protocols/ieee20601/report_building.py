"""Typed values -> scan report octets, by a configuration's own attributes (the agent's side).

    entry = Entry(handle, stamp=local, value=Decimal("98"))
    fixed_report(configuration, [entry, ...]) -> Report        octets laid out by the value maps
    variable_report(configuration, [entry, ...]) -> Report     each value with its attribute id
    Report(event_type, event_info) goes to `AgentConnection.send_report`.

What a value becomes, by the object's class: a Decimal or special value -> the numeric form of
the value map; a tuple of them -> the compound form; whole numbers -> samples; MdcCode, text or
Bits -> the enumeration's form. EncodeError when value, object and map do not fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocols.errors import EncodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_table import name_of
from protocols.ieee20601.attributes import Attribute, AttributeValue
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import (
    AGENT_INITIATED_DATA,
    EventType,
    ObservationFixed,
    ObservationVar,
    ScanReportFixed,
    ScanReportVar,
    encode_event_info,
)
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.ieee20601.sample_arrays import encode_samples
from protocols.mder.sequences import padded
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue


@dataclass(frozen=True, slots=True)
class Bits:
    """State bits of an enumeration, `width` 16 or 32; bit 0 is the most significant."""

    bits: int
    width: int = 16


Number = Decimal | SpecialValue
Value = Number | tuple[Number, ...] | MdcCode | str | Bits | Sequence[int] | NDArray[np.integer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object's value for a report.

    `stamp` is the naive time of the device's clock, None for an unknown time; `unit`, `status`
    and `supplements` are sent by variable reports only, where they differ from the configuration.
    """

    handle: int
    value: Value
    stamp: datetime | None
    unit: UnitCode | None = None
    status: MeasurementStatus | None = None
    supplements: tuple[MdcCode, ...] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A scan report ready to send."""

    event_type: EventType
    event_info: bytes


def fixed_report(
    configuration: Configuration, entries: Iterable[Entry], *, scan_report_no: int = 0
) -> Report:
    """A fixed format report; every value map entry must be filled by the value or the stamp."""
    observations = tuple(
        ObservationFixed(entry.handle, _fixed(_subject(configuration, entry), entry))
        for entry in entries
    )
    info = ScanReportFixed(AGENT_INITIATED_DATA, scan_report_no, observations)
    return _report(EventType.SCAN_REPORT_FIXED, info)


def variable_report(
    configuration: Configuration, entries: Iterable[Entry], *, scan_report_no: int = 0
) -> Report:
    """A variable format report: only what the entries hold."""
    observations = tuple(
        ObservationVar(entry.handle, _variable(_subject(configuration, entry), entry))
        for entry in entries
    )
    info = ScanReportVar(AGENT_INITIATED_DATA, scan_report_no, observations)
    return _report(EventType.SCAN_REPORT_VAR, info)


def _report(event_type: EventType, info: ScanReportFixed | ScanReportVar) -> Report:
    return Report(event_type, encode_event_info(event_type, info))


def _subject(configuration: Configuration, entry: Entry) -> ConfiguredObject:
    subject = configuration.find(entry.handle)
    if subject is None:
        raise EncodeError(f"the configuration has no object {entry.handle}")
    return subject


def _fixed(subject: ConfiguredObject, entry: Entry) -> bytes:
    """The value map's slices, in order."""
    value = value_attribute(subject, entry.value)
    offered = {value.attribute_id: value.octets}
    offered[at.TIME_STAMP_ABS.attribute_id] = _stamp(entry.stamp)
    if at.MSMT_STAT.attribute_id in {piece.attribute_id for piece in subject.value_map}:
        status = (entry.status or MeasurementStatus.VALID).value
        offered[at.MSMT_STAT.attribute_id] = at.MSMT_STAT.encode(status)
    if value.attribute_id not in {piece.attribute_id for piece in subject.value_map}:
        raise EncodeError(
            f"object {subject.handle}: {name_of(value.attribute_id)} is not in its value map"
        )
    slices = []
    for piece in subject.value_map:
        octets = offered.get(piece.attribute_id)
        if octets is None or len(octets) != piece.length:
            raise EncodeError(
                f"object {subject.handle}: nothing of {piece.length} octets for "
                f"{name_of(piece.attribute_id)}"
            )
        slices.append(octets)
    return b"".join(slices)


def _variable(subject: ConfiguredObject, entry: Entry) -> tuple[AttributeValue, ...]:
    values = [value_attribute(subject, entry.value)]
    values.append(AttributeValue(at.TIME_STAMP_ABS.attribute_id, _stamp(entry.stamp)))
    if entry.unit is not None:
        values.append(at.UNIT_CODE.of(entry.unit))
    if entry.status is not None:
        values.append(at.MSMT_STAT.of(entry.status.value))
    if entry.supplements is not None:
        values.append(at.SUPPLEMENTAL_TYPES.of(entry.supplements))
    return tuple(values)


def _stamp(local: datetime | None) -> bytes:
    return bytes(8) if local is None else AbsoluteTime.of(local).octets


def value_attribute(subject: ConfiguredObject, value: Value) -> AttributeValue:
    """The observed value of an object as its attribute; EncodeError when they do not fit."""
    match value:
        case Decimal() | SpecialValue():
            return _number_kind(subject, at.NU_VAL_OBS_BASIC, at.NU_VAL_OBS_SIMP).of(value)
        case MdcCode():
            return _code(subject, value)
        case str():
            return at.ENUM_OBS_VAL_SIMP_STR.of(padded(value))
        case Bits(bits=bits, width=16):
            return at.ENUM_OBS_VAL_BASIC_BIT_STR.of(bits)
        case Bits(bits=bits, width=32):
            return at.ENUM_OBS_VAL_SIMP_BIT_STR.of(bits)
        case Bits(width=width):
            raise EncodeError(f"bits are 16 or 32 wide, not {width}")
    if subject.object_class == ObjectClass.SAMPLE_ARRAY:
        return _samples(subject, value)
    numbers: tuple[Any, ...] = tuple(value)
    if subject.parts and len(numbers) != len(subject.parts):
        raise EncodeError(
            f"object {subject.handle}: {len(numbers)} values for {len(subject.parts)} components"
        )
    kind = _number_kind(subject, at.NU_CMPD_VAL_OBS_BASIC, at.NU_CMPD_VAL_OBS_SIMP)
    return kind.of(numbers)


def _number_kind(
    subject: ConfiguredObject, basic: Attribute[Any], simple: Attribute[Any]
) -> Attribute[Any]:
    """SFLOAT where the value map says so, else FLOAT."""
    if subject.object_class != ObjectClass.NUMERIC:
        raise EncodeError(f"object {subject.handle} holds no numbers")
    mapped = {piece.attribute_id for piece in subject.value_map}
    return basic if basic.attribute_id in mapped else simple


def _code(subject: ConfiguredObject, code: MdcCode) -> AttributeValue:
    """A code travels without its partition, which must be the object's."""
    partition = subject.enumeration_partition
    if partition is None:
        partition = subject.type.partition if subject.type else None
    if code.partition != partition:
        raise EncodeError(
            f"object {subject.handle} reports codes of partition {partition}, not {code}"
        )
    return at.ENUM_OBS_VAL_SIMP_OID.of(code.term)


def _samples(
    subject: ConfiguredObject, samples: Sequence[int] | Sequence[Number] | NDArray[np.integer]
) -> AttributeValue:
    if subject.samples is None:
        raise EncodeError(f"object {subject.handle} has no sample specification")
    whole: Any = samples
    return at.SIMP_SA_OBS_VAL.of(encode_samples(whole, subject.samples))
