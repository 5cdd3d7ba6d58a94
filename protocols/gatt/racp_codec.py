"""The messages of the Record Access Control Point (0x2A52), both ways.

    RECORD_ACCESS.decode(octets)     what a server indicates, or what a client wrote
    RECORD_ACCESS.encode(message)    the octets to write

Every message is an op code, an operator and an operand. The operand of a request names records
by a filter: type 1 is the service's own number of a record (GLS sequence number, CGM time offset
in minutes, both of 16 bits; GHS record number of 32 bits), type 2 the user facing time (GLS).
Op codes 7 and 8, report and number in one, are the Generic Health Sensor's; their numbers are
those of a public implementation of it (unconfirmed).

Follows the Glucose Service 1.0.1, 3.4, and the continuous glucose monitoring and pulse oximeter
services, which share the characteristic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocols.errors import DecodeError, EncodeError
from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import DATE_TIME_OCTETS, DateTime, FieldReader, FieldWriter
from protocols.gatt.uuids import assigned_uuid

CLAUSE: Final = "GLS 1.0.1, 3.4, Record Access Control Point"
_NUMBER_OCTETS: Final = (1, 2, 3, 4, 6, 8)
_COUNT_OCTETS: Final = (2, 4)


class OpCode(IntEnum):
    """What is asked or answered."""

    REPORT_RECORDS = 1
    DELETE_RECORDS = 2
    ABORT = 3
    REPORT_NUMBER = 4
    NUMBER_RESPONSE = 5
    RESPONSE = 6
    COMBINED_REPORT = 7
    COMBINED_REPORT_RESPONSE = 8


class Operator(IntEnum):
    """Which records are meant."""

    NULL = 0
    ALL = 1
    LESS_OR_EQUAL = 2
    GREATER_OR_EQUAL = 3
    WITHIN_RANGE = 4
    FIRST = 5
    LAST = 6


class FilterType(IntEnum):
    """What the bounds of an operand are."""

    RECORD_NUMBER = 1
    """GLS sequence number, CGM time offset, GHS record number."""
    USER_FACING_TIME = 2


class ResponseValue(IntEnum):
    """How a request ended. NO_RECORDS_FOUND is a normal end."""

    SUCCESS = 1
    OP_CODE_NOT_SUPPORTED = 2
    INVALID_OPERATOR = 3
    OPERATOR_NOT_SUPPORTED = 4
    INVALID_OPERAND = 5
    NO_RECORDS_FOUND = 6
    ABORT_UNSUCCESSFUL = 7
    PROCEDURE_NOT_COMPLETED = 8
    OPERAND_NOT_SUPPORTED = 9


Bound = int | DateTime


@dataclass(frozen=True, slots=True)
class Operand:
    """The filter of a request: one bound for <= and >=, two (both included) for a range.

    `octets` is the width of a bound that is a number.
    """

    filter_type: int
    bounds: tuple[Bound, ...]
    octets: int = 2


@dataclass(frozen=True, slots=True)
class RacpRequest:
    """Op codes 1 to 4 and 7; `operand` is None for all, first, last and null."""

    op_code: OpCode
    operator: Operator
    operand: Operand | None = None


@dataclass(frozen=True, slots=True)
class NumberOfRecords:
    """Op codes 5 and 8: how many records fit the request; of 16 bits, or 32 where `octets` is 4."""

    count: int
    op_code: OpCode = OpCode.NUMBER_RESPONSE
    octets: int = 2


@dataclass(frozen=True, slots=True)
class RacpResponse:
    """Op code 6: how the request with op code `request` ended; unknown values stay numbers."""

    request: int
    value: int

    @property
    def op_code(self) -> OpCode:
        """The message's own op code."""
        return OpCode.RESPONSE

    @property
    def name(self) -> str:
        """The response value in words, or its number."""
        known = {int(value) for value in ResponseValue}
        if self.value not in known:
            return f"response value {self.value}"
        return ResponseValue(self.value).name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class UnknownRacpMessage:
    """An op code or operator that is reserved; kept as it came."""

    op_code: int
    operator: int
    operand: bytes


