"""What an agent answers: Get, Set and actions, each by the object whose handle it names."""

from __future__ import annotations

from collections.abc import Iterable

from protocols.errors import DecodeError, LocalProtocolError
from protocols.ieee20601.agent_clock import AgentClock
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.agent_mds import MdsObject
from protocols.ieee20601.agent_objects import AgentObject, Moment, OperationError, selected
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.agent_stored_data import AgentStoredData
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import AGENT_INITIATED_DATA
from protocols.ieee20601.events import ProtocolWarning
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.policies import AgentPolicy, MdsDescription
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    ActionRequest,
    ErrorCode,
    Message,
    RejectProblem,
    Roer,
    RoivGet,
    Rorj,
    RorsConfirmedAction,
    RorsConfirmedSet,
    RorsGet,
    SetRequest,
)
from protocols.ieee20601.report_building import Report
from protocols.model.codes import SystemId


class AgentAnswering(AgentStoredData):
    """The answering part of an agent; `AgentConnection` adds the table and the verbs."""

    def __init__(
        self,
        *,
        system_id: SystemId,
        configurations: tuple[Configuration, ...],
        mds: MdsDescription,
        service: DataRequestService,
        stores: Iterable[AgentStore],
        policy: AgentPolicy,
        framing: Framing | None,
    ) -> None:
        super().__init__(
            system_id=system_id,
            configurations=configurations,
            service=service,
            policy=policy,
            framing=framing,
            stores=stores,
        )
        self._description = mds
        self._clock = AgentClock(mds)
        self._mds = self._describe_mds()

    def _describe_mds(self) -> MdsObject:
        return MdsObject(
            self._description,
            self._clock,
            self._service,
            system_id=self._system_id,
            configuration=self._configuration,
            timers=self._timers,
            tell=self._emit,
        )

    def _operate(self, now: float, /, *, known: bool) -> None:
        self._mds = self._describe_mds()
        super()._operate(now, known=known)

    def _send_configuration(self, now: float) -> None:
        self._mds.follow(self._configuration)
        super()._send_configuration(now)

    def _has_object(self, handle: int) -> bool:
        return handle == MDS_HANDLE or self._configuration.find(handle) is not None

    def _object(self, handle: int) -> AgentObject:
        """What stands behind a handle; a metric allows nothing."""
        if handle == MDS_HANDLE:
            return self._mds
        return self._scanners.get(handle) or AgentObject()

    def _require_asked(self, report: Report) -> None:
        """LocalProtocolError for a report to a data request that does not go on."""
        req_id = report.data_req_id
        if req_id != AGENT_INITIATED_DATA and req_id not in self._mds.data:
            raise LocalProtocolError(f"data request {req_id} does not go on")

    def _answer_request(self, received: Received, now: float) -> None:
        """A request that waits for its answer."""
        reply: Message
        try:
            reply = self._perform(received.needed_message, Moment(now, self._utc(now)))
        except OperationError as exc:
            reply = Roer(int(exc.code), b"")
        except DecodeError as exc:
            self._emit(ProtocolWarning(f"a request that cannot be read: {exc}"))
            reply = Rorj(int(RejectProblem.BADLY_STRUCTURED_APDU))
        self._send_message(received.needed_invoke_id, reply)

    def _perform_request(self, received: Received, now: float) -> None:
        """A Set or an action that must not be answered."""
        try:
            self._perform(received.needed_message, Moment(now, self._utc(now)))
        except (OperationError, DecodeError) as exc:
            self._emit(ProtocolWarning(f"an unconfirmed request is not carried out: {exc}"))

    def _perform(self, message: Message, at: Moment) -> Message:
        """Carry a request out; its answer, or OperationError, or DecodeError."""
        match message:
            case RoivGet(handle=handle, attribute_ids=wanted):
                return RorsGet(handle, selected(self._object(handle).read(at), wanted))
            case SetRequest(handle=handle, modifications=changes):
                subject = self._object(handle)
                values = subject.judge(changes)
                for value in values:
                    subject.adopt(value, at)
                return RorsConfirmedSet(handle, values)
            case ActionRequest(handle=handle, action_type=kind, action_info=argument):
                result = self._object(handle).act(kind, argument, at)
                return RorsConfirmedAction(handle, kind, result)
        # Nothing else is a request; managers have no events to report.
        raise OperationError(ErrorCode.NO_SUCH_ACTION)
