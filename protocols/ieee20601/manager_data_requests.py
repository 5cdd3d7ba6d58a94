"""How a manager asks for reports: data requests, their answers, their periods (20601 6.3.2)."""

from __future__ import annotations

from functools import partial

from protocols.errors import LocalProtocolError
from protocols.ieee20601.data_requests import (
    Lasting,
    Scope,
    go_on,
    is_single,
    is_start,
    lasts,
    start,
    stop,
    unknown,
    unsupported,
)
from protocols.ieee20601.event_reports import AGENT_INITIATED_DATA, decode_event_info
from protocols.ieee20601.events import DataRequestAnswered, DataRequestEnded
from protocols.ieee20601.manager_device import ManagerDevice
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    EventReport,
    RoivConfirmedAction,
    RorsConfirmedAction,
)
from protocols.ieee20601.requests import (
    ACT_DATA_REQUEST,
    DATA_REQUEST,
    DATA_RESPONSE,
    DataReqResult,
    DataRequest,
    DataResponse,
)
from protocols.ieee20601.states import Trigger
from protocols.ieee20601.timeouts import DataRequestTimer


class ManagerDataRequests(ManagerDevice):
    """The part of a manager that asks for reports."""

    def request_data(
        self,
        scope: Scope,
        lasting: Lasting,
        *,
        seconds: float = 0.0,
        person: int | None = None,
        now: float,
    ) -> int:
        """Ask for the values of a scope; the id that reports to it carry.

        `seconds` of a period. `DataRequestAnswered` tells the result; the values of
        `Lasting.ONCE` come with it, as an unconfirmed report. Raises LocalProtocolError unless
        operating, when as many requests go on as the agent has room for, and for what its
        association request or its configuration has nothing of.
        """

        def ask(now: float) -> int:
            request = start(self._unused_req_id(), scope, lasting, seconds=seconds, person=person)
            self._require_room(request)
            self._require_support(request)
            return self._ask_for(request, now)

        self._invoke(ask, now)
        return self._associated().last_req_id

    def continue_data(self, req_id: int, *, now: float) -> None:
        """Let the period of a request begin once more; LocalProtocolError when it has ended."""

        def ask(now: float) -> int:
            request = go_on(self._going_on(req_id))
            if lasts(request) is None:
                raise LocalProtocolError(f"data request {req_id} has no period")
            return self._ask_for(request, now)

        self._invoke(ask, now)

    def stop_data(self, req_id: int, *, now: float) -> None:
        """End a request; `DataRequestEnded` follows. LocalProtocolError when it cannot be ended."""

        def ask(now: float) -> int:
            request = stop(self._going_on(req_id))
            self._require_support(request)
            return self._ask_for(request, now)

        self._invoke(ask, now)

    def _going_on(self, req_id: int) -> DataRequest:
        request = self._associated().data_requests.get(req_id)
        if request is None:
            raise LocalProtocolError(f"no data request {req_id} goes on")
        return request

    def _unused_req_id(self) -> int:
        """Ids count up; one is used again only when all others were."""
        association = self._associated()
        association.last_req_id = (association.last_req_id + 1) % AGENT_INITIATED_DATA
        return association.last_req_id

    def _require_room(self, request: DataRequest) -> None:
        association = self._associated()
        going_on = len(association.data_requests)
        if not is_single(request) and going_on >= association.init_manager:
            raise LocalProtocolError(f"{going_on} data requests go on already")

    def _require_support(self, request: DataRequest) -> None:
        association = self._associated()
        result = unsupported(request, association.data_req_flags)
        if result is DataReqResult.NO_ERROR and association.configuration is not None:
            result = unknown(request, association.configuration)
        if result is not DataReqResult.NO_ERROR:
            raise LocalProtocolError(f"the agent cannot serve it: {result.name}")

    # On the wire.

    def _ask_for(self, request: DataRequest, now: float) -> int:
        """TO_sp-mds runs until the answer."""
        return self._ask(
            RoivConfirmedAction(MDS_HANDLE, ACT_DATA_REQUEST, DATA_REQUEST.encode(request)),
            RorsConfirmedAction,
            what="a data request",
            seconds=self._policy.timeouts.data_request,
            answered=partial(self._data_answered, request),
            refused=partial(self._data_refused, request),
            now=now,
        )

    def _data_answered(self, request: DataRequest, answer: RorsConfirmedAction, now: float) -> None:
        response = DATA_RESPONSE.decode(answer.action_info)
        association = self._associated()
        if response.result != DataReqResult.NO_ERROR:
            self._emit(DataRequestAnswered(request.req_id, response.result))
        elif not is_start(request):
            self._data_request_over(request.req_id)
        elif is_single(request):
            self._take_response(response, now)
            self._emit(DataRequestAnswered(request.req_id, response.result))
        else:
            association.data_requests[request.req_id] = request
            seconds = lasts(request)
            if seconds is not None:
                timer = DataRequestTimer(request.req_id)
                self._timers.start(timer, now=now, seconds=seconds)
            self._emit(DataRequestAnswered(request.req_id, response.result, goes_on=True))

    def _take_response(self, response: DataResponse, now: float) -> None:
        """The values inside an answer: as an unconfirmed report of the MDS would bring them."""
        report = EventReport(
            MDS_HANDLE, response.relative_time, response.event_type, response.event_info
        )
        notes: list[str] = []
        info = decode_event_info(
            report.event_type, report.event_info, leniency=self._policy.tolerances, notes=notes
        )
        transcription = self._associated().transcribe(report, info, utc=self._utc(now))
        self._tell((*notes, *transcription.notes))
        self._take_report(
            Received(
                trigger=Trigger.RX_REPORT_UNCONFIRMED,
                report=report,
                info=info,
                transcription=transcription,
            ),
            now,
        )

    def _data_refused(self, request: DataRequest, _now: float) -> None:
        """ROER, RORJ or octets that cannot be read: no data request of ours was understood."""
        self._emit(DataRequestAnswered(request.req_id, int(DataReqResult.UNSPECIFIC)))

    def _data_request_over(self, req_id: int) -> None:
        self._timers.cancel(DataRequestTimer(req_id))
        if self._associated().data_requests.pop(req_id, None) is not None:
            self._emit(DataRequestEnded(req_id))
