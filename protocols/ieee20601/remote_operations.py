"""What a DATA APDU carries: requests (ROIV), answers (RORS), errors (ROER) and rejects (RORJ).

Event infos, action infos and attribute values stay octets here, so that a fault inside them is
answered with the invoke id at hand; `event_reports.decode_event_info` and
`requests.decode_action_info` read them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import construct as cs

from protocols.ieee20601.attributes import ATTRIBUTE_LIST, AttributeValue
from protocols.mder.records import Codec, wire
from protocols.mder.sequences import ANY, SequenceOf
from protocols.mder.times import NO_RELATIVE_TIME

MDS_HANDLE: Final = 0
_CLAUSE: Final = "20601 Annex A, DATA-apdu"


class ErrorCode(IntEnum):
    """Why an operation failed (ROER error-value)."""

    NO_SUCH_OBJECT_INSTANCE = 1
    ACCESS_DENIED = 2
    NO_SUCH_ACTION = 9
    INVALID_OBJECT_INSTANCE = 17
    PROTOCOL_VIOLATION = 23
    NOT_ALLOWED_BY_OBJECT = 24
    ACTION_TIMED_OUT = 25
    ACTION_ABORTED = 26


class RejectProblem(IntEnum):
    """Why a request could not be treated at all (RORJ problem)."""

    UNRECOGNIZED_APDU = 0
    BADLY_STRUCTURED_APDU = 2
    UNRECOGNIZED_OPERATION = 101
    RESOURCE_LIMITATION = 103
    UNEXPECTED_ERROR = 303


class ModifyOperator(IntEnum):
    """What a Set does with a value (ModifyOperator)."""

    REPLACE = 0
    ADD_VALUES = 1
    REMOVE_VALUES = 2
    SET_TO_DEFAULT = 3


@dataclass(frozen=True, slots=True)
class EventReport:
    """The parts of every event report; `event_time` in RelativeTime ticks, all ones for none."""

    handle: int = wire(cs.Int16ub)
    event_time: int = wire(cs.Int32ub)
    event_type: int = wire(cs.Int16ub)
    event_info: bytes = wire(ANY)

    @property
    def relative_time(self) -> int | None:
        """The tick count of the event, None when the agent has no relative clock."""
        return None if self.event_time == NO_RELATIVE_TIME else self.event_time


class RoivEventReport(EventReport):
    """An event report that must not be answered."""

    __slots__ = ()


class RoivConfirmedEventReport(EventReport):
    """An event report that waits for RORS with its invoke id."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RorsConfirmedEventReport:
    """The confirmation of an event report; `event_reply_info` empty except for a configuration."""

    handle: int = wire(cs.Int16ub)
    current_time: int = wire(cs.Int32ub)
    event_type: int = wire(cs.Int16ub)
    event_reply_info: bytes = wire(ANY)


@dataclass(frozen=True, slots=True)
class RoivGet:
    """Read attributes of an object; an empty list asks for all of them."""

    handle: int = wire(cs.Int16ub)
    attribute_ids: tuple[int, ...] = wire(SequenceOf(cs.Int16ub))


@dataclass(frozen=True, slots=True)
class RorsGet:
    """The attributes asked for."""

    handle: int = wire(cs.Int16ub)
    attributes: tuple[AttributeValue, ...] = wire(ATTRIBUTE_LIST)


@dataclass(frozen=True, slots=True)
class AttributeModification:
    """One change of a Set: `operator` see `ModifyOperator`."""

    operator: int = wire(cs.Int16ub)
    attribute_id: int = wire(cs.Int16ub)
    octets: bytes = wire(ANY)


@dataclass(frozen=True, slots=True)
class SetRequest:
    """The parts of every Set."""

    handle: int = wire(cs.Int16ub)
    modifications: tuple[AttributeModification, ...] = wire(SequenceOf(AttributeModification))


class RoivSet(SetRequest):
    """A Set that must not be answered."""

    __slots__ = ()


