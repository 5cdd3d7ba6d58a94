"""What a Generic Health Sensor says of itself, and how it is told to send (GHSS 1.0).

Layouts of features, control point, schedule and security levels are those of a public
implementation; the valid range's is worked out from its name alone. All are unconfirmed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from protocols.gatt.base import Characteristic, Property
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.numbers import Number
from protocols.model.codes import MdcCode, UnitCode

_HAS_SPECIALIZATIONS: Final = 0x01
_PROFILES: Final = 8
"""The partition of device specializations."""

OBSERVATION_SCHEDULE: Final = assigned_uuid(0x2910)
"""Descriptor of the features; holds an `ObservationSchedule`."""
VALID_RANGE: Final = assigned_uuid(0x2911)
"""Descriptor of the features; holds a `ValidRange`."""


class GhsOpCode(IntEnum):
    """What is written to the control point, and what it answers."""

    START_LIVE_OBSERVATIONS = 0x01
    STOP_LIVE_OBSERVATIONS = 0x02
    SUCCESS = 0x80
    SERVER_BUSY = 0x81
    LIVE_OBSERVATIONS_ERROR = 0x82


@dataclass(frozen=True, slots=True)
class GhsControl:
    """One octet; unknown ones stay numbers."""

    op_code: int


@dataclass(frozen=True, slots=True)
class GhsFeatures:
    """Types the sensor can observe, and (profile term, version) of what it is specialized in."""

    types: tuple[MdcCode, ...]
    specializations: tuple[tuple[MdcCode, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ObservationSchedule:
    """How long a type is measured and how often it is reported, both in seconds."""

    type: MdcCode
    period: Number
    interval: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidRange:
    """Between which values a type is measured, and how exactly."""

    type: MdcCode
    unit: UnitCode
    lower: Number
    upper: Number
    accuracy: Number


@dataclass(frozen=True, slots=True)
class SecurityLevels:
    """(mode, level) pairs, any of which opens the service (Core, LE security modes)."""

    levels: tuple[tuple[int, int], ...]


def _read_control(reader: FieldReader) -> GhsControl:
    return GhsControl(reader.u8())


def _write_control(record: GhsControl, writer: FieldWriter) -> None:
    writer.u8(record.op_code)


def _read_features(reader: FieldReader) -> GhsFeatures:
    flags, count = reader.u8(), reader.u8()
    types = tuple(MdcCode.from_cf_code(reader.u32()) for _ in range(count))
    if not flags & _HAS_SPECIALIZATIONS:
        return GhsFeatures(types)
    pairs = range(reader.u8())
    return GhsFeatures(types, tuple((MdcCode(_PROFILES, reader.u16()), reader.u8()) for _ in pairs))


def _write_features(record: GhsFeatures, writer: FieldWriter) -> None:
    writer.u8(_HAS_SPECIALIZATIONS if record.specializations else 0)
    writer.u8(len(record.types))
    for code in record.types:
        writer.u32(code.cf_code)
    if record.specializations:
        writer.u8(len(record.specializations))
        for profile, version in record.specializations:
            writer.u16(profile.term)
            writer.u8(version)


def _transcribe_features(record: GhsFeatures, draft: Draft) -> None:
    if record.specializations:
        device = draft.transcriber.device
        draft.describe(replace(device, specializations=record.specializations))


def read_schedule(reader: FieldReader) -> ObservationSchedule:
    """A schedule, of the characteristic or of its descriptor."""
    return ObservationSchedule(
        MdcCode.from_cf_code(reader.u32()), reader.float32(), reader.float32()
    )


def write_schedule(record: ObservationSchedule, writer: FieldWriter) -> None:
    """The mirror of `read_schedule`; what is written to the descriptor changes the schedule."""
    writer.u32(record.type.cf_code)
    writer.float32(record.period)
    writer.float32(record.interval)


def read_valid_range(reader: FieldReader) -> ValidRange:
    """The value of a valid range descriptor."""
    return ValidRange(
        type=MdcCode.from_cf_code(reader.u32()),
        unit=UnitCode(reader.u16()),
        lower=reader.float32(),
        upper=reader.float32(),
        accuracy=reader.float32(),
    )


def write_valid_range(record: ValidRange, writer: FieldWriter) -> None:
    """The mirror of `read_valid_range`."""
    writer.u32(record.type.cf_code)
    writer.u16(record.unit.term)
    for number in (record.lower, record.upper, record.accuracy):
        writer.float32(number)


def _read_levels(reader: FieldReader) -> SecurityLevels:
    pairs = [(reader.u8(), reader.u8())]
    while reader.remaining:
        pairs.append((reader.u8(), reader.u8()))
    return SecurityLevels(tuple(pairs))


def _write_levels(record: SecurityLevels, writer: FieldWriter) -> None:
    for mode, level in record.levels:
        writer.u8(mode)
        writer.u8(level)


FEATURES: Final = Characteristic(
    uuid=assigned_uuid(0x2BF3),
    name="Health Sensor Features",
    properties=Property.READ | Property.INDICATE,
    clause="GHSS 1.0, Health Sensor Features",
    read=_read_features,
    write=_write_features,
    transcribe=_transcribe_features,
    decode_as=("ghs_features",),
)
CONTROL_POINT: Final = Characteristic(
    uuid=assigned_uuid(0x2BF4),
    name="GHS Control Point",
    properties=Property.WRITE | Property.INDICATE,
    clause="GHSS 1.0, GHS Control Point",
    read=_read_control,
    write=_write_control,
    decode_as=("ghs_control",),
)
SCHEDULE_CHANGED: Final = Characteristic(
    uuid=assigned_uuid(0x2BF1),
    name="Observation Schedule Changed",
    properties=Property.INDICATE,
    clause="GHSS 1.0, Observation Schedule Changed",
    read=read_schedule,
    write=write_schedule,
    decode_as=("ghs_schedule",),
)
SECURITY_LEVELS: Final = Characteristic(
    uuid=assigned_uuid(0x2BF5),
    name="LE GATT Security Levels",
    properties=Property.READ,
    clause="GHSS 1.0, LE GATT Security Levels",
    read=_read_levels,
    write=_write_levels,
    decode_as=("security_levels",),
)
