"""CGM Measurement of the Continuous Glucose Monitoring Service (CGMS 1.0.2, 3.1).

A notification carries one record or several, each with its own size. The time of a record is an
offset in minutes from the start of the sensor's session.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocols.errors import DecodeError
from protocols.framing.crc import CHECKSUM_OCTETS, checksum_octets, crc_mcrf4xx
from protocols.gatt import cgm_terms, glucose_terms
from protocols.gatt.base import Characteristic, Property
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.numbers import Number
from protocols.model.observation import MeasurementStatus
from protocols.nomenclature import units
from protocols.nomenclature.private import CGM_QUALITY

_CLAUSE: Final = "CGMS 1.0.2, 3.1, CGM Measurement"
_TREND: Final = 0x01
_QUALITY: Final = 0x02
_WARNING_OCTET: Final = 0x20
_CALIBRATION_OCTET: Final = 0x40
_STATUS_OCTET: Final = 0x80
_OCTETS: Final = ((_STATUS_OCTET, 0), (_CALIBRATION_OCTET, 8), (_WARNING_OCTET, 16))
"""Flag of an octet of the sensor status annunciation, and where it stands in the 24 bits."""
_FIXED_OCTETS: Final = 6
"""Size, flags, concentration, time offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CgmRecord:
    """One reading of the sensor. None for a field that was not sent.

    `concentration` in mg/dL, `trend` in mg/dL a minute, `quality` in %. `annunciation`: 24 bits,
    of which the octets named in `octets` (by their flags) were sent; the others are 0. `crc` is
    the E2E-CRC as it came; `crc_fits` False when it is not that of the record, None without one.
    """

    concentration: Number
    offset_minutes: int
    annunciation: int = 0
    octets: int = 0
    trend: Number | None = None
    quality: Number | None = None
    crc: int | None = None
    crc_fits: bool | None = None


@dataclass(frozen=True, slots=True)
class CgmMeasurement:
    """The records of one notification, in their order."""

    records: tuple[CgmRecord, ...]


def _read(reader: FieldReader) -> CgmMeasurement:
    records = [_read_record(reader)]
    while reader.remaining:
        records.append(_read_record(reader))
    return CgmMeasurement(tuple(records))


def _read_record(reader: FieldReader) -> CgmRecord:
    start = reader.offset
    size, flags = reader.u8(), reader.u8()
    fields = _FIXED_OCTETS + sum(1 for flag, _ in _OCTETS if flags & flag)
    fields += 2 * sum(1 for flag in (_TREND, _QUALITY) if flags & flag)
    if size - fields not in (0, CHECKSUM_OCTETS):
        raise DecodeError(
            f"a record of {size} octets whose fields have {fields}", clause=_CLAUSE, offset=start
        )
    concentration, offset_minutes = reader.sfloat(), reader.u16()
    annunciation = sum(reader.u8() << shift for flag, shift in _OCTETS if flags & flag)
    trend = reader.sfloat() if flags & _TREND else None
    quality = reader.sfloat() if flags & _QUALITY else None
    covered = reader.octets[start : reader.offset]
    crc = reader.u16() if size > fields else None
    return CgmRecord(
        concentration=concentration,
        offset_minutes=offset_minutes,
        annunciation=annunciation,
        octets=flags & (_STATUS_OCTET | _CALIBRATION_OCTET | _WARNING_OCTET),
        trend=trend,
        quality=quality,
        crc=crc,
        crc_fits=None if crc is None else crc == crc_mcrf4xx(covered),
    )


def _write(measurement: CgmMeasurement, writer: FieldWriter) -> None:
    for record in measurement.records:
        writer.put(_record_octets(record))


def _record_octets(record: CgmRecord) -> bytes:
    """One record with its size before it; an E2E-CRC is worked out anew unless it was wrong."""
    body = FieldWriter(clause=_CLAUSE)
    flags = record.octets
    flags |= _TREND if record.trend is not None else 0
    flags |= _QUALITY if record.quality is not None else 0
    body.u8(flags)
    body.sfloat(record.concentration)
    body.u16(record.offset_minutes)
    for flag, shift in _OCTETS:
        if flags & flag:
            body.u8(record.annunciation >> shift & 0xFF)
    for value in (record.trend, record.quality):
        if value is not None:
            body.sfloat(value)
    if record.crc is None:
        return bytes([1 + len(body.octets)]) + body.octets
    whole = bytes([1 + len(body.octets) + CHECKSUM_OCTETS]) + body.octets
    crc = record.crc if record.crc_fits is False else crc_mcrf4xx(whole)
    return whole + checksum_octets(crc)


def transcribe_record(record: CgmRecord, draft: Draft) -> None:
    """The observations of a record; the draft already has its time."""
    draft.status = _status(record.annunciation)
    draft.number(
        glucose_terms.GLUCOSE_INTERSTITIAL, record.concentration, units.MILLIGRAMS_PER_DECILITRE
    )
    if record.trend is not None:
        draft.number(cgm_terms.TREND, record.trend, cgm_terms.MILLIGRAMS_PER_DECILITRE_PER_MINUTE)
    if record.quality is not None:
        draft.number(CGM_QUALITY, record.quality, units.PERCENT)
    if record.octets:
        transcribe_annunciation(record.annunciation, draft)


def _status(annunciation: int) -> MeasurementStatus:
    status = MeasurementStatus.VALID
    if annunciation & (cgm_terms.DOUBTFUL | cgm_terms.OUT_OF_RANGE):
        status |= MeasurementStatus.QUESTIONABLE
    if annunciation & cgm_terms.CALIBRATING:
        status |= MeasurementStatus.CALIBRATION_ONGOING
    return status


def transcribe_annunciation(annunciation: int, draft: Draft) -> None:
    """The sensor's and the device's status bits, each under its own term."""
    draft.bits(cgm_terms.STATUS, cgm_terms.status_bits(annunciation), cgm_terms.STATUS_WIDTH)
    device = cgm_terms.device_bits(annunciation)
    if device:
        draft.bits(cgm_terms.DEVICE_STATUS, device, cgm_terms.STATUS_WIDTH)


def _transcribe(measurement: CgmMeasurement, draft: Draft) -> None:
    """Records without a session around them: no start is known, so no time is."""
    for record in measurement.records:
        transcribe_record(record, draft)


def _doubts(measurement: CgmMeasurement) -> Iterable[str]:
    for number, record in enumerate(measurement.records, start=1):
        if record.crc_fits is False:
            yield f"the E2E-CRC of record {number} does not fit ({_CLAUSE})"


MEASUREMENT: Final = Characteristic(
    uuid=assigned_uuid(0x2AA7),
    name="CGM Measurement",
    properties=Property.NOTIFY,
    clause=_CLAUSE,
    read=_read,
    write=_write,
    transcribe=_transcribe,
    decode_as=("cgm",),
    bits={"annunciation": cgm_terms.ANNUNCIATION_NAMES},
    doubts=_doubts,
)