RacpMessage = RacpRequest | NumberOfRecords | RacpResponse | UnknownRacpMessage

_REQUESTS: Final = frozenset(
    {
        OpCode.REPORT_RECORDS,
        OpCode.DELETE_RECORDS,
        OpCode.ABORT,
        OpCode.REPORT_NUMBER,
        OpCode.COMBINED_REPORT,
    }
)
_NUMBERS: Final = frozenset({OpCode.NUMBER_RESPONSE, OpCode.COMBINED_REPORT_RESPONSE})
_BOUNDS: Final = {
    Operator.LESS_OR_EQUAL: 1,
    Operator.GREATER_OR_EQUAL: 1,
    Operator.WITHIN_RANGE: 2,
}


def _read(reader: FieldReader) -> RacpMessage:
    op_code, operator = reader.u8(), reader.u8()
    if op_code not in set(OpCode) or operator not in set(Operator):
        return UnknownRacpMessage(op_code, operator, reader.rest())
    known = OpCode(op_code)
    if known in _NUMBERS:
        return _number(known, reader)
    if known in _REQUESTS:
        return RacpRequest(known, Operator(operator), _operand(Operator(operator), reader))
    return RacpResponse(reader.u8(), reader.u8())


def _number(op_code: OpCode, reader: FieldReader) -> NumberOfRecords:
    octets = reader.remaining
    if octets not in _COUNT_OCTETS:
        raise DecodeError(
            f"a number of records in {octets} octets", clause=CLAUSE, offset=reader.offset
        )
    return NumberOfRecords(reader.unsigned(octets), op_code, octets)


def _operand(operator: Operator, reader: FieldReader) -> Operand | None:
    count = _BOUNDS.get(operator)
    if count is None:
        return None
    filter_type = reader.u8()
    octets, rest = divmod(reader.remaining, count)
    if filter_type == FilterType.USER_FACING_TIME and octets == DATE_TIME_OCTETS and not rest:
        return Operand(filter_type, tuple(reader.date_time() for _ in range(count)))
    if rest or octets not in _NUMBER_OCTETS:
        raise DecodeError(
            f"{reader.remaining} octets are not {count} bounds",
            clause=CLAUSE,
            offset=reader.offset,
        )
    return Operand(filter_type, tuple(reader.unsigned(octets) for _ in range(count)), octets)


def _write(message: RacpMessage, writer: FieldWriter) -> None:
    match message:
        case RacpRequest():
            writer.u8(message.op_code)
            writer.u8(message.operator)
            _write_operand(message, writer)
        case NumberOfRecords():
            writer.u8(message.op_code)
            writer.u8(Operator.NULL)
            writer.unsigned(message.count, message.octets)
        case RacpResponse():
            writer.u8(message.op_code)
            writer.u8(Operator.NULL)
            writer.u8(message.request)
            writer.u8(message.value)
        case _:
            writer.u8(message.op_code)
            writer.u8(message.operator)
            writer.put(message.operand)


def _write_operand(request: RacpRequest, writer: FieldWriter) -> None:
    bounds = request.operand.bounds if request.operand else ()
    if len(bounds) != _BOUNDS.get(request.operator, 0):
        raise EncodeError(f"{request.operator.name} with {len(bounds)} bounds ({CLAUSE})")
    if request.operand is None:
        return
    writer.u8(request.operand.filter_type)
    for bound in bounds:
        if isinstance(bound, DateTime):
            writer.date_time(bound)
        else:
            writer.unsigned(bound, request.operand.octets)


RECORD_ACCESS: Final[Characteristic[RacpMessage]] = Characteristic(
    uuid=assigned_uuid(0x2A52),
    name="Record Access Control Point",
    properties=Property.WRITE | Property.INDICATE,
    clause=CLAUSE,
    read=_read,
    write=_write,
    decode_as=("racp",),
)

PROFILE: Final = GattProfile(
    name="record_access",
    service=None,
    specification="Glucose Service",
    version="1.0.1",
    characteristics=(RECORD_ACCESS,),
)
