"""CGM Specific Ops Control Point (CGMS 1.0.2, 3.8): every op code, both ways.

A message is an op code and an operand whose fields the op code fixes. `OPERANDS` says which, one
op code a line. Op codes that are reserved keep their octets. An E2E-CRC may stand at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocols.errors import EncodeError
from protocols.gatt import cgm_terms
from protocols.gatt.base import Characteristic, Property
from protocols.gatt.e2e_crc import read_optional_crc, write_optional_crc
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.numbers import Number

_CLAUSE: Final = "CGMS 1.0.2, 3.8, CGM Specific Ops Control Point"


class CgmOpCode(IntEnum):
    """What is asked or answered."""

    SET_COMMUNICATION_INTERVAL = 1
    GET_COMMUNICATION_INTERVAL = 2
    COMMUNICATION_INTERVAL = 3
    SET_CALIBRATION = 4
    GET_CALIBRATION = 5
    CALIBRATION = 6
    SET_PATIENT_HIGH = 7
    GET_PATIENT_HIGH = 8
    PATIENT_HIGH = 9
    SET_PATIENT_LOW = 10
    GET_PATIENT_LOW = 11
    PATIENT_LOW = 12
    SET_HYPO = 13
    GET_HYPO = 14
    HYPO = 15
    SET_HYPER = 16
    GET_HYPER = 17
    HYPER = 18
    SET_RATE_OF_DECREASE = 19
    GET_RATE_OF_DECREASE = 20
    RATE_OF_DECREASE = 21
    SET_RATE_OF_INCREASE = 22
    GET_RATE_OF_INCREASE = 23
    RATE_OF_INCREASE = 24
    RESET_DEVICE_ALERT = 25
    START_SESSION = 26
    STOP_SESSION = 27
    RESPONSE = 28


class CgmResponseValue(IntEnum):
    """How a request ended."""

    SUCCESS = 1
    OP_CODE_NOT_SUPPORTED = 2
    INVALID_OPERAND = 3
    PROCEDURE_NOT_COMPLETED = 4
    PARAMETER_OUT_OF_RANGE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A calibration of the sensor by a blood sample.

    `concentration` in mg/dL; times in minutes into the session (`next_minutes` 0: at once);
    sample codes as of the Glucose Service; `record_number` counts the device's calibrations.
    """

    concentration: Number
    offset_minutes: int
    sample_type: int
    sample_location: int
    next_minutes: int
    record_number: int
    status: int


@dataclass(frozen=True, slots=True)
class CgmResponse:
    """How the request with op code `request` ended; unknown values stay numbers."""

    request: int
    value: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """An alert level in mg/dL, or a rate in mg/dL a minute."""

    value: Number


@dataclass(frozen=True, slots=True)
class Minutes:
    """A communication interval; 0 switches it off, 255 asks for the fastest."""

    minutes: int


@dataclass(frozen=True, slots=True)
class RecordNumber:
    """Which calibration; 0xFFFF is the last one."""

    number: int


@dataclass(frozen=True, slots=True)
class Raw:
    """The operand of an op code that is reserved."""

    octets: bytes


CgmOperand = Calibration | CgmResponse | Threshold | Minutes | RecordNumber | Raw | None


@dataclass(frozen=True, slots=True)
class CgmControl:
    """One message; `op_code` stays a number where it is reserved."""

    op_code: int
    operand: CgmOperand = None
    crc: int | None = None


def _read_calibration(reader: FieldReader) -> Calibration:
    concentration, offset_minutes, sample = reader.sfloat(), reader.u16(), reader.u8()
    return Calibration(
        concentration=concentration,
        offset_minutes=offset_minutes,
        sample_type=sample & 0x0F,
        sample_location=sample >> 4,
        next_minutes=reader.u16(),
        record_number=reader.u16(),
        status=reader.u8(),
    )


def _nothing(_: FieldReader) -> None:
    return None


def _minutes(reader: FieldReader) -> Minutes:
    return Minutes(reader.u8())


def _threshold(reader: FieldReader) -> Threshold:
    return Threshold(reader.sfloat())


def _record_number(reader: FieldReader) -> RecordNumber:
    return RecordNumber(reader.u16())


