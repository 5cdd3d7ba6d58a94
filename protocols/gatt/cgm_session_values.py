"""What a continuous glucose monitor says of its session and of itself (CGMS 1.0.2, 3.2 to 3.5).

The session's start is the device's calendar: its own local time with a time zone in steps of 15
minutes and a daylight saving offset, both of which may be unknown. Every value may end with an
E2E-CRC; the feature always has one, or 0xFFFF in its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from protocols.framing.crc import crc_mcrf4xx
from protocols.gatt import cgm_terms, time_sources
from protocols.gatt.base import Characteristic, Property
from protocols.gatt.e2e_crc import NO_CRC, check_crc, read_optional_crc, write_optional_crc
from protocols.gatt.fields import DateTime, FieldReader, FieldWriter
from protocols.gatt.uuids import assigned_uuid

_FEATURE_CLAUSE: Final = "CGMS 1.0.2, 3.2, CGM Feature"
_CLAIMS_CRC: Final = 1 << 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CgmFeature:
    """CGM Feature: 24 bits; where the sample is from, as codes; `has_crc`: values carry E2E-CRCs.

    `has_crc` follows the field, which is 0xFFFF in a device without; bit 12 says it too.
    """

    features: int
    sample_type: int
    sample_location: int
    has_crc: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CgmStatus:
    """CGM Status: 24 bits of sensor status annunciation, `offset_minutes` into the session."""

    offset_minutes: int
    annunciation: int
    crc: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CgmSessionStart:
    """CGM Session Start Time: local `time`, `zone_steps` of 15 minutes from UTC, `dst` code."""

    time: DateTime
    zone_steps: int
    dst: int
    crc: int | None = None

    @property
    def zone_minutes(self) -> int | None:
        """Standard local time minus UTC in minutes; None when unknown or no place on earth."""
        return time_sources.zone_minutes(self.zone_steps)

    @property
    def dst_minutes(self) -> int | None:
        """What daylight saving adds, in minutes; None when unknown or reserved."""
        return time_sources.saving_minutes(self.dst)

    @property
    def utc_offset(self) -> timedelta | None:
        """Local time minus UTC; None unless zone and daylight saving are known."""
        return time_sources.zone_offset(self.zone_steps, self.dst)

    def local(self, offset_minutes: int) -> datetime | None:
        """The naive local time so many minutes into the session; None when the start is unknown."""
        return _moved(self.time.at, timedelta(minutes=offset_minutes))

    def utc(self, offset_minutes: int) -> datetime | None:
        """The naive UTC time of it; None when the start, its zone or its date is unknown."""
        offset = self.utc_offset
        return None if offset is None else _moved(self.local(offset_minutes), -offset)


def _moved(at: datetime | None, by: timedelta) -> datetime | None:
    """A time moved; None where the calendar ends."""
    try:
        return None if at is None else at + by
    except OverflowError:
        return None


@dataclass(frozen=True, slots=True)
class CgmRunTime:
    """CGM Session Run Time: how many `hours` from the start the session is expected to last."""

    hours: int
    crc: int | None = None


def _read_feature(reader: FieldReader) -> CgmFeature:
    features, sample = reader.u24(), reader.u8()
    covered = reader.octets[: reader.offset]
    checksum = reader.u16()
    if checksum != NO_CRC:
        check_crc(covered, checksum, clause=reader.clause)
    return CgmFeature(
        features=features,
        sample_type=sample & 0x0F,
        sample_location=sample >> 4,
        has_crc=checksum != NO_CRC,
    )


def _write_feature(record: CgmFeature, writer: FieldWriter) -> None:
    writer.u24(record.features)
    writer.u8(record.sample_location << 4 | record.sample_type)
    writer.u16(crc_mcrf4xx(writer.octets) if record.has_crc else NO_CRC)


def _feature_doubts(record: CgmFeature) -> Iterable[str]:
    if record.features & _CLAIMS_CRC and not record.has_crc:
        yield f"E2E-CRCs are claimed and there is none here ({_FEATURE_CLAUSE})"


def _read_status(reader: FieldReader) -> CgmStatus:
    offset_minutes, annunciation = reader.u16(), reader.u24()
    return CgmStatus(
        offset_minutes=offset_minutes, annunciation=annunciation, crc=read_optional_crc(reader)
    )


def _write_status(record: CgmStatus, writer: FieldWriter) -> None:
    writer.u16(record.offset_minutes)
    writer.u24(record.annunciation)
    write_optional_crc(record.crc, writer)


def _read_start(reader: FieldReader) -> CgmSessionStart:
    time, zone_steps, dst = reader.date_time(), reader.s8(), reader.u8()
    return CgmSessionStart(time=time, zone_steps=zone_steps, dst=dst, crc=read_optional_crc(reader))


def _write_start(record: CgmSessionStart, writer: FieldWriter) -> None:
    writer.date_time(record.time)
    writer.s8(record.zone_steps)
    writer.u8(record.dst)
    write_optional_crc(record.crc, writer)


def _read_run_time(reader: FieldReader) -> CgmRunTime:
    return CgmRunTime(reader.u16(), read_optional_crc(reader))


def _write_run_time(record: CgmRunTime, writer: FieldWriter) -> None:
    writer.u16(record.hours)
    write_optional_crc(record.crc, writer)


FEATURE: Final = Characteristic(
    uuid=assigned_uuid(0x2AA8),
    name="CGM Feature",
    properties=Property.READ | Property.INDICATE,
    clause=_FEATURE_CLAUSE,
    read=_read_feature,
    write=_write_feature,
    decode_as=("cgm_feature",),
    bits={"features": cgm_terms.FEATURE_NAMES},
    doubts=_feature_doubts,
)
STATUS: Final = Characteristic(
    uuid=assigned_uuid(0x2AA9),
    name="CGM Status",
    properties=Property.READ,
    clause="CGMS 1.0.2, 3.3, CGM Status",
    read=_read_status,
    write=_write_status,
    decode_as=("cgm_status",),
    bits={"annunciation": cgm_terms.ANNUNCIATION_NAMES},
)
SESSION_START: Final = Characteristic(
    uuid=assigned_uuid(0x2AAA),
    name="CGM Session Start Time",
    properties=Property.READ | Property.WRITE,
    clause="CGMS 1.0.2, 3.4, CGM Session Start Time",
    read=_read_start,
    write=_write_start,
    decode_as=("cgm_start",),
)
RUN_TIME: Final = Characteristic(
    uuid=assigned_uuid(0x2AAB),
    name="CGM Session Run Time",
    properties=Property.READ,
    clause="CGMS 1.0.2, 3.5, CGM Session Run Time",
    read=_read_run_time,
    write=_write_run_time,
    decode_as=("cgm_run_time",),
)
