"""How an agent serves its PM-stores: answers, then page after page, each confirmed (20601 8.9.3.4).

A page nobody answers is sent again under the same invoke id, as often as the policy says; then
the association is aborted with response-timeout like any unanswered report. Live reports go on
while a page waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from protocols.errors import DecodeError
from protocols.ieee20601.agent_associating import SentPage
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.agent_reporting import AgentReporting
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.apdus import DataApdu, Prst, encode_apdu
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import EventType
from protocols.ieee20601.events import ProtocolWarning, SegmentSent
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.persistent_store import (
    SEGMENT_DATA,
    SEGMENT_DATA_RESULT,
    SegmentData,
    SegmentDataResult,
    SegmentStatus,
)
from protocols.ieee20601.policies import AgentPolicy
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import (
    RoivConfirmedAction,
    RoivConfirmedEventReport,
    RoivGet,
    Rorj,
    RorsConfirmedEventReport,
)
from protocols.ieee20601.timeouts import seconds_of
from protocols.mder.times import NO_RELATIVE_TIME
from protocols.model.codes import SystemId


class AgentStoredData(AgentReporting):
    """The part of an agent that keeps PM-stores; `AgentConnection` adds table and verbs."""

    def __init__(
        self,
        *,
        system_id: SystemId,
        configurations: tuple[Configuration, ...],
        service: DataRequestService,
        policy: AgentPolicy,
        framing: Framing | None,
        stores: Iterable[AgentStore],
    ) -> None:
        super().__init__(
            system_id=system_id,
            configurations=configurations,
            service=service,
            policy=policy,
            framing=framing,
        )
        self._stores = {store.handle: store for store in stores}
        self._page_again: SentPage | None = None

    def _answer_store(self, received: Received, now: float) -> None:
        """Answer a Get or an action of a store; a transfer it accepted begins at once."""
        match received.message:
            case RoivGet(handle=handle) | RoivConfirmedAction(handle=handle):
                store = self._stores[handle]
                reply = store.answer(received.message)
                if isinstance(reply, Rorj):
                    self._emit(ProtocolWarning(f"store {handle}: a request that cannot be read"))
                self._send_message(received.needed_invoke_id, reply)
                if store.is_transferring and not self._is_page_out(handle):
                    self._send_page(store, now)
            case _:
                raise AssertionError("only a Get or an action is a request to a store")

    def _is_page_out(self, handle: int) -> bool:
        return any(
            isinstance(request, SentPage) and request.store == handle
            for request in self._invocations.requests()
        )

    def _send_page(self, store: AgentStore, now: float) -> bool:
        """Send the next page of a store's transfer; False when there is none."""
        page = store.next_page()
        if page is None:
            return False
        seconds = self._page_seconds(store.handle)
        sent = SentPage(store.handle, page, 0, b"", self._policy.page_retries)
        # The octets hold the id, so the id comes first.
        invoke_id = self._invocations.open(sent, now=now, timeout_seconds=seconds)
        octets = _page_apdu(invoke_id, store.handle, page)
        sent = replace(sent, invoke_id=invoke_id, octets=octets)
        self._invocations.reopen(invoke_id, sent, now=now, timeout_seconds=seconds)
        self._put(octets)
        return True

    def _page_seconds(self, handle: int) -> float:
        """The Confirm-Timeout of the store, else the policy's."""
        subject = self._configuration.find(handle)
        told = seconds_of(subject.confirm_timeout_ticks) if subject else None
        return self._policy.timeouts.confirm if told is None else told

    def _is_page(self, received: Received) -> bool:
        """Whether this answers a page."""
        return isinstance(self._invocations.peek(received.needed_invoke_id), SentPage)

    def _page_answered(self, received: Received, now: float) -> None:
        """Go on with the next page, or end the transfer and say how it ended."""
        match self._invocations.close(received.needed_invoke_id):
            case SentPage() as sent:
                pass
            case _:
                raise AssertionError("an answer to a page is taken only while it waits")
        store, page = self._stores[sent.store], sent.page
        if not _is_confirmed(received):
            store.stop()
            self._emit(SegmentSent(sent.store, page.instance, complete=False))
        elif not self._send_page(store, now):
            complete = bool(page.status & SegmentStatus.LAST_ENTRY)
            self._emit(SegmentSent(sent.store, page.instance, complete))

    def _send_page_again(self, now: float) -> None:
        """The page nobody answered once more, same id, same octets."""
        sent = self._page_again
        if sent is None:
            raise AssertionError("no page waits to be sent again")
        again = replace(sent, retries_left=sent.retries_left - 1)
        seconds = self._page_seconds(sent.store)
        self._invocations.reopen(sent.invoke_id, again, now=now, timeout_seconds=seconds)
        self._put(sent.octets)

    def _end(self, cause: Exception | None, *, released: bool) -> None:
        for store in self._stores.values():
            store.stop()
        super()._end(cause, released=released)


def _page_apdu(invoke_id: int, handle: int, page: SegmentData) -> bytes:
    info = SEGMENT_DATA.encode(page)
    message = RoivConfirmedEventReport(handle, NO_RELATIVE_TIME, int(EventType.SEGMENT_DATA), info)
    return encode_apdu(Prst(DataApdu(invoke_id, message)))


def _is_confirmed(received: Received) -> bool:
    """Whether the manager has the page and wants the next one."""
    if not isinstance(received.message, RorsConfirmedEventReport):
        return False
    try:
        result: SegmentDataResult = SEGMENT_DATA_RESULT.decode(received.message.event_reply_info)
    except DecodeError:
        return False
    return not result.status & SegmentStatus.MANAGER_ABORT
