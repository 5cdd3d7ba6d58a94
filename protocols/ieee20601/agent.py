"""The agent's side of an association: a device, or a simulator of one.

    agent = AgentConnection(system_id=..., configuration=..., mds=...)
    agent.transport_connected(now=t); agent.associate(now=t)
    agent.receive_data(octets, now=t, utc=utc); drain events and octets as for the manager
    invoke_id = agent.send_report(report, confirmed=True, now=t)

Every transition is a row of `agent_table`. The MDS answers Get by itself. Faults are not
switched here: `send_octets` and `send_again` are the seams where a simulator makes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.ieee20601.agent_classification import AgentFacts, classify_for_agent
from protocols.ieee20601.agent_operations import (
    AgentRequest,
    ConfigOffer,
    SentPage,
    SentReport,
)
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.agent_stored_data import AgentStoredData
from protocols.ieee20601.agent_table import TABLE
from protocols.ieee20601.agent_table import AgentAction as Action
from protocols.ieee20601.apdus import Abrt, Rlre, Rlrq
from protocols.ieee20601.association import AbortReason, ReleaseReason
from protocols.ieee20601.classification import classify_oversize
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.connection import LARGEST_REASON
from protocols.ieee20601.events import ProtocolWarning
from protocols.ieee20601.framing import OversizeApdu, WholeApdu
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.policies import AgentPolicy, MdsDescription
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import ErrorCode, Message, RejectProblem, Roer, Rorj
from protocols.ieee20601.report_building import Report
from protocols.ieee20601.states import State, Trigger
from protocols.ieee20601.timeouts import Timer
from protocols.model.codes import SystemId

__all__ = ["AgentConnection", "AgentPolicy", "MdsDescription"]

_ANSWERS: Final[dict[Action, Message]] = {
    Action.ERROR_NO_OBJECT: Roer(int(ErrorCode.NO_SUCH_OBJECT_INSTANCE), b""),
    Action.ERROR_NO_ACTION: Roer(int(ErrorCode.NO_SUCH_ACTION), b""),
    Action.REJECT_STRUCTURE: Rorj(int(RejectProblem.BADLY_STRUCTURED_APDU)),
    Action.REJECT_RESOURCES: Rorj(int(RejectProblem.RESOURCE_LIMITATION)),
}
_ABORTS: Final = {
    Action.ABORT: AbortReason.UNDEFINED,
    Action.ABORT_OVERFLOW: AbortReason.BUFFER_OVERFLOW,
    Action.ABORT_RESPONSE: AbortReason.RESPONSE_TIMEOUT,
    Action.ABORT_CONFIG: AbortReason.CONFIGURATION_TIMEOUT,
}
_ASSOCIATING: Final = {
    Action.ASSOCIATE,
    Action.ASSOCIATE_AGAIN,
    Action.OPERATE,
    Action.OFFER_CONFIG,
    Action.SEND_CONFIG,
    Action.CONFIG_ACCEPTED,
    Action.OFFER_NEXT,
    Action.REJECTED,
    Action.ANSWER_AARQ,
}
_OPERATING: Final = {
    Action.ANSWER_GET,
    Action.ANSWER_STORE,
    Action.SEND_PAGE_AGAIN,
    Action.SEND_CONFIRMED,
    Action.SEND_UNCONFIRMED,
    Action.REPORT_CONFIRMED,
    Action.REPORT_REFUSED,
}


class AgentConnection(AgentStoredData):
    """One connection of a device; it may associate several times in turn.

    `framing`: how APDUs travel on the line; without one, a raw stream within the policy's limits.
    `stores` serve the PM-store objects of the configuration; they outlive the connection.
    """

    def __init__(
        self,
        *,
        system_id: SystemId,
        configuration: Configuration,
        mds: MdsDescription,
        policy: AgentPolicy | None = None,
        framing: Framing | None = None,
        stores: Iterable[AgentStore] = (),
    ) -> None:
        super().__init__(
            system_id=system_id,
            configuration=configuration,
            mds=mds,
            policy=policy or AgentPolicy(),
            framing=framing,
            stores=stores,
        )
        self._requested_reason = int(AbortReason.UNDEFINED)
        self._report: Report | None = None
        self._sent_id = 0

    # Verbs.

    @property
    def outstanding(self) -> int:
        """How many confirmed reports wait for the manager's answer."""
        waiting = self._invocations.requests()
        return sum(not isinstance(request, SentPage) for request in waiting)

    @property
    def can_send_confirmed(self) -> bool:
        """Whether `send_report(confirmed=True)` is possible now."""
        return self._state is State.OPERATING and self.outstanding < self._policy.max_outstanding

    def transport_connected(self, *, now: float) -> None:
        """A transport is there; `associate` may follow."""
        self._fire(now, Received(trigger=Trigger.TRANSPORT_CONNECTED))

    def transport_closed(self, *, now: float) -> None:
        """The transport is gone; unanswered reports are the caller's to send again."""
        self._fire(now, Received(trigger=Trigger.TRANSPORT_CLOSED))

    def associate(self, *, now: float) -> None:
        """Ask the manager for an association; LocalProtocolError unless unassociated."""
        self._fire(now, Received(trigger=Trigger.REQ_ASSOCIATE))

    def send_report(self, report: Report, *, confirmed: bool, now: float) -> int:
        """Send a scan report; its invoke id, which `ReportConfirmed` will name.

        Raises LocalProtocolError unless operating, or when as many confirmed reports wait as
        the policy allows: queueing is the caller's.
        """
        if (
            confirmed
            and self._state is State.OPERATING
            and self.outstanding >= self._policy.max_outstanding
        ):
            raise LocalProtocolError(f"{self.outstanding} confirmed reports wait already")
        self._report = report
        trigger = Trigger.REQ_SEND_CONFIRMED if confirmed else Trigger.REQ_SEND_UNCONFIRMED
        self._fire(now, Received(trigger=trigger))
        return self._sent_id

    def release(self, *, now: float) -> None:
        """End the association in good order; LocalProtocolError without a transport."""
        self._release_reason = ReleaseReason.NORMAL
        self._fire(now, Received(trigger=Trigger.REQ_RELEASE))

    def abort(self, reason: int = AbortReason.UNDEFINED, *, now: float) -> None:
        """End the association at once; LocalProtocolError without a transport.

        `reason`: see `AbortReason`, or any other number of 16 bits.
        """
        if not 0 <= reason <= LARGEST_REASON:
            raise LocalProtocolError(f"{reason} is no reason of 16 bits")
        self._requested_reason = int(reason)
        self._fire(now, Received(trigger=Trigger.REQ_ABORT))

    def send_octets(self, octets: bytes) -> None:
        """Put octets on the wire as they are, past every rule: for simulators of faults."""
        self._require_transport()
        self._put(octets)

    def send_again(self, invoke_id: int, *, now: float) -> None:
        """Send a confirmed report of this association a second time, same id, same octets.

        Raises LocalProtocolError when it was not one of the last few.
        """
        sent = self._sent.get(invoke_id)
        if sent is None or self._state is not State.OPERATING:
            raise LocalProtocolError(f"no report {invoke_id} to send again")
        seconds = self._policy.timeouts.confirm
        self._invocations.reopen(invoke_id, sent, now=now, timeout_seconds=seconds)
        self._put(sent.octets)

    # What arrives and what is due.

    def _require_transport(self) -> None:
        if self._state is State.DISCONNECTED:
            raise LocalProtocolError("octets without a transport")

    def _take_apdu(self, piece: WholeApdu | OversizeApdu, now: float) -> None:
        facts = AgentFacts(
            draining=self._is_draining(now) and self._state is State.UNASSOCIATED,
            offered_versions=self._policy.protocol_versions,
            offers_config=self._state is State.WAITING_APPROVAL,
            config_offer=self._config_offer,
            stores=self._stores,
            is_outstanding=lambda i: isinstance(self._invocations.peek(i), SentReport | SentPage),
        )
        if isinstance(piece, OversizeApdu):
            received = classify_oversize(piece, facts.expects)
        else:
            received = classify_for_agent(piece.octets, facts)
        if received.why:
            self._emit(ProtocolWarning(f"{received.trigger.value}: {received.why}"))
        self._fire(now, received)

    def _config_offer(self, invoke_id: int) -> int | None:
        request = self._invocations.peek(invoke_id)
        return request.config_id if isinstance(request, ConfigOffer) else None

    def _timer_expired(self, timer: Timer, now: float) -> None:
        if timer is Timer.RELEASE:
            trigger = Trigger.TIMEOUT_RELEASE
        elif self._retries_left > 0:
            self._retries_left -= 1
            trigger = Trigger.TIMEOUT_ASSOCIATE_AGAIN
        else:
            trigger = Trigger.TIMEOUT_ASSOCIATE
        self._fire(now, Received(trigger=trigger, why=f"{timer.value} expired"))

    def _request_expired(self, request: AgentRequest, now: float) -> None:
        if isinstance(request, SentPage) and request.retries_left > 0:
            self._page_again = request
            received = Received(trigger=Trigger.TIMEOUT_PAGE_AGAIN, why="no answer to a page")
        elif isinstance(request, ConfigOffer):
            received = Received(trigger=Trigger.TIMEOUT_CONFIG, why="no answer to a configuration")
        else:
            received = Received(trigger=Trigger.TIMEOUT_RESPONSE, why="no answer to a report")
        self._fire(now, received)

    # The table.

    def _fire(self, now: float, received: Received) -> None:
        row = TABLE[self._state, received.trigger]
        next_trigger = self._carry_out(row.action, received, now)
        self._state = row.next_state
        if next_trigger is not None:
            self._fire(now, replace(received, trigger=next_trigger))

    def _carry_out(self, action: Action, received: Received, now: float) -> Trigger | None:
        """Do what a row says; the trigger of a decision that follows at once, else None."""
        if action in _ABORTS:
            self._send(Abrt(int(_ABORTS[action])))
            self._drain(now)
            what = received.why or received.trigger.value
            self._end(RemoteProtocolError(f"{what} in state {self._state.value}"), released=False)
        elif action in _ANSWERS:
            self._send_message(received.needed_invoke_id, _ANSWERS[action])
        elif action in _ASSOCIATING:
            return self._carry_out_association(action, received, now)
        elif action in _OPERATING:
            self._carry_out_operation(action, received, now)
        else:
            self._carry_out_end(action, received, now)
        return None

    def _carry_out_association(
        self, action: Action, received: Received, now: float
    ) -> Trigger | None:
        """Rows of association and configuration."""
        match action:
            case Action.ASSOCIATE | Action.ASSOCIATE_AGAIN:
                self._request_association(now, again=action is Action.ASSOCIATE_AGAIN)
            case Action.OPERATE:
                self._note_acceptance(received)
                self._operate(known=True)
            case Action.OFFER_CONFIG:
                self._note_acceptance(received)
                return Trigger.REQ_SEND_CONFIG
            case Action.SEND_CONFIG:
                self._send_configuration(now)
            case Action.OFFER_NEXT:
                return self._choose_next_configuration(received)
            case Action.CONFIG_ACCEPTED:
                self._invocations.close(received.needed_invoke_id)
                self._operate(known=False)
            case Action.REJECTED:
                self._rejected(received)
            case Action.ANSWER_AARQ:
                self._refuse_aarq()
        return None

    def _carry_out_operation(self, action: Action, received: Received, now: float) -> None:
        """Rows of an operating association."""
        match action:
            case Action.ANSWER_GET:
                self._answer_get(received, now)
            case Action.SEND_CONFIRMED if self._report is not None:
                self._sent_id = self._send_confirmed(self._report, now)
            case Action.SEND_UNCONFIRMED if self._report is not None:
                self._sent_id = self._send_unconfirmed(self._report)
            case Action.ANSWER_STORE:
                self._answer_store(received, now)
            case Action.SEND_PAGE_AGAIN:
                self._send_page_again(now)
            case Action.REPORT_CONFIRMED | Action.REPORT_REFUSED if self._is_page(received):
                self._page_answered(received, now)
            case Action.REPORT_CONFIRMED:
                self._report_confirmed(received)
            case Action.REPORT_REFUSED:
                self._report_refused(received)

    def _carry_out_end(self, action: Action, received: Received, now: float) -> None:
        """Rows that end an association, those of the transport, and the plain ones."""
        match action:
            case Action.OPEN:
                self._begin_afresh()
            case Action.CLOSE:
                self._begin_afresh()
                self._end(None, released=False)
            case Action.RELEASE:
                self._invocations.stop_timers()
                self._timers.clear()
                self._timers.start(Timer.RELEASE, now=now, seconds=self._policy.timeouts.release)
                self._send(Rlrq(int(self._release_reason)))
            case Action.ANSWER_RELEASE:
                self._send(Rlre(int(ReleaseReason.NORMAL)))
                self._end(None, released=True)
            case Action.ANSWER_RELEASE_STAY:
                self._send(Rlre(int(ReleaseReason.NORMAL)))
            case Action.END_RELEASED:
                self._end(None, released=True)
            case Action.ANSWER_ABORT:
                self._send(Abrt(int(AbortReason.UNDEFINED)))
                self._drain(now)
            case Action.ABORT_REQUESTED:
                self._send(Abrt(self._requested_reason))
                self._drain(now)
                self._end(None, released=False)
            case Action.END_ABORTED:
                self._drain(now)
                reason = received.apdu.reason if isinstance(received.apdu, Abrt) else 0
                cause = RemoteProtocolError(f"the manager aborted, reason {reason}")
                self._end(cause, released=False)
            case Action.REFUSE:
                asked = received.trigger.value
                raise LocalProtocolError(f"{asked} is not possible in state {self._state.value}")
