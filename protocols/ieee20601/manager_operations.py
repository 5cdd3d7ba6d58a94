"""What a manager does while it operates: reports, confirms, the MDS and the PM-stores."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Final

from protocols.errors import DecodeError, LocalProtocolError
from protocols.ieee20601.apdus import DataApdu, Prst, encode_apdu
from protocols.ieee20601.connection import Connection
from protocols.ieee20601.device_description import read_mds
from protocols.ieee20601.event_reports import confirm_report
from protocols.ieee20601.events import (
    DeviceDescribed,
    Event,
    ObservationsReported,
    ProtocolWarning,
    ReportsMissed,
    StoredDataFinished,
)
from protocols.ieee20601.manager_association import ManagerAssociation
from protocols.ieee20601.persistent_store import (
    SEGMENT_INFOS,
    TRIGGER_RESPONSE,
    SegmentData,
    SegmentStatus,
    confirm_segment_data,
)
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import Message, RorsConfirmedAction, RorsGet
from protocols.ieee20601.requests import get_all
from protocols.ieee20601.stored_data import (
    Answer,
    GetSegments,
    StoredDataPlan,
    StoreRequest,
    TransferSegment,
)
from protocols.ieee20601.timeouts import Timer
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation


@dataclass(frozen=True, slots=True)
class GetMds:
    """Our request for all attributes of the MDS."""


_NO_UNIT: Final = "neither its configuration nor its report names a unit, kept as dimensionless"
ManagerRequest = GetMds | StoreRequest
_ANSWERS: Final[dict[type, type[Message]]] = {
    GetMds: RorsGet,
    GetSegments: RorsConfirmedAction,
    TransferSegment: RorsConfirmedAction,
}


class ManagerOperations(Connection[Event, ManagerRequest]):
    """The operating part of a manager; `ManagerConnection` adds the table and the verbs."""

    _policy: ManagerPolicy
    _association: ManagerAssociation | None

    @abstractmethod
    def _associated(self) -> ManagerAssociation:
        """The association that goes on; AssertionError without one."""

    def _expected_answer(self, invoke_id: int) -> type[Message] | None:
        request = self._invocations.peek(invoke_id)
        return None if request is None else _ANSWERS[type(request)]

    # Reports.

    def _take_report(self, received: Received, now: float) -> None:
        """A new report: its observations to the driver, its answer kept for the confirm."""
        association = self._associated()
        report, info = received.needed_report, received.info
        if info is None or received.transcription is None:
            raise AssertionError("a report is taken only when it was transcribed")
        confirm_id = received.invoke_id if received.is_to_confirm else None
        missed = association.count_missed(report, info)
        if missed:
            self._emit(ReportsMissed(missed))
        for handle in association.first_without_unit(received.transcription):
            self._emit(ProtocolWarning(f"object {handle}: {_NO_UNIT}"))
        if isinstance(info, SegmentData):
            self._take_page(report.handle, info, confirm_id, now)
        if confirm_id is not None:
            reply = (
                confirm_segment_data(report, info)
                if isinstance(info, SegmentData)
                else confirm_report(report)
            )
            octets = encode_apdu(Prst(DataApdu(confirm_id, reply)))
            association.received.wait(confirm_id, received.octets, octets)
        observations = association.adopt(
            report,
            info,
            received.transcription,
            utc=self._utc(now),
            invoke_id=confirm_id,
            size=len(received.octets),
        )
        if observations is not None:
            self._report(confirm_id, observations)

    def _can_hold(self, octets: bytes) -> bool:
        return self._associated().can_hold(
            len(octets),
            most_reports=self._policy.max_held_reports,
            most_octets=self._policy.max_held_octets,
        )

    def _count_missed(self, received: Received) -> None:
        """A live report that cannot be kept: lost, and said so with those before it."""
        if received.info is None:
            raise AssertionError("a report is counted only when it was decoded")
        missed = self._associated().count_missed(received.needed_report, received.info)
        self._emit(ReportsMissed(missed + 1))

    def _report(self, invoke_id: int | None, observations: tuple[Observation, ...]) -> None:
        if invoke_id is not None or observations:
            token = self._associated().token
            self._emit(ObservationsReported(invoke_id, observations, token))

    def _release_held(self, *, unconfirmed_only: bool = False) -> None:
        """Hand on what was held back for the device's clock."""
        association = self._associated()
        released = association.release_held(unconfirmed_only=unconfirmed_only)
        if released and not association.described:
            self._describe(DeviceInfo(system_id=association.system_id))
        for invoke_id, observations in released:
            self._report(invoke_id, observations)

    def _take_page(self, store: int, page: SegmentData, confirm_id: int | None, now: float) -> None:
        self._timers.cancel(Timer.TRANSFER)  # now it is our turn
        gap = self._plan().page_received(store, page)
        if gap:
            self._emit(ProtocolWarning(gap))
        if confirm_id is None:
            self._go_on_after(page, now)
        else:
            self._associated().pages[confirm_id] = page

    def _confirm(self, invoke_id: int, now: float) -> None:
        """Answer a report whose observations are durable."""
        association = self._associated()
        held = association.is_held(invoke_id)
        answer = None if held else association.received.confirm(invoke_id)
        if answer is None:
            if self._may_be_stale(invoke_id):
                return
            raise LocalProtocolError(f"no report waits under invoke id {invoke_id}")
        self._put(answer)
        page = association.pages.pop(invoke_id, None)
        if page is not None:
            self._go_on_after(page, now)

    def _go_on_after(self, page: SegmentData, now: float) -> None:
        """Ask for the next segment after the last page, else wait for the next page."""
        plan = self._plan()
        if plan.page_confirmed(page):
            self._ask_next(now)
        elif plan.is_transferring:
            self._timers.start(Timer.TRANSFER, now=now, seconds=plan.transfer_seconds)

    @abstractmethod
    def _may_be_stale(self, invoke_id: int) -> bool:
        """Whether a confirm of this id may belong to an association that ended."""

    def _answer_stopped(self, received: Received) -> None:
        """A page of a transfer we gave up: manager-abort."""
        match received.info:
            case SegmentData() as page:
                reply = confirm_segment_data(
                    received.needed_report, page, SegmentStatus.MANAGER_ABORT
                )
            case _:
                raise AssertionError("only a page can belong to a stopped transfer")
        self._send_message(received.needed_invoke_id, reply)

    # Requests of ours.

    def _request(self, request: ManagerRequest, now: float) -> None:
        timeouts = self._policy.timeouts
        seconds = timeouts.get if isinstance(request, GetMds) else timeouts.action
        message = get_all() if isinstance(request, GetMds) else request.message()
        invoke_id = self._invocations.open(request, now=now, timeout_seconds=seconds)
        self._send_message(invoke_id, message)

    def _get_mds(self, now: float) -> None:
        self._associated().holding = True
        self._request(GetMds(), now)

    def _complete(self, received: Received, now: float) -> None:
        """The answer to a request of ours."""
        request = self._invocations.close(received.needed_invoke_id)
        message = received.message
        try:
            match request, message:
                case GetMds(), RorsGet():
                    self._mds_read(message, now)
                case GetSegments(store=store), RorsConfirmedAction():
                    infos = SEGMENT_INFOS.decode(message.action_info)
                    self._plan().segments_reported(store, infos)
                    self._ask_next(now)
                case TransferSegment(), RorsConfirmedAction():
                    response = TRIGGER_RESPONSE.decode(message.action_info)
                    self._transfer_answered(response.result, now)
        except DecodeError as exc:
            self._emit(ProtocolWarning(f"the answer to {type(request).__name__}: {exc}"))
            self._go_on_without(request, now)

    def _fail_request(self, received: Received, now: float) -> None:
        """The agent refused a request of ours, or its answer cannot be read."""
        request = self._invocations.close(received.needed_invoke_id)
        self._emit(ProtocolWarning(f"the agent refused {type(request).__name__}"))
        self._go_on_without(request, now)

    def _go_on_without(self, request: ManagerRequest | None, now: float) -> None:
        if isinstance(request, GetMds):
            self._describe(DeviceInfo(system_id=self._associated().system_id))
            self._release_held()
            self._collect_stored(now)
        elif request is not None:
            self._plan().request_failed(request)
            self._ask_next(now)

    def _mds_read(self, answer: RorsGet, now: float) -> None:
        association = self._associated()
        facts = read_mds(answer.attributes, system_id=association.system_id, utc=self._utc(now))
        association.clock = facts.clock
        for note in facts.notes:
            self._emit(ProtocolWarning(note))
        self._describe(facts.info)
        self._release_held()
        self._collect_stored(now)

    def _describe(self, info: DeviceInfo) -> None:
        self._associated().described = True
        self._emit(DeviceDescribed(info))

    # Stored data.

    def _collect_stored(self, now: float) -> None:
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

    def _ask_next(self, now: float) -> None:
        plan = self._plan()
        request = plan.next_request()
        if request is None:
            self._emit(StoredDataFinished(plan.complete))
        else:
            self._request(request, now)

    def _transfer_answered(self, result: int, now: float) -> None:
        plan = self._plan()
        match plan.transfer_answered(result):
            case Answer.PAGES_COME:
                self._timers.start(Timer.TRANSFER, now=now, seconds=plan.transfer_seconds)
            case Answer.LATER:
                seconds = self._policy.timeouts.segment_again
                self._timers.start(Timer.SEGMENT_AGAIN, now=now, seconds=seconds)
            case Answer.NEXT:
                self._emit(ProtocolWarning(f"a segment is not sent: result {result}"))
                self._ask_next(now)

    def _ask_again(self, now: float) -> None:
        request = self._plan().ask_again()
        if request is not None:
            self._request(request, now)

    def _stop_transfer(self, now: float) -> None:
        self._emit(ProtocolWarning("a segment stopped coming and was given up"))
        self._plan().stop()
        self._ask_next(now)
