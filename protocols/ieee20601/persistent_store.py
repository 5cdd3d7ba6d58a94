"""PM-stores: what their segments hold and how stored data comes over (20601 6.3.8, 8.9.3.4).

infos = SEGMENT_INFOS.decode(rors.action_info)        -> tuple[SegmentInfo, ...]
request = trigger_transfer(store_handle, instance)    -> RoivConfirmedAction
answer = TRIGGER_RESPONSE.decode(rors.action_info)    -> TriggerResponse
data: SegmentData (an event's content)
reply = confirm_segment_data(report, data)            -> RorsConfirmedEventReport

Which segments are meant says `segment_selection`, how a page divides into entries
`segment_entries`, what a segment says about itself `segment_facts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

import construct as cs

from protocols.ieee20601.attributes import ATTRIBUTE_LIST, AttributeValue
from protocols.ieee20601.remote_operations import (
    EventReport,
    RoivConfirmedAction,
    RorsConfirmedEventReport,
)
from protocols.mder.records import Codec, wire
from protocols.mder.sequences import ANY, OCTET_STRING, SequenceOf
from protocols.mder.times import NO_RELATIVE_TIME

_CLAUSE: Final = "20601 Annex A"


class SegmentStatus(IntFlag):
    """Status bits of a segment data event and of its confirmation (SegmEvtStatus)."""

    FIRST_ENTRY = 0x8000
    LAST_ENTRY = 0x4000
    AGENT_ABORT = 0x0800
    MANAGER_CONFIRM = 0x0080
    MANAGER_ABORT = 0x0008


class TransferResult(IntEnum):
    """An agent's answer to a transfer request (TrigSegmXferRsp)."""

    SUCCESSFUL = 0
    NO_SUCH_SEGMENT = 1
    TRY_LATER = 2
    SEGMENT_EMPTY = 3
    OTHER = 512


class SegmentSelectionChoice(IntEnum):
    """Which segments are meant (SegmSelection)."""

    ALL_SEGMENTS = 1
    SEGMENT_ID_LIST = 2
    ABSOLUTE_TIME_RANGE = 3
    BASE_OFFSET_TIME_RANGE = 4


@dataclass(frozen=True, slots=True)
class SegmentSelection:
    """A selection: `choice` see `SegmentSelectionChoice`; its value stays encoded."""

    choice: int = wire(cs.Int16ub)
    octets: bytes = wire(ANY)


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """One segment of a store and its attributes."""

    instance: int = wire(cs.Int16ub)
    attributes: tuple[AttributeValue, ...] = wire(ATTRIBUTE_LIST)


@dataclass(frozen=True, slots=True)
class TriggerRequest:
    """Ask for a segment's data."""

    instance: int = wire(cs.Int16ub)


@dataclass(frozen=True, slots=True)
class TriggerResponse:
    """Whether the data will come: `result` see `TransferResult`."""

    instance: int = wire(cs.Int16ub)
    result: int = wire(cs.Int16ub)


@dataclass(frozen=True, slots=True)
class SegmentData:
    """A page of a segment: entries `first`.. (`count` of them), status bits, the octets."""

    instance: int = wire(cs.Int16ub)
    first: int = wire(cs.Int32ub)
    count: int = wire(cs.Int32ub)
    status: int = wire(cs.Int16ub)
    entries: bytes = wire(OCTET_STRING)


@dataclass(frozen=True, slots=True)
class SegmentDataResult:
    """The confirmation of a page: the same description with a manager's status bit."""

    instance: int = wire(cs.Int16ub)
    first: int = wire(cs.Int32ub)
    count: int = wire(cs.Int32ub)
    status: int = wire(cs.Int16ub)


SEGMENT_SELECTION: Final = Codec(SegmentSelection, clause=f"{_CLAUSE}, SegmSelection")
SEGMENT_INFOS: Final[Codec[tuple[SegmentInfo, ...]]] = Codec(
    SequenceOf(SegmentInfo), clause=f"{_CLAUSE}, SegmentInfoList"
)
TRIGGER_REQUEST: Final = Codec(TriggerRequest, clause=f"{_CLAUSE}, TrigSegmDataXferReq")
TRIGGER_RESPONSE: Final = Codec(TriggerResponse, clause=f"{_CLAUSE}, TrigSegmDataXferRsp")
SEGMENT_DATA: Final = Codec(SegmentData, clause=f"{_CLAUSE}, SegmentDataEvent")
SEGMENT_DATA_RESULT: Final = Codec(SegmentDataResult, clause=f"{_CLAUSE}, SegmentDataResult")

ACT_SEG_CLR: Final = 3084
ACT_SEG_GET_INFO: Final = 3085
ACT_SEG_TRIG_XFER: Final = 3100
ACT_SEG_GET_ID_LIST: Final = 3102


def trigger_transfer(store_handle: int, instance: int) -> RoivConfirmedAction:
    """Ask for the data of one segment (MDC_ACT_SEG_TRIG_XFER)."""
    octets = TRIGGER_REQUEST.encode(TriggerRequest(instance))
    return RoivConfirmedAction(store_handle, ACT_SEG_TRIG_XFER, octets)


def confirm_segment_data(
    report: EventReport,
    data: SegmentData,
    status: SegmentStatus = SegmentStatus.MANAGER_CONFIRM,
) -> RorsConfirmedEventReport:
    """Confirm a page, or with MANAGER_ABORT stop the transfer (20601 8.9.3.4.2)."""
    result = SegmentDataResult(data.instance, data.first, data.count, int(status))
    return RorsConfirmedEventReport(
        report.handle, NO_RELATIVE_TIME, report.event_type, SEGMENT_DATA_RESULT.encode(result)
    )
