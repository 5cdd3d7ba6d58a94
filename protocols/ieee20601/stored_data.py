"""Fetch what the PM-stores of an agent hold, segment by segment (20601 8.9.3.4).

Get segment info of every store, trigger the transfer of each segment with entries, take its
pages, go on with the next. A store is never cleared: another gateway may still need it.

The plan says what to ask next and judges what comes; requests, timers and confirms are the
manager's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SegmentEntryMap
from protocols.ieee20601.attributes import find, find_readable
from protocols.ieee20601.classification import StoppedTransferError, UnknownObjectError
from protocols.ieee20601.persistent_store import (
    SegmentData,
    SegmentInfo,
    SegmentStatus,
    TransferResult,
    trigger_transfer,
)
from protocols.ieee20601.remote_operations import RoivConfirmedAction
from protocols.ieee20601.segment_selection import AllSegments, request_infos
from protocols.ieee20601.timeouts import TICK_SECONDS


@dataclass(frozen=True, slots=True)
class GetSegments:
    """Ask a store what its segments hold."""

    store: int

    def message(self) -> RoivConfirmedAction:
        """The action request."""
        return request_infos(self.store, AllSegments())


@dataclass(frozen=True, slots=True)
class TransferSegment:
    """Ask a store for one segment's data."""

    store: int
    instance: int

    def message(self) -> RoivConfirmedAction:
        """The action request."""
        return trigger_transfer(self.store, self.instance)


StoreRequest = GetSegments | TransferSegment


class Answer(Enum):
    """What an agent's answer to a transfer request means for us."""

    PAGES_COME = "pages come"
    LATER = "ask again later"
    NEXT = "nothing comes, go on"


class StoredDataPlan:
    """The order of a fetch and its progress."""

    def __init__(self, stores: Iterable[int], *, retries: int, transfer_seconds: float) -> None:
        self._requests: deque[StoreRequest] = deque(GetSegments(store) for store in stores)
        self._segments: dict[tuple[int, int], SegmentInfo] = {}
        self._current: TransferSegment | None = None
        self._stopped: set[tuple[int, int]] = set()
        self._entries = 0
        self._pages = 0
        self._retries = retries
        self._tries_left = retries
        self._default_seconds = transfer_seconds
        self.complete = True
        """Whether all that was asked for came whole, so far."""

    @property
    def has_moved(self) -> bool:
        """Whether the current segment gave a page already."""
        return self._pages > 0

    @property
    def is_transferring(self) -> bool:
        """Whether a segment is on its way."""
        return self._current is not None

    @property
    def transfer_seconds(self) -> float:
        """How long the next page of the current segment may take (Transfer-Timeout, else ours)."""
        current = self._current
        info = self._segments.get((current.store, current.instance)) if current else None
        ticks = find_readable(info.attributes, at.TRANSFER_TIMEOUT, []) if info else None
        return ticks * TICK_SECONDS if ticks else self._default_seconds

    def next_request(self) -> StoreRequest | None:
        """What to ask now; None when the fetch is over."""
        if not self._requests:
            return None
        request = self._requests.popleft()
        if isinstance(request, TransferSegment):
            self._current = request
            self._entries = self._pages = 0
        return request

    def ask_again(self) -> TransferSegment | None:
        """The current transfer once more, after try-later."""
        return self._current

    def segments_reported(self, store: int, infos: Iterable[SegmentInfo]) -> None:
        """Queue the segments that hold entries; one that does not say how many is asked too."""
        transfers: list[StoreRequest] = []
        for info in infos:
            self._segments[store, info.instance] = info
            if find_readable(info.attributes, at.SEG_USAGE_CNT, []) != 0:
                transfers.append(TransferSegment(store, info.instance))
        # The segments of this store come before the next store.
        self._requests.extendleft(reversed(transfers))

    def request_failed(self, request: StoreRequest) -> None:
        """The agent refused a request or its answer cannot be read: go on without."""
        self.complete = False
        if request == self._current:
            self._current = None

    def transfer_answered(self, result: int) -> Answer:
        """Judge the answer to the current transfer request (see `TransferResult`)."""
        if result == TransferResult.SUCCESSFUL:
            self._tries_left = self._retries
            return Answer.PAGES_COME
        if result == TransferResult.TRY_LATER and self._tries_left > 0:
            self._tries_left -= 1
            return Answer.LATER
        if result != TransferResult.SEGMENT_EMPTY:
            self.complete = False
        self._tries_left = self._retries
        self._current = None
        return Answer.NEXT

    def map_of(self, store: int, instance: int) -> SegmentEntryMap:
        """How the entries of a segment are laid out.

        Raises StoppedTransferError for a transfer given up, UnknownObjectError for a segment nobody
        announced, DecodeError for one without a readable map.
        """
        if (store, instance) in self._stopped:
            raise StoppedTransferError(f"segment {instance} of store {store} was given up")
        info = self._segments.get((store, instance))
        if info is None:
            raise UnknownObjectError(f"no segment {instance} of store {store} was announced")
        entry_map = find(info.attributes, at.PM_SEG_MAP)
        if entry_map is None:
            raise DecodeError(f"segment {instance} of store {store} has no entry map")
        return entry_map

    def page_received(self, store: int, page: SegmentData) -> str:
        """Count a page; a sentence when something is missing, else the empty text."""
        self._pages += 1
        expected, self._entries = self._entries, page.first + page.count
        if page.status & SegmentStatus.AGENT_ABORT:
            self.complete = False
            return f"the agent gave up segment {page.instance}"
        if page.first != expected:
            self.complete = False
            return f"segment {page.instance}: entry {expected} expected, {page.first} came"
        usage = self._usage(store, page.instance)
        if page.status & SegmentStatus.LAST_ENTRY and usage is not None and self._entries < usage:
            self.complete = False
            return f"segment {page.instance} ended after {self._entries} of {usage} entries"
        return ""

    def page_confirmed(self, page: SegmentData) -> bool:
        """Whether this page, now confirmed, was the last of its segment."""
        ends = SegmentStatus.LAST_ENTRY | SegmentStatus.AGENT_ABORT
        if not page.status & ends:
            return False
        if self._current is not None and self._current.instance == page.instance:
            self._current = None
            return True
        return False

    def stop(self) -> None:
        """Give up the current segment; its later pages are answered with manager-abort."""
        self.complete = False
        if self._current is not None:
            self._stopped.add((self._current.store, self._current.instance))
            self._current = None

    def _usage(self, store: int, instance: int) -> int | None:
        info = self._segments.get((store, instance))
        return find_readable(info.attributes, at.SEG_USAGE_CNT, []) if info else None
