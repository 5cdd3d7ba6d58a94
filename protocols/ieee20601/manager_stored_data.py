"""How a manager fetches PM-stores: the requests, their answers, and the pages between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Final

from protocols.errors import LocalProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import find_readable
from protocols.ieee20601.events import (
    ProtocolWarning,
    SegmentCleared,
    SegmentFetched,
    StoredDataFinished,
    StoredPageKept,
)
from protocols.ieee20601.manager_scanners import ManagerScanners
from protocols.ieee20601.persistent_store import (
    SEGMENT_INFOS,
    TRIGGER_RESPONSE,
    SegmentData,
    SegmentStatus,
    confirm_segment_data,
)
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import RorsConfirmedAction
from protocols.ieee20601.segment_facts import clear_seconds_of
from protocols.ieee20601.segment_selection import (
    ALL_SEGMENTS,
    SEGMENT_IDS,
    AbsoluteTimeRange,
    SegmentRange,
    StoreCapability,
)
from protocols.ieee20601.store_requests import (
    ClearSegment,
    GetSegmentIds,
    GetSegments,
    StoreRequest,
    TransferSegment,
)
from protocols.ieee20601.stored_data import Answer, StoredDataPlan
from protocols.ieee20601.time_info import CalendarClock
from protocols.ieee20601.timeouts import Timer
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import SystemId

StoredPages = Callable[[SystemId, bytes], bool]
"""Whether a page was stored for good in an earlier association, by System-Id and mark."""
_AHEAD: Final = timedelta(days=1)
"""How far a time range reaches past the device's own now: its clock may run meanwhile."""


