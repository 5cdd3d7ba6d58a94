"""An agent's MDS: its attributes, its clock, and the data requests a manager makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from protocols.ieee20601.agent_clock import AgentClock
from protocols.ieee20601.agent_data_requests import AgentDataRequests, DataRequestService
from protocols.ieee20601.agent_objects import AgentObject, Moment, OperationError
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.data_requests import (
    DataReqMode,
    covered,
    is_single,
    is_start,
    lasts,
)
from protocols.ieee20601.events import (
    AgentEvent,
    ClockMoved,
    DataRequestEnded,
    DataRequestStarted,
)
from protocols.ieee20601.mds_attributes import mds_attributes
from protocols.ieee20601.policies import MdsDescription
from protocols.ieee20601.remote_operations import ErrorCode
from protocols.ieee20601.report_building import variable_report
from protocols.ieee20601.requests import (
    ACT_DATA_REQUEST,
    ACT_SET_BO_TIME,
    ACT_SET_TIME,
    DATA_REQUEST,
    DATA_RESPONSE,
    SET_BO_TIME,
    SET_TIME,
    DataReqResult,
    DataRequest,
    DataResponse,
)
from protocols.ieee20601.timeouts import DataRequestTimer, Deadlines, TimerKey
from protocols.mder.times import NO_RELATIVE_TIME
from protocols.model.codes import SystemId

_NOTHING: Final = b""


class MdsObject(AgentObject):
    """The MDS of one association; its clock outlives it.

    `tell` takes what the caller must know; `timers` end the periods of data requests.
    """

    def __init__(
        self,
        mds: MdsDescription,
        clock: AgentClock,
        service: DataRequestService,
        *,
        system_id: SystemId,
        configuration: Configuration,
        timers: Deadlines[TimerKey],
        tell: Callable[[AgentEvent], None],
    ) -> None:
        self._mds = mds
        self._clock = clock
        self._system_id = system_id
        self._configuration = configuration
        self._timers = timers
        self._tell = tell
        self.data = AgentDataRequests(service)

    def read(self, at: Moment, /) -> tuple[AttributeValue, ...]:
        """Every attribute, the clock's as it stands."""
        return mds_attributes(
            self._mds,
            self._clock,
            system_id=self._system_id,
            config_id=self._configuration.config_id,
            utc=at.utc,
        )

    def follow(self, configuration: Configuration) -> None:
        """Another configuration is offered."""
        self._configuration = configuration

    def act(self, action_type: int, argument: bytes, at: Moment, /) -> bytes:
        """Set-Time, Set-BO-Time and data requests, as far as the device supports them."""
        if action_type == ACT_SET_TIME and self._clock.can_be_set:
            return self._set_time(argument, at)
        if action_type == ACT_SET_BO_TIME and self._clock.can_be_set_with_offset:
            self._clock.set_base_offset(SET_BO_TIME.decode(argument), utc=at.utc)
            self._tell(ClockMoved(self._clock.moved))
            return _NOTHING
        if action_type == ACT_DATA_REQUEST:
            return self._answer_data_request(DATA_REQUEST.decode(argument), at)
        raise OperationError(ErrorCode.NO_SUCH_ACTION)

    def _set_time(self, argument: bytes, at: Moment) -> bytes:
        local = SET_TIME.decode(argument).at.at
        if local is not None:
            self._clock.set_local(local, utc=at.utc)
            self._tell(ClockMoved(self._clock.moved))
        return _NOTHING

    def _answer_data_request(self, request: DataRequest, at: Moment) -> bytes:
        result = self.data.answer(request, self._configuration)
        event_type, info = 0, _NOTHING
        if result is DataReqResult.NO_ERROR:
            if not is_start(request):
                self.end(request.req_id)
            elif is_single(request):
                report = self.data.current(request) or variable_report(
                    self._configuration, (), data_req_id=request.req_id
                )
                event_type, info = int(report.event_type), report.event_info
            else:
                self._begin(request, at)
        return DATA_RESPONSE.encode(DataResponse(NO_RELATIVE_TIME, int(result), event_type, info))

    def _begin(self, request: DataRequest, at: Moment) -> None:
        seconds = lasts(request)
        if seconds is not None:
            self._timers.start(DataRequestTimer(request.req_id), now=at.now, seconds=seconds)
        self._tell(
            DataRequestStarted(
                request.req_id,
                covered(request, self._configuration),
                request.person if request.mode & DataReqMode.PERSON_ID else None,
            )
        )

    def end(self, req_id: int) -> None:
        """A data request was stopped or its period is over."""
        self.data.end(req_id)
        self._timers.cancel(DataRequestTimer(req_id))
        self._tell(DataRequestEnded(req_id))
