"""Fetch what the PM-stores of an agent hold, segment by segment (20601 8.9.3.4).

Get segment info of every store, trigger the transfer of each segment with entries, take its
pages, go on with the next. A store that does not answer for all its segments at once is asked
for their numbers, then one by one. A segment is cleared only when every entry of it is durable
and the policy names its device: another gateway may still need it.

The plan says what to ask next and judges what comes; requests, timers and confirms are the
manager's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum

from protocols.errors import DecodeError
from protocols.ieee20601.attribute_values import SegmentEntryMap
from protocols.ieee20601.classification import StoppedTransferError, UnknownObjectError
from protocols.ieee20601.persistent_store import SegmentData, SegmentInfo, TransferResult
from protocols.ieee20601.segment_facts import SegmentFacts, read_segment
from protocols.ieee20601.segment_selection import (
    ALL_SEGMENTS,
    AllSegments,
    SegmentIds,
    SegmentRange,
)
from protocols.ieee20601.segment_transfer import SegmentTransfer, mark_of
from protocols.ieee20601.store_requests import (
    ClearSegment,
    GetSegmentIds,
    GetSegments,
    StoreRequest,
    TransferSegment,
)

_LONGEST_DOUBLING = 16


class Answer(Enum):
    """What an agent's answer to a transfer request means for us."""

    PAGES_COME = "pages come"
    LATER = "ask again later"
    NEXT = "nothing comes, go on"
    STALE = "nobody waits for it any more"


def _nothing_known(_mark: bytes) -> bool:
    return False