def _response(reader: FieldReader) -> CgmResponse:
    return CgmResponse(reader.u8(), reader.u8())


def _raw(reader: FieldReader) -> Raw:
    return Raw(reader.rest())


OPERANDS: Final[dict[int, Callable[[FieldReader], CgmOperand]]] = {
    CgmOpCode.SET_COMMUNICATION_INTERVAL: _minutes,
    CgmOpCode.GET_COMMUNICATION_INTERVAL: _nothing,
    CgmOpCode.COMMUNICATION_INTERVAL: _minutes,
    CgmOpCode.SET_CALIBRATION: _read_calibration,
    CgmOpCode.GET_CALIBRATION: _record_number,
    CgmOpCode.CALIBRATION: _read_calibration,
    CgmOpCode.SET_PATIENT_HIGH: _threshold,
    CgmOpCode.GET_PATIENT_HIGH: _nothing,
    CgmOpCode.PATIENT_HIGH: _threshold,
    CgmOpCode.SET_PATIENT_LOW: _threshold,
    CgmOpCode.GET_PATIENT_LOW: _nothing,
    CgmOpCode.PATIENT_LOW: _threshold,
    CgmOpCode.SET_HYPO: _threshold,
    CgmOpCode.GET_HYPO: _nothing,
    CgmOpCode.HYPO: _threshold,
    CgmOpCode.SET_HYPER: _threshold,
    CgmOpCode.GET_HYPER: _nothing,
    CgmOpCode.HYPER: _threshold,
    CgmOpCode.SET_RATE_OF_DECREASE: _threshold,
    CgmOpCode.GET_RATE_OF_DECREASE: _nothing,
    CgmOpCode.RATE_OF_DECREASE: _threshold,
    CgmOpCode.SET_RATE_OF_INCREASE: _threshold,
    CgmOpCode.GET_RATE_OF_INCREASE: _nothing,
    CgmOpCode.RATE_OF_INCREASE: _threshold,
    CgmOpCode.RESET_DEVICE_ALERT: _nothing,
    CgmOpCode.START_SESSION: _nothing,
    CgmOpCode.STOP_SESSION: _nothing,
    CgmOpCode.RESPONSE: _response,
}
_TYPES: Final[dict[Callable[[FieldReader], CgmOperand], type[CgmOperand]]] = {
    _minutes: Minutes,
    _threshold: Threshold,
    _record_number: RecordNumber,
    _response: CgmResponse,
    _read_calibration: Calibration,
    _raw: Raw,
    _nothing: type(None),
}


def _read(reader: FieldReader) -> CgmControl:
    op_code = reader.u8()
    operand = OPERANDS.get(op_code, _raw)(reader)
    return CgmControl(op_code, operand, read_optional_crc(reader))


def _write(message: CgmControl, writer: FieldWriter) -> None:
    wanted = _TYPES[OPERANDS.get(message.op_code, _raw)]
    operand = message.operand
    if not isinstance(operand, wanted):
        raise EncodeError(f"op code {message.op_code} with another op code's operand ({_CLAUSE})")
    writer.u8(message.op_code)
    match operand:
        case Calibration():
            _write_calibration(operand, writer)
        case CgmResponse():
            writer.u8(operand.request)
            writer.u8(operand.value)
        case Threshold():
            writer.sfloat(operand.value)
        case Minutes():
            writer.u8(operand.minutes)
        case RecordNumber():
            writer.u16(operand.number)
        case Raw():
            writer.put(operand.octets)
        case _:
            pass
    write_optional_crc(message.crc, writer)


def _write_calibration(calibration: Calibration, writer: FieldWriter) -> None:
    writer.sfloat(calibration.concentration)
    writer.u16(calibration.offset_minutes)
    writer.u8(calibration.sample_location << 4 | calibration.sample_type)
    writer.u16(calibration.next_minutes)
    writer.u16(calibration.record_number)
    writer.u8(calibration.status)


CONTROL_POINT: Final = Characteristic(
    uuid=assigned_uuid(0x2AAC),
    name="CGM Specific Ops Control Point",
    properties=Property.WRITE | Property.INDICATE,
    clause=_CLAUSE,
    read=_read,
    write=_write,
    decode_as=("cgm_control",),
    bits={"status": cgm_terms.CALIBRATION_NAMES},
)
