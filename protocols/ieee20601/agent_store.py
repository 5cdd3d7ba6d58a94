"""A PM-store as an agent serves it: its segments, one transfer at a time, and every answer.

    store = AgentStore(0x0100, [segment], capability=..., page_entries=18)
    AgentConnection(..., stores=(store,))         serves it whenever a manager asks

The store outlives its connections: what was not cleared is there for the next manager. It opens
nothing and knows no time; `AgentStoredData` sends its pages and takes their answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.agent_objects import selected
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.persistent_store import (
    ACT_SEG_CLR,
    ACT_SEG_GET_ID_LIST,
    ACT_SEG_GET_INFO,
    ACT_SEG_TRIG_XFER,
    SEGMENT_INFOS,
    TRIGGER_REQUEST,
    TRIGGER_RESPONSE,
    SegmentData,
    SegmentInfo,
    SegmentStatus,
    TransferResult,
    TriggerRequest,
    TriggerResponse,
)
from protocols.ieee20601.remote_operations import (
    ErrorCode,
    Message,
    RejectProblem,
    Roer,
    RoivConfirmedAction,
    RoivGet,
    Rorj,
    RorsConfirmedAction,
    RorsGet,
)
from protocols.ieee20601.segment_selection import (
    SEGMENT_IDS,
    AbsoluteTimeRange,
    AllSegments,
    BaseOffsetTimeRange,
    SegmentRange,
    StoreCapability,
    read_selection,
)
from protocols.ieee20601.stored_segment import StoredSegment

_NOT_ALLOWED = Roer(int(ErrorCode.NOT_ALLOWED_BY_OBJECT), b"")
_NO_ACTION = Roer(int(ErrorCode.NO_SUCH_ACTION), b"")
_BAD = Rorj(int(RejectProblem.BADLY_STRUCTURED_APDU))


class AgentStore:
    """One PM-store object of a device.

    `capability`: what a manager may ask (see `StoreCapability`). `page_entries`: entries in one
    page at most. `attributes`: more of its own, as Clear-Timeout.
    """

    def __init__(
        self,
        handle: int,
        segments: Iterable[StoredSegment] = (),
        *,
        capability: StoreCapability = StoreCapability.VARIABLE_SEGMENTS,
        page_entries: int = 18,
        attributes: tuple[AttributeValue, ...] = (),
    ) -> None:
        self.handle = handle
        self.segments = {segment.instance: segment for segment in segments}
        self._capability = capability
        self._page_entries = page_entries
        self._attributes = attributes
        self._busy = 0
        self._transfer: Iterator[SegmentData] | None = None
        self._instance = 0
        self._next_entry = 0
        self._aborting = False

    # What the device's own side asks.

    def put_off(self, times: int) -> None:
        """Answer the next so many transfer requests with try-later."""
        self._busy = times

    def abort_transfer(self) -> None:
        """Give up the transfer that goes on: the next page says agent-abort and nothing else."""
        self._aborting = self._transfer is not None

    # What may be told otherwise by a device that misbehaves.

    def segment_info(self, segment: StoredSegment) -> SegmentInfo:
        """What a manager is told of a segment."""
        return segment.info()

    def pages(self, segment: StoredSegment) -> Iterator[SegmentData]:
        """The pages of a transfer of a segment."""
        return segment.pages(self._page_entries)

    # What the manager asks.

    def answer(self, message: Message) -> Message:
        """The answer to a Get or an action of this store; RORJ for arguments nobody can read."""
        try:
            match message:
                case RoivGet(attribute_ids=wanted):
                    return self._describe(wanted)
                case RoivConfirmedAction(action_type=kind, action_info=octets):
                    return self._act(kind, octets)
        except DecodeError:
            return _BAD
        return _NO_ACTION

    @property
    def is_transferring(self) -> bool:
        """Whether a transfer goes on."""
        return self._transfer is not None

    def next_page(self) -> SegmentData | None:
        """The next page of the transfer that goes on; None when none does, or it is over."""
        if self._transfer is None:
            return None
        if self._aborting:
            abort = int(SegmentStatus.AGENT_ABORT)
            page = SegmentData(self._instance, self._next_entry, 0, abort, b"")
            self.stop()
            return page
        page_or_none = next(self._transfer, None)
        if page_or_none is None:
            self.stop()
        else:
            self._next_entry = page_or_none.first + page_or_none.count
        return page_or_none

    def stop(self) -> None:
        """No transfer goes on any more: it ended, was stopped, or its association is gone."""
        self._transfer, self._aborting = None, False

    def _describe(self, wanted: tuple[int, ...]) -> Message:
        usage = sum(map(len, self.segments.values()))
        attributes = (
            at.PM_STORE_CAPAB.of(int(self._capability)),
            at.NUM_SEG.of(len(self.segments)),
            at.METRIC_STORE_USAGE_CNT.of(usage),
            *self._attributes,
        )
        return RorsGet(self.handle, selected(attributes, wanted))

    def _act(self, kind: int, octets: bytes) -> Message:
        if kind == ACT_SEG_TRIG_XFER:
            request: TriggerRequest = TRIGGER_REQUEST.decode(octets)
            response = TriggerResponse(request.instance, int(self._begin(request.instance)))
            return self._result(kind, TRIGGER_RESPONSE.encode(response))
        if kind not in (ACT_SEG_GET_INFO, ACT_SEG_GET_ID_LIST, ACT_SEG_CLR):
            return _NO_ACTION
        selection = read_selection(octets)
        if not self._is_allowed(kind, selection):
            return _NOT_ALLOWED
        meant = [item for item in self.segments.values() if item.is_meant_by(selection)]
        if kind == ACT_SEG_CLR:
            return self._clear(meant)
        if kind == ACT_SEG_GET_ID_LIST:
            return self._result(kind, SEGMENT_IDS.encode(tuple(item.instance for item in meant)))
        infos = tuple(self.segment_info(item) for item in meant)
        return self._result(kind, SEGMENT_INFOS.encode(infos))

    def _begin(self, instance: int) -> TransferResult:
        segment = self.segments.get(instance)
        if segment is None:
            return TransferResult.NO_SUCH_SEGMENT
        if self._busy or self.is_transferring:
            self._busy = max(0, self._busy - 1)
            return TransferResult.TRY_LATER
        if not len(segment):
            return TransferResult.SEGMENT_EMPTY
        self._instance, self._next_entry = instance, 0
        self._transfer = self.pages(segment)
        return TransferResult.SUCCESSFUL

    def _is_allowed(self, kind: int, selection: SegmentRange) -> bool:
        """20601 6.3.8: selections other than all segments, and of clearing, are capabilities."""
        by_time = isinstance(selection, AbsoluteTimeRange | BaseOffsetTimeRange)
        if kind != ACT_SEG_CLR:
            return not by_time or bool(self._capability & StoreCapability.SELECT_BY_TIME)
        if by_time:
            return bool(self._capability & StoreCapability.CLEAR_BY_TIME)
        by_list = bool(self._capability & StoreCapability.CLEAR_BY_LIST)
        return isinstance(selection, AllSegments) or by_list

    def _clear(self, segments: list[StoredSegment]) -> Message:
        if self.is_transferring and any(item.instance == self._instance for item in segments):
            return _NOT_ALLOWED
        for segment in segments:
            segment.clear()
            if self._capability & StoreCapability.CLEAR_REMOVES:
                del self.segments[segment.instance]
        return self._result(ACT_SEG_CLR, b"")

    def _result(self, kind: int, octets: bytes) -> Message:
        return RorsConfirmedAction(self.handle, kind, octets)
