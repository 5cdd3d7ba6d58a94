"""Get, Set and actions: their arguments and results (20601 7.3, Annex A).

get_all(handle=0) -> RoivGet          get_selected(handle, ids) -> RoivGet
set_time_request(time) -> RoivConfirmedAction
decode_action_info(action_type, octets) -> an argument record; DecodeError
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Final

import construct as cs

from protocols.errors import DecodeError
from protocols.ieee20601.attribute_values import BASE_OFFSET_TIME, BaseOffsetTime
from protocols.ieee20601.attributes import Attribute
from protocols.ieee20601.device_clock import base_offset_time
from protocols.ieee20601.persistent_store import (
    ACT_SEG_CLR,
    ACT_SEG_GET_ID_LIST,
    ACT_SEG_GET_INFO,
    ACT_SEG_TRIG_XFER,
    SEGMENT_SELECTION,
    TRIGGER_REQUEST,
    SegmentSelection,
    TriggerRequest,
)
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    AttributeModification,
    ModifyOperator,
    RoivConfirmedAction,
    RoivConfirmedSet,
    RoivGet,
)
from protocols.mder.numbers import FLOAT_TYPE, Number
from protocols.mder.records import STRICT, Codec, Leniency, wire
from protocols.mder.sequences import ANY, SequenceOf
from protocols.mder.times import ABSOLUTE_TIME, AbsoluteTime

_CLAUSE: Final = "20601 Annex A"

ACT_SET_TIME: Final = 3095
ACT_DATA_REQUEST: Final = 3099
ACT_SET_BO_TIME: Final = 3101


class DataReqResult(IntEnum):
    """An agent's answer to a data request (DataReqResult)."""

    NO_ERROR = 0
    UNSPECIFIC = 1
    NO_STOP_SUPPORT = 2
    NO_SCOPE_ALL_SUPPORT = 3
    NO_SCOPE_CLASS_SUPPORT = 4
    NO_SCOPE_HANDLE_SUPPORT = 5
    NO_MODE_SINGLE_RESPONSE_SUPPORT = 6
    NO_MODE_TIME_PERIOD_SUPPORT = 7
    NO_MODE_TIME_NO_LIMIT_SUPPORT = 8
    NO_PERSON_ID_SUPPORT = 9
    UNKNOWN_PERSON_ID = 11
    UNKNOWN_CLASS = 12
    UNKNOWN_HANDLE = 13
    UNSUPPORTED_SCOPE = 14
    UNSUPPORTED_MODE = 15
    INIT_MANAGER_OVERFLOW = 16
    CONTINUATION_NOT_SUPPORTED = 17
    INVALID_REQ_ID = 18


@dataclass(frozen=True, slots=True)
class SetTime:
    """Set an agent's clock: its new local time, and how exact it is in seconds."""

    at: AbsoluteTime = wire(ABSOLUTE_TIME)
    accuracy: Number = wire(FLOAT_TYPE)


@dataclass(frozen=True, slots=True)
class DataRequest:
    """Ask for reports: start, stop, scope and mode in `mode` (DataReqMode bits)."""

    req_id: int = wire(cs.Int16ub)
    mode: int = wire(cs.Int16ub)
    time: int = wire(cs.Int32ub)
    person: int = wire(cs.Int16ub)
    object_class: int = wire(cs.Int16ub)
    handles: tuple[int, ...] = wire(SequenceOf(cs.Int16ub))


@dataclass(frozen=True, slots=True)
class DataResponse:
    """The answer to a data request, with a report inside where one came at once."""

    relative_time: int = wire(cs.Int32ub)
    result: int = wire(cs.Int16ub)
    event_type: int = wire(cs.Int16ub)
    event_info: bytes = wire(ANY)


SET_TIME: Final = Codec(SetTime, clause=f"{_CLAUSE}, SetTimeInvoke")
SET_BO_TIME: Final[Codec[BaseOffsetTime]] = Codec(
    BASE_OFFSET_TIME, clause=f"{_CLAUSE}, SetBOTimeInvoke"
)
DATA_REQUEST: Final = Codec(DataRequest, clause=f"{_CLAUSE}, DataRequest")
DATA_RESPONSE: Final = Codec(DataResponse, clause=f"{_CLAUSE}, DataResponse")

ActionArgument = SetTime | BaseOffsetTime | DataRequest | SegmentSelection | TriggerRequest
ACTION_ARGUMENTS: Final[dict[int, Codec[ActionArgument]]] = {
    ACT_SEG_CLR: SEGMENT_SELECTION,
    ACT_SEG_GET_INFO: SEGMENT_SELECTION,
    ACT_SET_TIME: SET_TIME,
    ACT_DATA_REQUEST: DATA_REQUEST,
    ACT_SEG_TRIG_XFER: TRIGGER_REQUEST,
    ACT_SET_BO_TIME: SET_BO_TIME,
    ACT_SEG_GET_ID_LIST: SEGMENT_SELECTION,
}
"""Action type -> codec of its argument."""


def decode_action_info(
    action_type: int, octets: bytes, *, leniency: Leniency = STRICT, notes: list[str] | None = None
) -> ActionArgument:
    """The argument of an action request; DecodeError for an unknown action or broken octets."""
    codec = ACTION_ARGUMENTS.get(action_type)
    if codec is None:
        raise DecodeError(f"unknown action {action_type}", clause="20601 7.3")
    return codec.decode(octets, leniency=leniency, notes=notes)


def get_all(handle: int = MDS_HANDLE) -> RoivGet:
    """Read every attribute of an object; the MDS unless said otherwise."""
    return RoivGet(handle, ())


def get_selected(handle: int, kinds: Iterable[Attribute[object]]) -> RoivGet:
    """Read some attributes of an object."""
    return RoivGet(handle, tuple(kind.attribute_id for kind in kinds))


def set_time_request(local: datetime, accuracy_s: Decimal = Decimal(0)) -> RoivConfirmedAction:
    """Set an agent's clock to a naive local time (MDC_ACT_SET_TIME)."""
    octets = SET_TIME.encode(SetTime(AbsoluteTime.of(local), accuracy_s))
    return RoivConfirmedAction(MDS_HANDLE, ACT_SET_TIME, octets)


def set_base_offset_time_request(utc: datetime, offset: timedelta) -> RoivConfirmedAction:
    """Set an agent's clock to a naive UTC time and the local offset (MDC_ACT_SET_BO_TIME)."""
    time = base_offset_time(utc, offset // timedelta(minutes=1))
    return RoivConfirmedAction(MDS_HANDLE, ACT_SET_BO_TIME, SET_BO_TIME.encode(time))


def set_attribute(handle: int, kind: Attribute[object], value: object) -> RoivConfirmedSet:
    """Replace one attribute's value."""
    change = AttributeModification(ModifyOperator.REPLACE, kind.attribute_id, kind.encode(value))
    return RoivConfirmedSet(handle, (change,))