class RoivConfirmedSet(SetRequest):
    """A Set that waits for RORS."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RorsConfirmedSet:
    """The attributes as they are after the Set."""

    handle: int = wire(cs.Int16ub)
    attributes: tuple[AttributeValue, ...] = wire(ATTRIBUTE_LIST)


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """The parts of every action: which one, and its argument still encoded."""

    handle: int = wire(cs.Int16ub)
    action_type: int = wire(cs.Int16ub)
    action_info: bytes = wire(ANY)


class RoivAction(ActionRequest):
    """An action that must not be answered."""

    __slots__ = ()


class RoivConfirmedAction(ActionRequest):
    """An action that waits for RORS."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RorsConfirmedAction:
    """The result of an action, still encoded."""

    handle: int = wire(cs.Int16ub)
    action_type: int = wire(cs.Int16ub)
    action_info: bytes = wire(ANY)


@dataclass(frozen=True, slots=True)
class Roer:
    """An operation failed: `error` see `ErrorCode`, `parameter` raw."""

    error: int = wire(cs.Int16ub)
    parameter: bytes = wire(ANY)


@dataclass(frozen=True, slots=True)
class Rorj:
    """A request could not be treated: `problem` see `RejectProblem`."""

    problem: int = wire(cs.Int16ub)


Message = (
    RoivEventReport
    | RoivConfirmedEventReport
    | RoivGet
    | RoivSet
    | RoivConfirmedSet
    | RoivAction
    | RoivConfirmedAction
    | RorsConfirmedEventReport
    | RorsGet
    | RorsConfirmedSet
    | RorsConfirmedAction
    | Roer
    | Rorj
)

_CHOICES: Final[tuple[tuple[int, type[Message]], ...]] = (
    (0x0100, RoivEventReport),
    (0x0101, RoivConfirmedEventReport),
    (0x0103, RoivGet),
    (0x0104, RoivSet),
    (0x0105, RoivConfirmedSet),
    (0x0106, RoivAction),
    (0x0107, RoivConfirmedAction),
    (0x0201, RorsConfirmedEventReport),
    (0x0203, RorsGet),
    (0x0205, RorsConfirmedSet),
    (0x0207, RorsConfirmedAction),
    (0x0300, Roer),
    (0x0400, Rorj),
)
MESSAGES: Final[dict[int, Codec[Message]]] = {
    choice: Codec(kind, clause=f"{_CLAUSE} {kind.__name__}") for choice, kind in _CHOICES
}
"""Message choice -> codec."""
CHOICE_OF: Final[dict[type[Message], int]] = {kind: choice for choice, kind in _CHOICES}
"""Message class -> choice."""

_EVENT_REPORTS: Final[dict[int, type[RoivEventReport] | type[RoivConfirmedEventReport]]] = {
    0x0100: RoivEventReport,
    0x0101: RoivConfirmedEventReport,
}
_EVENT_HEAD: Final = struct.Struct(">HIHH")
"""Handle, event time, event type, and how many octets of event info follow."""


def read_event_report(
    choice: int, content: bytes
) -> RoivEventReport | RoivConfirmedEventReport | None:
    """The event report that `content` is, as its codec of `MESSAGES` reads it.

    None for any other message, and for octets whose lengths disagree: the codec says what is
    wrong with them. Nearly all that a device sends is an event report, and of four fields.
    """
    kind = _EVENT_REPORTS.get(choice)
    if kind is None or len(content) < _EVENT_HEAD.size:
        return None
    handle, event_time, event_type, length = _EVENT_HEAD.unpack_from(content)
    if length != len(content) - _EVENT_HEAD.size:
        return None
    return kind(handle, event_time, event_type, content[_EVENT_HEAD.size :])


def write_event_answer(message: Message) -> bytes | None:
    """The octets of an event report's confirmation, as its codec of `MESSAGES` writes it.

    None for any other message, and for values without a wire form: the codec says what is wrong
    with them. Nearly all that a manager sends is such a confirmation.
    """
    if not isinstance(message, RorsConfirmedEventReport):
        return None
    reply = message.event_reply_info
    try:
        head = _EVENT_HEAD.pack(
            message.handle, message.current_time, message.event_type, len(reply)
        )
    except struct.error:
        return None
    return head + reply