class StoredDataPlan:
    """The order of a fetch and its progress.

    `is_durable(mark)`: whether a page with this mark was stored before. `may_clear(store)`:
    whether segments of this store are cleared once they are kept whole. `stopped`: segments of
    an earlier fetch whose late pages are still to be refused.
    """

    def __init__(
        self,
        stores: Iterable[int],
        *,
        retries: int = 0,
        selection: Callable[[int], SegmentRange] = lambda _store: ALL_SEGMENTS,
        is_durable: Callable[[bytes], bool] = _nothing_known,
        may_clear: Callable[[int], bool] = lambda _store: False,
        stopped: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._requests: deque[StoreRequest] = deque(
            GetSegments(store, selection(store)) for store in stores
        )
        self._facts: dict[tuple[int, int], SegmentFacts] = {}
        self._transfers: dict[tuple[int, int], SegmentTransfer] = {}
        self._current: TransferSegment | None = None
        self._stopped = set(stopped)
        self._retries = retries
        self._tries = 0
        self._is_durable = is_durable
        self._may_clear = may_clear
        self.complete = True
        """Whether all that was asked for came whole, so far."""
        self.is_over = False
        """Whether nothing more is asked for."""

    @property
    def stopped(self) -> frozenset[tuple[int, int]]:
        """(store, instance) of the transfers that were given up."""
        return frozenset(self._stopped)

    @property
    def has_moved(self) -> bool:
        """Whether the current segment gave a page already."""
        return self._current is not None and self._transfers[self._current.key].pages > 0

    @property
    def transfer_seconds(self) -> float | None:
        """The Transfer-Timeout of the current segment; None where it names none."""
        return self._facts[self._current.key].transfer_seconds if self._current else None

    def is_current(self, store: int, instance: int) -> bool:
        """Whether this segment is the one on its way."""
        return self._current is not None and self._current.key == (store, instance)

    def pause_seconds(self, first: float, most: float) -> float:
        """How long to wait after try-later: `first` seconds, then twice as long each time."""
        doublings = min(self._tries - 1, _LONGEST_DOUBLING)
        return min(most, first * float(1 << doublings))

    def next_request(self) -> StoreRequest | None:
        """What to ask now; None when the fetch is over."""
        if not self._requests:
            self.is_over = True
            return None
        request = self._requests.popleft()
        if isinstance(request, TransferSegment):
            self._current = request
            self._tries = 0
            self._stopped.discard(request.key)
            self._transfers[request.key] = SegmentTransfer(self._facts[request.key])
        return request

    def ask_again(self) -> TransferSegment | None:
        """The current transfer once more, after try-later."""
        return self._current

    def segments_reported(self, store: int, infos: Iterable[SegmentInfo], notes: list[str]) -> None:
        """Queue the segments that hold entries; one that does not say how many is asked too."""
        transfers: list[StoreRequest] = []
        for info in infos:
            facts = read_segment(info, notes)
            self._facts[store, info.instance] = facts
            if facts.usage != 0:
                transfers.append(TransferSegment(store, info.instance))
        # The segments of this store come before the next store.
        self._requests.extendleft(reversed(transfers))

    def ids_reported(self, store: int, instances: Iterable[int]) -> None:
        """Queue a request for each segment of a store that would not tell of all at once."""
        asks = [GetSegments(store, SegmentIds((instance,))) for instance in instances]
        self._requests.extendleft(reversed(asks))

    def request_failed(self, request: StoreRequest) -> None:
        """The agent refused a request or its answer cannot be read: go on without."""
        match request:
            case GetSegments(store=store, selection=AllSegments()):
                self._requests.appendleft(GetSegmentIds(store))
                return
            case TransferSegment() if request == self._current:
                self._current = None
            case ClearSegment():
                return
            case _:
                pass
        self.complete = False

    def transfer_answered(self, result: int) -> Answer:
        """Judge the answer to the current transfer request (see `TransferResult`)."""
        if self._current is None:
            return Answer.STALE
        if result == TransferResult.SUCCESSFUL:
            return Answer.PAGES_COME
        if result == TransferResult.TRY_LATER and self._tries < self._retries:
            self._tries += 1
            return Answer.LATER
        if result != TransferResult.SEGMENT_EMPTY:
            self.complete = False
        self._current = None
        return Answer.NEXT

    def facts_of(self, store: int, instance: int) -> SegmentFacts:
        """What a segment said about itself.

        Raises StoppedTransferError for a transfer given up, UnknownObjectError for a segment nobody
        announced.
        """
        if (store, instance) in self._stopped:
            raise StoppedTransferError(f"segment {instance} of store {store} was given up")
        facts = self._facts.get((store, instance))
        if facts is None:
            raise UnknownObjectError(f"no segment {instance} of store {store} was announced")
        return facts

    def map_of(self, store: int, instance: int) -> SegmentEntryMap:
        """How the entries of a segment are laid out.

        Raises as `facts_of`, and DecodeError for a segment without a readable map.
        """
        entry_map = self.facts_of(store, instance).entry_map
        if entry_map is None:
            raise DecodeError(f"segment {instance} of store {store} has no entry map")
        return entry_map

    def mark_of(self, store: int, page: SegmentData) -> bytes:
        """The mark of a page of an announced segment; empty where it cannot be known again."""
        return mark_of(store, self.facts_of(store, page.instance), page)

    def is_durable(self, store: int, page: SegmentData) -> bool:
        """Whether a page was stored in an earlier association, octet for octet."""
        mark = self.mark_of(store, page)
        return bool(mark) and self._is_durable(mark)

    def page_received(
        self, store: int, page: SegmentData, *, confirmed: bool, readable: bool
    ) -> tuple[str, ...]:
        """Count a page; sentences about what is missing. See `SegmentTransfer.receive`."""
        transfer = self._transfers.get((store, page.instance))
        if transfer is None or transfer.has_ended:
            return ()  # a repeat of what is over
        notes = transfer.receive(page, confirmed=confirmed, readable=readable)
        self.complete = self.complete and transfer.complete
        return notes

    def page_done(self, store: int, page: SegmentData, *, waited: bool) -> SegmentTransfer | None:
        """A page is confirmed, or wanted no confirm: its transfer when that was its last page."""
        key = (store, page.instance)
        transfer = self._transfers.get(key)
        if transfer is None or transfer.has_ended or not transfer.confirm(page, waited=waited):
            return None
        if self._current is not None and self._current.key == key:
            self._current = None
        return transfer

    def clear_if_kept(self, store: int, instance: int) -> str:
        """Queue the clearing of a segment where the policy asks for it; why not, in a sentence."""
        facts = self._facts[store, instance]
        if not self._may_clear(store):
            return ""
        if not self._transfers[store, instance].is_kept_whole:
            return f"segment {instance} is not cleared: not every entry of it is stored"
        if facts.is_recording is not False:
            return f"segment {instance} is not cleared: entries may still be added to it"
        self._requests.appendleft(ClearSegment(store, instance))
        return ""

    def clear_seconds(self, store: int, instance: int) -> float | None:
        """The Clear-Timeout of a segment; None where it names none."""
        return self._facts[store, instance].clear_seconds

    def stop(self) -> None:
        """Give up the current segment; its later pages are answered with manager-abort."""
        self.complete = False
        if self._current is not None:
            self._stopped.add(self._current.key)
            self._current = None

    def stop_all(self) -> None:
        """Give up the current segment and all that was to follow."""
        self.stop()
        self._requests.clear()
