"""Nonin Oximetry Service: the private service of Nonin's 3230 and its kin.

One notification a second of ten octets, network order: length, status, battery in tenths of a
volt, pulse amplitude index in hundredths of a per cent, seconds since the start, SpO2, pulse
rate. 127 and 511 stand for no value. As Nonin's own public sample code and noble's library read
it; longer values of other models keep their surplus octets as `others` (unconfirmed).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from protocols.errors import DecodeError, EncodeError
from protocols.gatt import terms
from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import FieldReader, FieldWriter, whole_number
from protocols.gatt.transcriber import Draft
from protocols.model.observation import MeasurementStatus

_CLAUSE: Final = "Nonin Oximetry Service, measurement"
_OCTETS: Final = 10
_NO_SPO2: Final = 127
_NO_PULSE_RATE: Final = 511
_HUNDREDTHS: Final = -2

DISPLAY_SYNC: Final = 0x01
WEAK_SIGNAL: Final = 0x02
SMART_POINT: Final = 0x04
SEARCHING: Final = 0x08
CORRECT_CHECK: Final = 0x10
LOW_BATTERY: Final = 0x20


@dataclass(frozen=True, slots=True, kw_only=True)
class NoninMeasurement:
    """One second of the oximeter. `spo2` in % and `pulse_rate` in beats a minute, None for none.

    `battery_decivolts` in tenths of a volt; `pulse_amplitude` in hundredths of a per cent;
    `seconds` since the device began to measure, modulo 65536.
    """

    status: int
    battery_decivolts: int
    pulse_amplitude: int
    seconds: int
    spo2: int | None
    pulse_rate: int | None
    others: bytes = b""


def _big(reader: FieldReader) -> int:
    return int.from_bytes(reader.take(2), "big")


def _read(reader: FieldReader) -> NoninMeasurement:
    length = reader.u8()
    if length != len(reader.octets) or length < _OCTETS:
        raise DecodeError(
            f"a length of {length} in a value of {len(reader.octets)}", clause=_CLAUSE, offset=0
        )
    status, battery = reader.u8(), reader.u8()
    amplitude, seconds = _big(reader), _big(reader)
    spo2, pulse_rate = reader.u8(), _big(reader)
    return NoninMeasurement(
        status=status,
        battery_decivolts=battery,
        pulse_amplitude=amplitude,
        seconds=seconds,
        spo2=None if spo2 == _NO_SPO2 else spo2,
        pulse_rate=None if pulse_rate == _NO_PULSE_RATE else pulse_rate,
        others=reader.rest(),
    )


def _write(record: NoninMeasurement, writer: FieldWriter) -> None:
    pulse_rate = _NO_PULSE_RATE if record.pulse_rate is None else record.pulse_rate
    writer.u8(_OCTETS + len(record.others))
    writer.u8(record.status)
    writer.u8(record.battery_decivolts)
    _put_big(record.pulse_amplitude, writer)
    _put_big(record.seconds, writer)
    writer.u8(_NO_SPO2 if record.spo2 is None else record.spo2)
    _put_big(pulse_rate, writer)
    writer.put(record.others)


def _put_big(value: int, writer: FieldWriter) -> None:
    if not 0 <= value <= 0xFFFF:
        raise EncodeError(f"a number too large for 2 octets ({_CLAUSE})")
    writer.put(value.to_bytes(2, "big"))


def _transcribe(record: NoninMeasurement, draft: Draft) -> None:
    if record.status & (WEAK_SIGNAL | SEARCHING):
        draft.status = MeasurementStatus.QUESTIONABLE
    draft.number(terms.SPO2, whole_number(record.spo2), terms.PERCENT)
    draft.number(terms.PULSE_RATE_OXIMETER, whole_number(record.pulse_rate), terms.BEATS_PER_MINUTE)
    amplitude = Decimal(record.pulse_amplitude).scaleb(_HUNDREDTHS)
    draft.number(terms.PERFUSION, amplitude, terms.PERCENT)
    if record.status & LOW_BATTERY:
        draft.warn("the oximeter says that its battery is low")


MEASUREMENT: Final = Characteristic(
    uuid=UUID("0AAD7EA0-0D60-11E2-8E3C-0002A5D5C51B"),
    name="Nonin Continuous Oximetry",
    properties=Property.NOTIFY,
    clause=_CLAUSE,
    read=_read,
    write=_write,
    transcribe=_transcribe,
    decode_as=("nonin",),
)

PROFILE: Final = GattProfile(
    name="nonin_oximetry",
    service=UUID("46A970E0-0D5F-11E2-8B5E-0002A5D5C51B"),
    specification="Nonin Oximetry Service",
    version="public sample code, 2013",
    characteristics=(MEASUREMENT,),
)
