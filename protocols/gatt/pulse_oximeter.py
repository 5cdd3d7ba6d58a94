"""Pulse Oximeter Service (PLXS 1.0): spot checks, continuous readings and what is supported.

The status bits are those of 20601: Measurement Status has the bits of MeasurementStatus, and the
lower 16 bits of Device and Sensor Status are MDC_PULS_OXIM_DEV_STATUS (10404), number for number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.gatt import terms
from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import DateTime, FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.numbers import Number
from protocols.model.codes import MdcCode
from protocols.model.observation import MeasurementStatus

_SPOT_TIME: Final = 0x01
_SPOT_STATUS: Final = 0x02
_SPOT_DEVICE: Final = 0x04
_SPOT_AMPLITUDE: Final = 0x08
_SPOT_CLOCK_NOT_SET: Final = 0x10

_FAST: Final = 0x01
_SLOW: Final = 0x02
_STATUS: Final = 0x04
_DEVICE: Final = 0x08
_AMPLITUDE: Final = 0x10

_FEATURE_STATUS: Final = 0x01
_FEATURE_DEVICE: Final = 0x02

_MEASUREMENT_STATUS: Final = 0xFCE0
"""The bits 20601 has too; 0x0100 is "fully qualified", which 20601 says by no bit at all."""
_FROM_STORAGE: Final = 0x0200
_DEVICE_STATUS_BITS: Final = 16

_NAMES: Final = {
    "measurement_status": {
        5: "measurement ongoing",
        6: "early estimate",
        7: "validated",
        8: "fully qualified",
        9: "from measurement storage",
        10: "demonstration",
        11: "testing",
        12: "calibration ongoing",
        13: "measurement unavailable",
        14: "questionable measurement",
        15: "invalid measurement",
    },
    "device_status": {
        0: "extended display update ongoing",
        1: "equipment malfunction",
        2: "signal processing irregularity",
        3: "inadequate signal",
        4: "poor signal",
        5: "low perfusion",
        6: "erratic signal",
        7: "non-pulsatile signal",
        8: "questionable pulse",
        9: "signal analysis ongoing",
        10: "sensor interference",
        11: "sensor unconnected to user",
        12: "unknown sensor connected",
        13: "sensor displaced",
        14: "sensor malfunctioning",
        15: "sensor disconnected",
    },
    "features": {
        0: "measurement status",
        1: "device and sensor status",
        2: "measurement storage",
        3: "timestamp",
        4: "fast response",
        5: "slow response",
        6: "pulse amplitude index",
        7: "multiple bonds",
    },
}
"""Names of the bits of each field. A feature's status fields name what can be set."""


@dataclass(frozen=True, slots=True)
class Oxygenation:
    """One pair of values: `spo2` in %, `pulse_rate` in beats a minute."""

    spo2: Number
    pulse_rate: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class PlxSpotCheck:
    """PLX Spot-Check Measurement. None for a field that was not sent.

    `pulse_amplitude_index` in %; `measurement_status` and `device_status` as their bits came.
    """

    reading: Oxygenation
    time: DateTime | None = None
    clock_not_set: bool = False
    measurement_status: int | None = None
    device_status: int | None = None
    pulse_amplitude_index: Number | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlxContinuous:
    """PLX Continuous Measurement: one reading, or the same moment at three responses."""

    normal: Oxygenation
    fast: Oxygenation | None = None
    slow: Oxygenation | None = None
    measurement_status: int | None = None
    device_status: int | None = None
    pulse_amplitude_index: Number | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlxFeatures:
    """PLX Features: `features` bits, and which status bits the device can set."""

    features: int
    measurement_status: int | None = None
    device_status: int | None = None


def _read_pair(reader: FieldReader) -> Oxygenation:
    return Oxygenation(reader.sfloat(), reader.sfloat())


def _write_pair(pair: Oxygenation, writer: FieldWriter) -> None:
    writer.sfloat(pair.spo2)
    writer.sfloat(pair.pulse_rate)


def _read_spot(reader: FieldReader) -> PlxSpotCheck:
    flags = reader.u8()
    return PlxSpotCheck(
        reading=_read_pair(reader),
        time=reader.date_time() if flags & _SPOT_TIME else None,
        clock_not_set=bool(flags & _SPOT_CLOCK_NOT_SET),
        measurement_status=reader.u16() if flags & _SPOT_STATUS else None,
        device_status=reader.u24() if flags & _SPOT_DEVICE else None,
        pulse_amplitude_index=reader.sfloat() if flags & _SPOT_AMPLITUDE else None,
    )


def _write_spot(record: PlxSpotCheck, writer: FieldWriter) -> None:
    writer.u8(
        (_SPOT_TIME if record.time is not None else 0)
        | (_SPOT_STATUS if record.measurement_status is not None else 0)
        | (_SPOT_DEVICE if record.device_status is not None else 0)
        | (_SPOT_AMPLITUDE if record.pulse_amplitude_index is not None else 0)
        | (_SPOT_CLOCK_NOT_SET if record.clock_not_set else 0)
    )
    _write_pair(record.reading, writer)
    if record.time is not None:
        writer.date_time(record.time)
    _write_status(record, writer)


def _write_status(record: PlxSpotCheck | PlxContinuous, writer: FieldWriter) -> None:
    """The three fields both measurements end with."""
    if record.measurement_status is not None:
        writer.u16(record.measurement_status)
    if record.device_status is not None:
        writer.u24(record.device_status)
    if record.pulse_amplitude_index is not None:
        writer.sfloat(record.pulse_amplitude_index)


