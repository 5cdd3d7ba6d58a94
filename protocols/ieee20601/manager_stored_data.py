"""How a manager fetches PM-stores: the requests, their answers, and the pages between."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from protocols.ieee20601.events import ProtocolWarning, StoredDataFinished
from protocols.ieee20601.manager_requests import ManagerRequests
from protocols.ieee20601.persistent_store import (
    SEGMENT_INFOS,
    TRIGGER_RESPONSE,
    SegmentData,
    SegmentStatus,
    confirm_segment_data,
)
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import RorsConfirmedAction
from protocols.ieee20601.stored_data import Answer, GetSegments, StoredDataPlan, StoreRequest
from protocols.ieee20601.timeouts import Timer


class ManagerStoredData(ManagerRequests):
    """The part of a manager that empties nothing and fetches everything."""

    def _collect_stored(self, now: float) -> None:
        """Begin with the stores of the configuration, if there are any and the policy says so."""
        association = self._associated()
        stores = association.configuration.pm_stores if association.configuration else ()
        if not stores or not self._policy.collect_stored:
            return
        association.plan = StoredDataPlan(
            stores,
            retries=self._policy.segment_retries,
            transfer_seconds=self._policy.timeouts.transfer,
        )
        self._ask_next(now)

    def _plan(self) -> StoredDataPlan:
        plan = self._associated().plan
        if plan is None:
            raise AssertionError("no stored data is being fetched")
        return plan

    # Requests.

    def _ask_next(self, now: float) -> None:
        plan = self._plan()
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
        answered: Callable[[RorsConfirmedAction, float], None]
        if isinstance(request, GetSegments):
            answered = partial(self._segments_told, request.store)
        else:
            answered = self._transfer_answered
        self._ask(
            request.message(),
            RorsConfirmedAction,
            what=type(request).__name__,
            seconds=self._policy.timeouts.action,
            answered=answered,
            refused=partial(self._go_on_without, request),
            now=now,
        )

    def _segments_told(self, store: int, answer: RorsConfirmedAction, now: float) -> None:
        self._plan().segments_reported(store, SEGMENT_INFOS.decode(answer.action_info))
        self._ask_next(now)

    def _transfer_answered(self, answer: RorsConfirmedAction, now: float) -> None:
        plan = self._plan()
        result = TRIGGER_RESPONSE.decode(answer.action_info).result
        meaning = plan.transfer_answered(result)
        if meaning is Answer.PAGES_COME:
            self._timers.start(Timer.TRANSFER, now=now, seconds=plan.transfer_seconds)
        elif meaning is Answer.LATER:
            seconds = self._policy.timeouts.segment_again
            self._timers.start(Timer.SEGMENT_AGAIN, now=now, seconds=seconds)
        else:
            self._emit(ProtocolWarning(f"a segment is not sent: result {result}"))
            self._ask_next(now)

    def _go_on_without(self, request: StoreRequest, now: float) -> None:
        self._plan().request_failed(request)
        self._ask_next(now)

    # Pages.

    def _take_page(self, store: int, page: SegmentData, confirm_id: int | None, now: float) -> None:
        self._timers.cancel(Timer.TRANSFER)  # now it is our turn
        gap = self._plan().page_received(store, page)
        if gap:
            self._emit(ProtocolWarning(gap))
        if confirm_id is None:
            self._go_on_after(page, now)
        else:
            self._associated().pages[confirm_id] = page

    def _go_on_after(self, page: SegmentData, now: float) -> None:
        """Ask for the next segment after the last page, else wait for the next page."""
        plan = self._plan()
        if plan.page_confirmed(page):
            self._ask_next(now)
        elif plan.is_transferring:
            self._timers.start(Timer.TRANSFER, now=now, seconds=plan.transfer_seconds)

    def _stop_transfer(self, now: float) -> None:
        self._emit(ProtocolWarning("a segment stopped coming and was given up"))
        self._plan().stop()
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
