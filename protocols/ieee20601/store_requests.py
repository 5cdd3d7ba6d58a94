"""What a manager asks a PM-store, one frozen record each; `message()` is its action request."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.ieee20601.persistent_store import trigger_transfer
from protocols.ieee20601.remote_operations import RoivConfirmedAction
from protocols.ieee20601.segment_selection import (
    ALL_SEGMENTS,
    SegmentIds,
    SegmentRange,
    request_clear,
    request_ids,
    request_infos,
)


@dataclass(frozen=True, slots=True)
class GetSegments:
    """Ask a store what segments hold (MDC_ACT_SEG_GET_INFO)."""

    store: int
    selection: SegmentRange = ALL_SEGMENTS

    def message(self) -> RoivConfirmedAction:
        """The action request."""
        return request_infos(self.store, self.selection)


@dataclass(frozen=True, slots=True)
class GetSegmentIds:
    """Ask a store for the numbers of its segments (MDC_ACT_SEG_GET_ID_LIST)."""

    store: int

    def message(self) -> RoivConfirmedAction:
        """The action request."""
        return request_ids(self.store, ALL_SEGMENTS)


@dataclass(frozen=True, slots=True)
class TransferSegment:
    """Ask a store for one segment's data (MDC_ACT_SEG_TRIG_XFER)."""

    store: int
    instance: int

    @property
    def key(self) -> tuple[int, int]:
        """Which segment."""
        return self.store, self.instance

    def message(self) -> RoivConfirmedAction:
        """The action request."""
        return trigger_transfer(self.store, self.instance)


@dataclass(frozen=True, slots=True)
class ClearSegment:
    """Ask a store to clear one segment (MDC_ACT_SEG_CLR)."""

    store: int
    instance: int

    def message(self) -> RoivConfirmedAction:
        """The action request."""
        return request_clear(self.store, SegmentIds((self.instance,)))


StoreRequest = GetSegments | GetSegmentIds | TransferSegment | ClearSegment