def _transcribe_spot(record: PlxSpotCheck, draft: Draft) -> None:
    # PLXS: a record of the device's memory comes as a spot check with this bit.
    if (record.measurement_status or 0) & _FROM_STORAGE:
        draft.stored = True
        draft.record(None)
    draft.stamp(record.time.at if record.time else None, is_trusted=not record.clock_not_set)
    _set_status(record, draft)
    _add_pair(record.reading, draft, (terms.SPOT,))
    _add_status(record, draft, (terms.SPOT,))


def _set_status(record: PlxSpotCheck | PlxContinuous, draft: Draft) -> None:
    draft.status = MeasurementStatus((record.measurement_status or 0) & _MEASUREMENT_STATUS)


def _add_pair(pair: Oxygenation, draft: Draft, supplements: tuple[MdcCode, ...] = ()) -> None:
    draft.number(terms.SPO2, pair.spo2, terms.PERCENT, supplements=supplements)
    draft.number(
        terms.PULSE_RATE_OXIMETER, pair.pulse_rate, terms.BEATS_PER_MINUTE, supplements=supplements
    )


def _add_status(
    record: PlxSpotCheck | PlxContinuous, draft: Draft, supplements: tuple[MdcCode, ...] = ()
) -> None:
    if record.pulse_amplitude_index is not None:
        draft.number(
            terms.PERFUSION, record.pulse_amplitude_index, terms.PERCENT, supplements=supplements
        )
    if record.device_status is not None:
        draft.bits(
            terms.OXIMETER_STATUS,
            record.device_status & 0xFFFF,
            _DEVICE_STATUS_BITS,
            supplements=supplements,
        )


def _read_continuous(reader: FieldReader) -> PlxContinuous:
    flags = reader.u8()
    return PlxContinuous(
        normal=_read_pair(reader),
        fast=_read_pair(reader) if flags & _FAST else None,
        slow=_read_pair(reader) if flags & _SLOW else None,
        measurement_status=reader.u16() if flags & _STATUS else None,
        device_status=reader.u24() if flags & _DEVICE else None,
        pulse_amplitude_index=reader.sfloat() if flags & _AMPLITUDE else None,
    )


def _write_continuous(record: PlxContinuous, writer: FieldWriter) -> None:
    writer.u8(
        (_FAST if record.fast is not None else 0)
        | (_SLOW if record.slow is not None else 0)
        | (_STATUS if record.measurement_status is not None else 0)
        | (_DEVICE if record.device_status is not None else 0)
        | (_AMPLITUDE if record.pulse_amplitude_index is not None else 0)
    )
    for pair in (record.normal, record.fast, record.slow):
        if pair is not None:
            _write_pair(pair, writer)
    _write_status(record, writer)


def _transcribe_continuous(record: PlxContinuous, draft: Draft) -> None:
    _set_status(record, draft)
    _add_pair(record.normal, draft)
    if record.fast is not None:
        _add_pair(record.fast, draft, (terms.FAST,))
    if record.slow is not None:
        _add_pair(record.slow, draft, (terms.SLOW,))
    _add_status(record, draft)


def _read_features(reader: FieldReader) -> PlxFeatures:
    features = reader.u16()
    return PlxFeatures(
        features=features,
        measurement_status=reader.u16() if features & _FEATURE_STATUS else None,
        device_status=reader.u24() if features & _FEATURE_DEVICE else None,
    )


def _write_features(record: PlxFeatures, writer: FieldWriter) -> None:
    features = record.features & ~(_FEATURE_STATUS | _FEATURE_DEVICE)
    features |= _FEATURE_STATUS if record.measurement_status is not None else 0
    features |= _FEATURE_DEVICE if record.device_status is not None else 0
    writer.u16(features)
    if record.measurement_status is not None:
        writer.u16(record.measurement_status)
    if record.device_status is not None:
        writer.u24(record.device_status)


SPOT_CHECK: Final = Characteristic(
    uuid=assigned_uuid(0x2A5E),
    name="PLX Spot-Check Measurement",
    properties=Property.INDICATE,
    clause="PLXS 1.0, PLX Spot-Check Measurement",
    read=_read_spot,
    write=_write_spot,
    transcribe=_transcribe_spot,
    decode_as=("plx", "plx_spot"),
    bits=_NAMES,
)
CONTINUOUS: Final = Characteristic(
    uuid=assigned_uuid(0x2A5F),
    name="PLX Continuous Measurement",
    properties=Property.NOTIFY,
    clause="PLXS 1.0, PLX Continuous Measurement",
    read=_read_continuous,
    write=_write_continuous,
    transcribe=_transcribe_continuous,
    decode_as=("plx_continuous",),
    bits=_NAMES,
)
FEATURES: Final = Characteristic(
    uuid=assigned_uuid(0x2A60),
    name="PLX Features",
    properties=Property.READ,
    clause="PLXS 1.0, PLX Features",
    read=_read_features,
    write=_write_features,
    decode_as=("plx_features",),
    bits=_NAMES,
)

PROFILE: Final = GattProfile(
    name="pulse_oximeter",
    service=assigned_uuid(0x1822),
    specification="Pulse Oximeter Service",
    version="1.0",
    characteristics=(SPOT_CHECK, CONTINUOUS, FEATURES),
)
