"""Blood Pressure Service (BLS 1.1): measurements, cuff pressure on the way, and features.

A failed measurement comes as NaN, a known time as a stamp. Multi-user devices send the user's
index; an observation has no place for it, so it is said beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.gatt import terms
from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import DateTime, FieldReader, FieldWriter, mirrored
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.numbers import Number
from protocols.model.codes import UnitCode
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue

_IN_KPA: Final = 0x01
_TIME: Final = 0x02
_PULSE: Final = 0x04
_USER: Final = 0x08
_STATUS: Final = 0x10
_STATUS_BITS: Final = 16

_STATUS_NAMES: Final = {
    0: "body movement",
    1: "cuff too loose",
    2: "irregular pulse",
    3: "pulse rate above range",
    4: "pulse rate below range",
    5: "improper measurement position",
}
_FEATURE_NAMES: Final = {
    0: "body movement detection",
    1: "cuff fit detection",
    2: "irregular pulse detection",
    3: "pulse rate range detection",
    4: "measurement position detection",
    5: "multiple bonds",
    6: "E2E-CRC",
    7: "user data service",
    8: "user facing time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BloodPressureMeasurement:
    """Blood Pressure Measurement. None for a field that was not sent.

    Pressures in mmHg, or in kPa where `in_kpa`; `pulse_rate` in beats a minute; `user` the index
    of a multi-user device, 255 for unknown; `status` the Measurement Status bits, bit 0 lowest:
    body movement, cuff too loose, irregular pulse, pulse above and below range, position.
    """

    systolic: Number
    diastolic: Number
    mean: Number
    in_kpa: bool = False
    time: DateTime | None = None
    pulse_rate: Number | None = None
    user: int | None = None
    status: int | None = None

    @property
    def unit(self) -> UnitCode:
        """The unit of the pressures."""
        return terms.KILOPASCAL if self.in_kpa else terms.MILLIMETRES_OF_MERCURY


@dataclass(frozen=True, slots=True)
class BloodPressureFeature:
    """Blood Pressure Feature: the bits as they came, bit 0 lowest."""

    bits: int


def _read(reader: FieldReader) -> BloodPressureMeasurement:
    flags = reader.u8()
    return BloodPressureMeasurement(
        in_kpa=bool(flags & _IN_KPA),
        systolic=reader.sfloat(),
        diastolic=reader.sfloat(),
        mean=reader.sfloat(),
        time=reader.date_time() if flags & _TIME else None,
        pulse_rate=reader.sfloat() if flags & _PULSE else None,
        user=reader.u8() if flags & _USER else None,
        status=reader.u16() if flags & _STATUS else None,
    )


def _write(record: BloodPressureMeasurement, writer: FieldWriter) -> None:
    writer.u8(
        (_IN_KPA if record.in_kpa else 0)
        | (_TIME if record.time is not None else 0)
        | (_PULSE if record.pulse_rate is not None else 0)
        | (_USER if record.user is not None else 0)
        | (_STATUS if record.status is not None else 0)
    )
    for pressure in (record.systolic, record.diastolic, record.mean):
        writer.sfloat(pressure)
    if record.time is not None:
        writer.date_time(record.time)
    if record.pulse_rate is not None:
        writer.sfloat(record.pulse_rate)
    if record.user is not None:
        writer.u8(record.user)
    if record.status is not None:
        writer.u16(record.status)


def _transcribe(record: BloodPressureMeasurement, draft: Draft) -> None:
    _begin(record, draft)
    draft.compound(
        terms.NIBP,
        (
            (terms.NIBP_SYSTOLIC, record.systolic),
            (terms.NIBP_DIASTOLIC, record.diastolic),
            (terms.NIBP_MEAN, record.mean),
        ),
        record.unit,
    )
    _add_rest(record, draft)


def _transcribe_cuff(record: BloodPressureMeasurement, draft: Draft) -> None:
    """The first pressure is the cuff's, the others are not used (BLS 3.2)."""
    _begin(record, draft)
    draft.status = MeasurementStatus.ONGOING
    draft.number(terms.CUFF_PRESSURE, record.systolic, record.unit)
    _add_rest(record, draft)


def _begin(record: BloodPressureMeasurement, draft: Draft) -> None:
    draft.stamp(record.time.at if record.time else None)
    draft.note_user(record.user)


def _add_rest(record: BloodPressureMeasurement, draft: Draft) -> None:
    if record.pulse_rate is not None:
        draft.number(terms.PULSE_RATE_CUFF, record.pulse_rate, terms.BEATS_PER_MINUTE)
    if record.status is not None:
        draft.bits(terms.NIBP_STATUS, mirrored(record.status, _STATUS_BITS), _STATUS_BITS)


def _read_feature(reader: FieldReader) -> BloodPressureFeature:
    return BloodPressureFeature(reader.u16())


def _write_feature(record: BloodPressureFeature, writer: FieldWriter) -> None:
    writer.u16(record.bits)


def cuff_pressure(pressure: Number, *, in_kpa: bool = False) -> BloodPressureMeasurement:
    """The record of an Intermediate Cuff Pressure: the fields that are not used hold NaN."""
    nan = SpecialValue.NAN
    return BloodPressureMeasurement(systolic=pressure, diastolic=nan, mean=nan, in_kpa=in_kpa)


MEASUREMENT: Final = Characteristic(
    uuid=assigned_uuid(0x2A35),
    name="Blood Pressure Measurement",
    properties=Property.INDICATE,
    clause="BLS 1.1, Blood Pressure Measurement",
    read=_read,
    write=_write,
    transcribe=_transcribe,
    decode_as=("bps", "blood_pressure"),
    bits={"status": _STATUS_NAMES},
)
INTERMEDIATE: Final = Characteristic(
    uuid=assigned_uuid(0x2A36),
    name="Intermediate Cuff Pressure",
    properties=Property.NOTIFY,
    clause="BLS 1.1, Intermediate Cuff Pressure",
    read=_read,
    write=_write,
    transcribe=_transcribe_cuff,
    decode_as=("bps_cuff",),
    bits={"status": _STATUS_NAMES},
)
FEATURE: Final = Characteristic(
    uuid=assigned_uuid(0x2A49),
    name="Blood Pressure Feature",
    properties=Property.READ,
    clause="BLS 1.1, Blood Pressure Feature",
    read=_read_feature,
    write=_write_feature,
    decode_as=("bps_feature",),
    bits={"bits": _FEATURE_NAMES},
)

PROFILE: Final = GattProfile(
    name="blood_pressure",
    service=assigned_uuid(0x1810),
    specification="Blood Pressure Service",
    version="1.1",
    characteristics=(MEASUREMENT, INTERMEDIATE, FEATURE),
)