class ManagerStoredData(ManagerScanners):
    """The part of a manager that fetches stores, and clears what the policy names."""

    _stored_pages: StoredPages
    _wanted: tuple[tuple[int, ...] | None, SegmentRange]

    def _collect_stored(self, now: float) -> None:
        """Begin with the stores of the configuration, if there are any and the policy says so."""
        if self._policy.collect_stored and self._stores():
            self._fetch(self._stores(), self._since(now), now)

    def _fetch_wanted(self, now: float) -> None:
        """Begin what the driver asked for; LocalProtocolError changes nothing."""
        stores, selection = self._wanted
        known = self._stores()
        wanted = known if stores is None else stores
        plan = self._associated().plan
        if plan is not None and not plan.is_over:
            raise LocalProtocolError("stored data is being fetched already")
        if not wanted or not set(wanted) <= set(known):
            raise LocalProtocolError("the device has no such PM-store")
        self._fetch(wanted, lambda _store: selection, now)

    def _fetch(
        self, stores: Iterable[int], selection: Callable[[int], SegmentRange], now: float
    ) -> None:
        association = self._associated()
        earlier = association.plan
        is_known = partial(self._stored_pages, association.system_id)
        association.plan = StoredDataPlan(
            stores,
            retries=self._policy.segment_retries,
            selection=selection,
            # What a test association stored is no patient's, and the other way round.
            is_durable=(lambda _mark: False) if association.test else is_known,
            may_clear=self._may_clear,
            stopped=() if earlier is None else earlier.stopped,
        )
        self._ask_next(now)

    def _stores(self) -> tuple[int, ...]:
        configuration = self._associated().configuration
        return configuration.pm_stores if configuration else ()

    def _plan(self) -> StoredDataPlan:
        plan = self._associated().plan
        if plan is None:
            raise AssertionError("no stored data is being fetched")
        return plan

    # What the policy and the store allow.

    def _capability(self, store: int) -> int:
        configuration = self._associated().configuration
        found = configuration.find(store) if configuration else None
        attributes = found.attributes if found else ()
        return find_readable(attributes, at.PM_STORE_CAPAB, []) or 0

    def _may_clear(self, store: int) -> bool:
        association = self._associated()
        if association.test or association.system_id not in self._policy.clear_after_storage:
            return False
        able = bool(self._capability(store) & StoreCapability.CLEAR_BY_LIST)
        if not able:
            self._emit(ProtocolWarning(f"store {store} cannot clear single segments"))
        return able

    def _since(self, now: float) -> Callable[[int], SegmentRange]:
        """The policy's age as a range of the device's own calendar, where store and clock allow."""
        age = self._policy.stored_age
        local = self._associated().clock.shows(CalendarClock.ABSOLUTE, self._utc(now))
        if age is None or local is None:
            return lambda _store: ALL_SEGMENTS
        try:
            start, end = local - age, local + _AHEAD
        except OverflowError:  # a clock at the edge of the calendar
            return lambda _store: ALL_SEGMENTS
        times = AbsoluteTimeRange(AbsoluteTime.of(start), AbsoluteTime.of(end))

        def choose(store: int) -> SegmentRange:
            able = self._capability(store) & StoreCapability.SELECT_BY_TIME
            return times if able else ALL_SEGMENTS

        return choose

    # Requests.

    def _ask_next(self, now: float) -> None:
        plan = self._plan()
        if plan.is_over:
            return
        request = plan.next_request()
        if request is None:
            self._emit(StoredDataFinished(plan.complete))
        else:
            self._ask_store(request, now)

    def _ask_again(self, now: float) -> None:
        request = self._plan().ask_again()
        if request is not None:
            self._ask_store(request, now)

    def _ask_store(self, request: StoreRequest, now: float) -> None:
        seconds = self._policy.timeouts.action
        answered: Callable[[RorsConfirmedAction, float], None]
        match request:
            case GetSegments(store=store):
                answered = partial(self._segments_told, store)
            case GetSegmentIds(store=store):
                answered = partial(self._ids_told, store)
            case TransferSegment():
                answered = self._transfer_answered
            case _:
                answered = partial(self._cleared, request)
                seconds = self._clear_seconds(request)
        self._ask(
            request.message(),
            RorsConfirmedAction,
            what=type(request).__name__,
            seconds=seconds,
            answered=answered,
            refused=partial(self._go_on_without, request),
            now=now,
        )

    def _segments_told(self, store: int, answer: RorsConfirmedAction, now: float) -> None:
        notes: list[str] = []
        self._plan().segments_reported(store, SEGMENT_INFOS.decode(answer.action_info), notes)
        for note in notes:
            self._emit(ProtocolWarning(note))
        self._ask_next(now)

    def _ids_told(self, store: int, answer: RorsConfirmedAction, now: float) -> None:
        self._plan().ids_reported(store, SEGMENT_IDS.decode(answer.action_info))
        self._ask_next(now)

    def _transfer_answered(self, answer: RorsConfirmedAction, now: float) -> None:
        plan, timeouts = self._plan(), self._policy.timeouts
        result = TRIGGER_RESPONSE.decode(answer.action_info).result
        meaning = plan.transfer_answered(result)
        if meaning is Answer.PAGES_COME:
            self._await_page(now)
        elif meaning is Answer.LATER:
            seconds = plan.pause_seconds(timeouts.segment_again, timeouts.segment_again_most)
            self._timers.start(Timer.SEGMENT_AGAIN, now=now, seconds=seconds)
        elif meaning is Answer.NEXT:
            self._emit(ProtocolWarning(f"a segment is not sent: result {result}"))
            self._ask_next(now)

    def _cleared(self, request: ClearSegment, _answer: RorsConfirmedAction, now: float) -> None:
        self._emit(SegmentCleared(request.store, request.instance))
        self._ask_next(now)

    def _clear_seconds(self, request: ClearSegment) -> float:
        own = self._plan().clear_seconds(request.store, request.instance)
        configuration = self._associated().configuration
        found = configuration.find(request.store) if configuration else None
        of_store = clear_seconds_of(found.attributes) if found else None
        return own or of_store or self._policy.timeouts.clear

    def _go_on_without(self, request: StoreRequest, now: float) -> None:
        self._plan().request_failed(request)
        self._ask_next(now)

    # Pages.

    def _take_page(
        self, store: int, page: SegmentData, confirm_id: int | None, now: float, *, readable: bool
    ) -> None:
        association, plan = self._associated(), self._plan()
        if plan.is_current(store, page.instance):
            self._timers.cancel(Timer.TRANSFER)  # now it is our turn
        is_confirmed = confirm_id is not None
        notes = plan.page_received(store, page, confirmed=is_confirmed, readable=readable)
        for note in notes:
            self._emit(ProtocolWarning(note))
        if confirm_id is None:
            self._go_on_after(store, page, now, waited=False)
        else:
            mark = plan.mark_of(store, page) if readable and not association.test else b""
            association.pages[confirm_id] = (store, page, mark)

    def _page_confirmed(self, store: int, page: SegmentData, mark: bytes, now: float) -> None:
        """A page is durable and confirmed: say by which mark it is known again, and go on."""
        if mark:
            self._emit(StoredPageKept(self._associated().system_id, mark))
        self._go_on_after(store, page, now, waited=True)

    def _go_on_after(self, store: int, page: SegmentData, now: float, *, waited: bool) -> None:
        """Ask for the next segment after the last page, else wait for the next page."""
        plan = self._plan()
        ended = plan.page_done(store, page, waited=waited)
        if ended is not None:
            self._emit(SegmentFetched(store, page.instance, ended.entries, ended.complete))
            why_not = plan.clear_if_kept(store, page.instance)
            if why_not:
                self._emit(ProtocolWarning(why_not))
            self._ask_next(now)
        elif plan.is_current(store, page.instance):
            self._await_page(now)

    def _await_page(self, now: float) -> None:
        seconds = self._plan().transfer_seconds or self._policy.timeouts.transfer
        self._timers.start(Timer.TRANSFER, now=now, seconds=seconds)

    def _stop_transfer(self, now: float) -> None:
        self._emit(ProtocolWarning("a segment stopped coming and was given up"))
        self._plan().stop()
        self._ask_next(now)

    def _stop_fetch(self, now: float) -> None:
        """The driver wants no more of it; what waits for its confirm may still be confirmed."""
        plan = self._associated().plan
        if plan is None or plan.is_over:
            return
        self._timers.cancel(Timer.TRANSFER)
        self._timers.cancel(Timer.SEGMENT_AGAIN)
        plan.stop_all()
        self._ask_next(now)

    def _answer_stopped(self, received: Received) -> None:
        """A page of a transfer we gave up: manager-abort."""
        match received.info:
            case SegmentData() as page:
                abort = SegmentStatus.MANAGER_ABORT
                reply = confirm_segment_data(received.needed_report, page, abort)
                self._send_message(received.needed_invoke_id, reply)
            case _:
                raise AssertionError("only a page can belong to a stopped transfer")
