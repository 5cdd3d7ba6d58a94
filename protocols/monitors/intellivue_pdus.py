"""IntelliVue data export: remote operations, and the objects a poll's result lists.

After the association every message is a remote operation: the monitor reports that its MDS is
there, we ask for data, it answers (Data Export Interface Programming Guide, Data Export Protocol).
A result that does not fit one message comes in linked parts; each lists whole objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocols.errors import DecodeError
from protocols.mder.times import AbsoluteTime
from protocols.monitors.intellivue_association import SessionKind, decode_attributes
from protocols.monitors.octets import OctetReader, put_u16, put_u32

CLAUSE: Final = "IntelliVue Data Export, Data Export Protocol"
_SESSION_HEADER: Final = bytes([SessionKind.DATA, 0, 0, 2])
_PARTITION_OBJECTS: Final = 1


class Operation(IntEnum):
    """The remote operation of a message."""

    INVOKE = 1
    RESULT = 2
    ERROR = 3
    LINKED_RESULT = 5


class Command(IntEnum):
    """What an invoke or a result is about."""

    CONFIRMED_EVENT_REPORT = 1
    CONFIRMED_ACTION = 7


class ObjectClass(IntEnum):
    """What can be polled, and whom we ask: terms of partition 1."""

    NUMERIC = 6
    SAMPLE_ARRAY = 9
    MDS = 33


class Notice(IntEnum):
    """Event and action types."""

    POLL = 3094
    MDS_CREATE = 3334
    EXTENDED_POLL = 0xF13B


@dataclass(frozen=True, slots=True)
class MdsCreate:
    """The monitor's MDS is there: `head` is what the answer repeats."""

    invoke_id: int
    head: bytes
    event_ticks: int
    attributes: dict[int, bytes]


@dataclass(frozen=True, slots=True)
class PolledObject:
    """One object of a result: which of which context, and its attributes by number."""

    context: int
    handle: int
    attributes: dict[int, bytes]


@dataclass(frozen=True, slots=True)
class PollResult:
    """One message of a poll's result, as it was at `ticks` (1/8000 s) of the monitor's counter."""

    invoke_id: int
    is_last: bool
    ticks: int
    local_time: AbsoluteTime
    object_class: int
    objects: tuple[PolledObject, ...]


@dataclass(frozen=True, slots=True)
class OperationError:
    """The monitor refused a request."""

    invoke_id: int
    error: int


@dataclass(frozen=True, slots=True)
class OtherOperation:
    """A remote operation we have no use for."""

    operation: int


DataMessage = MdsCreate | PollResult | OperationError | OtherOperation


def decode_data(octets: bytes) -> DataMessage:
    """One data export message; DecodeError where its lengths do not fit."""
    reader = OctetReader(octets, clause=CLAUSE)
    if reader.take(4) != _SESSION_HEADER:
        raise DecodeError("not a data export message", clause=CLAUSE, offset=0)
    operation = reader.u16()
    body = reader.sized()
    if operation == Operation.ERROR:
        return OperationError(body.u16(), body.u16())
    if operation == Operation.LINKED_RESULT:
        body.take(2)  # which part this is: each is complete in itself
    if operation not in (Operation.INVOKE, Operation.RESULT, Operation.LINKED_RESULT):
        return OtherOperation(operation)
    invoke_id, command = body.u16(), body.u16()
    argument = body.sized()
    if operation == Operation.INVOKE:
        if command == Command.CONFIRMED_EVENT_REPORT:
            return _decode_event(invoke_id, argument)
        return OtherOperation(operation)
    if command != Command.CONFIRMED_ACTION:
        return OtherOperation(operation)
    return _decode_poll(invoke_id, operation == Operation.RESULT, argument)


def encode_mds_create_answer(event: MdsCreate) -> bytes:
    """The confirmation without which the monitor gives up."""
    body = event.head + put_u32(event.event_ticks) + put_u16(Notice.MDS_CREATE, 0)
    return _operation(Operation.RESULT, event.invoke_id, Command.CONFIRMED_EVENT_REPORT, body)


def encode_poll(invoke_id: int, object_class: int) -> bytes:
    """Ask once for every attribute of the objects of a class."""
    return _action(invoke_id, Notice.POLL, _wanted(invoke_id, object_class))


def encode_extended_poll(invoke_id: int, object_class: int, *, ticks: int) -> bytes:
    """Ask to be sent them again and again for `ticks` (1/8000 s)."""
    period = put_u16(1, 8, _ATTRIBUTE_PERIOD, 4) + put_u32(ticks)
    return _action(invoke_id, Notice.EXTENDED_POLL, _wanted(invoke_id, object_class) + period)


_ATTRIBUTE_PERIOD: Final = 0xF13E
_ALL_ATTRIBUTES: Final = 0


def _wanted(poll_number: int, object_class: int) -> bytes:
    return put_u16(poll_number, _PARTITION_OBJECTS, object_class, _ALL_ATTRIBUTES)


def _action(invoke_id: int, action: Notice, argument: bytes) -> bytes:
    target = put_u16(ObjectClass.MDS, 0, 0) + put_u32(0)
    body = target + put_u16(action, len(argument)) + argument
    return _operation(Operation.INVOKE, invoke_id, Command.CONFIRMED_ACTION, body)


def _operation(operation: Operation, invoke_id: int, command: Command, body: bytes) -> bytes:
    inside = put_u16(invoke_id, command, len(body)) + body
    return _SESSION_HEADER + put_u16(operation, len(inside)) + inside


def _decode_event(invoke_id: int, reader: OctetReader) -> DataMessage:
    head, ticks, event = reader.take(6), reader.u32(), reader.u16()
    if event != Notice.MDS_CREATE:
        return OtherOperation(Operation.INVOKE)
    info = reader.sized()
    info.take(6)  # the same object again
    return MdsCreate(invoke_id, head, ticks, decode_attributes(info))


def _decode_poll(invoke_id: int, is_last: bool, reader: OctetReader) -> DataMessage:
    reader.take(6)
    action = reader.u16()
    if action not in (Notice.POLL, Notice.EXTENDED_POLL):
        return OtherOperation(Operation.RESULT)
    reply = reader.sized()
    reply.u16()
    if action == Notice.EXTENDED_POLL:
        reply.u16()
    ticks, local = reply.u32(), AbsoluteTime(reply.take(8))
    reply.u16()
    object_class = reply.u16()
    reply.u16()
    return PollResult(invoke_id, is_last, ticks, local, object_class, _decode_objects(reply))


def _decode_objects(reader: OctetReader) -> tuple[PolledObject, ...]:
    found: list[PolledObject] = []
    contexts, body = reader.counted()
    for _ in range(contexts):
        context = body.u16()
        count, objects = body.counted()
        for _ in range(count):
            found.append(PolledObject(context, objects.u16(), decode_attributes(objects)))
    return tuple(found)
