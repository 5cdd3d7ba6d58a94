"""Which segments of a PM-store are meant, and what the store lets a manager ask (20601 6.3.8).

    request_infos(store, AllSegments())         -> RoivConfirmedAction   MDC_ACT_SEG_GET_INFO
    request_ids(store, selection)               -> RoivConfirmedAction   MDC_ACT_SEG_GET_ID_LIST
    request_clear(store, SegmentIds((16,)))     -> RoivConfirmedAction   MDC_ACT_SEG_CLR
    read_selection(octets)                      -> SegmentRange          an agent's view of them

A time range means every segment that holds at least one moment of it; its ends belong to it. The
times are the device's own. The range of base-offset times (choice 4) is of a later edition of
20601 whose text we do not have: unconfirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

import construct as cs

from protocols.errors import DecodeError
from protocols.ieee20601.attribute_values import BASE_OFFSET_TIME, BaseOffsetTime
from protocols.ieee20601.persistent_store import (
    ACT_SEG_CLR,
    ACT_SEG_GET_ID_LIST,
    ACT_SEG_GET_INFO,
    SEGMENT_SELECTION,
    SegmentSelection,
    SegmentSelectionChoice,
)
from protocols.ieee20601.remote_operations import RoivConfirmedAction
from protocols.mder.records import Codec, wire
from protocols.mder.sequences import SequenceOf
from protocols.mder.times import ABSOLUTE_TIME, AbsoluteTime

_CLAUSE: Final = "20601 Annex A"


class StoreCapability(IntFlag):
    """What a PM-store can do (PM-Store-Capab, 20601 6.3.8.3)."""

    VARIABLE_SEGMENTS = 0x8000
    EPISODIC_ENTRIES = 0x0800
    PERIODIC_ENTRIES = 0x0400
    SELECT_BY_TIME = 0x0200
    CLEAR_BY_LIST = 0x0100
    CLEAR_BY_TIME = 0x0080
    CLEAR_REMOVES = 0x0040
    SEVERAL_PERSONS = 0x0008


@dataclass(frozen=True, slots=True)
class AllSegments:
    """Every segment of the store."""


@dataclass(frozen=True, slots=True)
class SegmentIds:
    """The segments with these instance numbers."""

    instances: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AbsoluteTimeRange:
    """The segments between two moments of the device's calendar (AbsTimeRange)."""

    start: AbsoluteTime = wire(ABSOLUTE_TIME)
    end: AbsoluteTime = wire(ABSOLUTE_TIME)


@dataclass(frozen=True, slots=True)
class BaseOffsetTimeRange:
    """The segments between two base-offset times (unconfirmed)."""

    start: BaseOffsetTime = wire(BASE_OFFSET_TIME)
    end: BaseOffsetTime = wire(BASE_OFFSET_TIME)


SegmentRange = AllSegments | SegmentIds | AbsoluteTimeRange | BaseOffsetTimeRange
ALL_SEGMENTS: Final = AllSegments()

SEGMENT_IDS: Final[Codec[tuple[int, ...]]] = Codec(
    SequenceOf(cs.Int16ub), clause=f"{_CLAUSE}, SegmIdList"
)
_ABSOLUTE: Final = Codec(AbsoluteTimeRange, clause=f"{_CLAUSE}, AbsTimeRange")
_BASE_OFFSET: Final = Codec(BaseOffsetTimeRange, clause=f"{_CLAUSE}, BOTimeRange")
_ALL_OCTETS: Final = bytes(2)


def write_selection(selection: SegmentRange) -> bytes:
    """The octets of a SegmSelection; EncodeError for an instance number that has no wire form."""
    match selection:
        case AllSegments():
            choice, octets = SegmentSelectionChoice.ALL_SEGMENTS, _ALL_OCTETS
        case SegmentIds(instances=instances):
            choice, octets = SegmentSelectionChoice.SEGMENT_ID_LIST, SEGMENT_IDS.encode(instances)
        case AbsoluteTimeRange():
            choice, octets = SegmentSelectionChoice.ABSOLUTE_TIME_RANGE, _ABSOLUTE.encode(selection)
        case _:
            choice = SegmentSelectionChoice.BASE_OFFSET_TIME_RANGE
            octets = _BASE_OFFSET.encode(selection)
    return SEGMENT_SELECTION.encode(SegmentSelection(int(choice), octets))


def read_selection(octets: bytes) -> SegmentRange:
    """The selection of a request; DecodeError for another choice or broken octets."""
    raw: SegmentSelection = SEGMENT_SELECTION.decode(octets)
    match raw.choice:
        case SegmentSelectionChoice.ALL_SEGMENTS:
            return AllSegments()
        case SegmentSelectionChoice.SEGMENT_ID_LIST:
            return SegmentIds(SEGMENT_IDS.decode(raw.octets))
        case SegmentSelectionChoice.ABSOLUTE_TIME_RANGE:
            return _ABSOLUTE.decode(raw.octets)
        case SegmentSelectionChoice.BASE_OFFSET_TIME_RANGE:
            return _BASE_OFFSET.decode(raw.octets)
    raise DecodeError(
        f"a segment selection of choice {raw.choice}", clause=f"{_CLAUSE}, SegmSelection"
    )


def request_infos(store: int, selection: SegmentRange) -> RoivConfirmedAction:
    """Ask a store what these segments hold."""
    return RoivConfirmedAction(store, ACT_SEG_GET_INFO, write_selection(selection))


def request_ids(store: int, selection: SegmentRange) -> RoivConfirmedAction:
    """Ask a store which of these segments it has; the answer is read by `SEGMENT_IDS`."""
    return RoivConfirmedAction(store, ACT_SEG_GET_ID_LIST, write_selection(selection))


def request_clear(store: int, selection: SegmentRange) -> RoivConfirmedAction:
    """Ask a store to empty these segments, or to remove them where it can (CLEAR_REMOVES)."""
    return RoivConfirmedAction(store, ACT_SEG_CLR, write_selection(selection))
