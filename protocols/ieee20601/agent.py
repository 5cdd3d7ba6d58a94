"""The agent's side of an association: a device, or a simulator of one.

    agent = AgentConnection(system_id=..., configuration=..., mds=...)
    agent.transport_connected(now=t); agent.associate(now=t)
    agent.receive_data(octets, now=t, utc=utc); drain events and octets as for the manager
    invoke_id = agent.send_report(report, confirmed=True, now=t)

Every transition is a row of `agent_table`. Objects answer Get, Set and actions by themselves:
the MDS (`agent_mds`), scanners (`agent_scanners`), others as the caller gives them. Faults are
not switched here: `send_octets` and `send_again` are the seams where a simulator makes them.
"""

from __future__ import annotations

from collections.abc import Iterable

from protocols.errors import LocalProtocolError
from protocols.ieee20601.agent_answers import ABORTS, ANSWERS, ASSOCIATING, OPERATING
from protocols.ieee20601.agent_associating import (
    AgentRequest,
    ConfigOffer,
    SentPage,
    SentReport,
)
from protocols.ieee20601.agent_classification import AgentFacts, classify_for_agent
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.agent_endings import AgentEndings
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.agent_table import TABLE
from protocols.ieee20601.agent_table import AgentAction as Action
from protocols.ieee20601.association import FunctionalUnits
from protocols.ieee20601.classification import classify_oversize
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.events import ProtocolWarning
from protocols.ieee20601.framing import OversizeApdu, WholeApdu
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.policies import AgentPolicy, MdsDescription
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import MDS_HANDLE
from protocols.ieee20601.report_building import Report
from protocols.ieee20601.states import Row, State, Trigger
from protocols.ieee20601.timeouts import DataRequestTimer, ScanTimer, Timer, TimerKey
from protocols.model.codes import SystemId

__all__ = ["AgentConnection", "AgentPolicy", "MdsDescription"]


class AgentConnection(AgentEndings):
    """One connection of a device; it may associate several times in turn.

    `framing`: how APDUs travel on the line; without one, a raw stream within the policy's limits.
    `other_configurations` are offered, in turn, when the manager does not accept `configuration`.
    `data_requests`: how it serves a manager's data requests. `stores` serve the
    PM-store objects of the configuration; they outlive the connection.
    """

    def __init__(
        self,
        *,
        system_id: SystemId,
        configuration: Configuration,
        mds: MdsDescription,
        other_configurations: tuple[Configuration, ...] = (),
        data_requests: DataRequestService | None = None,
        policy: AgentPolicy | None = None,
        framing: Framing | None = None,
        stores: Iterable[AgentStore] = (),
    ) -> None:
        super().__init__(
            system_id=system_id,
            configurations=(configuration, *other_configurations),
            mds=mds,
            service=data_requests or DataRequestService(),
            policy=policy or AgentPolicy(),
            framing=framing,
            stores=stores,
        )

    # Verbs.

    @property
    def outstanding(self) -> int:
        """How many confirmed reports wait for the manager's answer."""
        waiting = self._invocations.requests()
        return sum(not isinstance(request, SentPage) for request in waiting)

    @property
    def can_send_confirmed(self) -> bool:
        """Whether `send_report(confirmed=True)` of the MDS is possible now."""
        has_room = self._waiting(MDS_HANDLE) < self._policy.max_outstanding
        return self._state is State.OPERATING and has_room

    def associate(self, *, now: float) -> None:
        """Ask the manager for an association; LocalProtocolError unless unassociated."""
        self._fire(now, Received(trigger=Trigger.REQ_ASSOCIATE))

    def send_report(self, report: Report, *, confirmed: bool = True, now: float) -> int:
        """Send a scan report; its invoke id, which `ReportConfirmed` will name.

        `confirmed` holds for reports of the MDS; a scanner's own Confirm-Mode decides for its
        reports. Raises LocalProtocolError unless operating; when as many confirmed reports wait
        as the policy or the scanner's Transmit-Window allows (queueing is the caller's); for a
        scanner that is off, or that reported less than its Min-Reporting-Interval ago; for an
        answer to a data request that does not go on.
        """
        confirmed = self._wants_confirmed(report, confirmed=confirmed)
        if self._state is State.OPERATING:
            self._require_sendable(report, confirmed=confirmed, now=now)
            self._require_asked(report)
        self._report = report
        trigger = Trigger.REQ_SEND_CONFIRMED if confirmed else Trigger.REQ_SEND_UNCONFIRMED
        self._fire(now, Received(trigger=trigger))
        return self._sent_id

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
        self._invocations.reopen(invoke_id, sent, now=now, timeout_seconds=sent.seconds)
        self._put(sent.octets)

    # What arrives and what is due.

    def _take_apdu(self, piece: WholeApdu | OversizeApdu, now: float) -> None:
        facts = AgentFacts(
            draining=self._is_draining(now) and self._state is State.UNASSOCIATED,
            offered_versions=self._policy.protocol_versions,
            offers_config=self._state is State.WAITING_APPROVAL,
            config_offer=self._config_offer,
            is_outstanding=lambda i: isinstance(self._invocations.peek(i), SentReport | SentPage),
            has_object=self._has_object,
            wants_test=bool(
                self._policy.functional_units & FunctionalUnits.CREATE_TEST_ASSOCIATION
            ),
            stores=self._stores,
            system_id=self._system_id,
            tolerances=self._policy.tolerances,
        )
        if isinstance(piece, OversizeApdu):
            received = classify_oversize(piece, facts.expects)
        else:
            received = classify_for_agent(piece.octets, facts)
        for note in received.notes:
            self._emit(ProtocolWarning(note))
        if received.why:
            self._emit(ProtocolWarning(f"{received.trigger.value}: {received.why}"))
        self._fire(now, received)

    def _config_offer(self, invoke_id: int) -> int | None:
        request = self._invocations.peek(invoke_id)
        return request.config_id if isinstance(request, ConfigOffer) else None

    def _timer_expired(self, timer: TimerKey, now: float) -> None:
        match timer:
            case ScanTimer(handle=handle):
                self._scan_due(handle, now)
                return
            case DataRequestTimer(req_id=req_id):
                self._mds.end(req_id)
                return
            case Timer.RELEASE:
                trigger = Trigger.TIMEOUT_RELEASE
            case _ if self._retries_left > 0:
                self._retries_left -= 1
                trigger = Trigger.TIMEOUT_ASSOCIATE_AGAIN
            case _:
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

    def _row(self, trigger: Trigger) -> Row[Action]:
        return TABLE[self._state, trigger]

    def _carry_out(self, action: Action, received: Received, now: float) -> Trigger | None:
        """Do what a row says; the trigger of a decision that follows at once, else None."""
        if action in ABORTS:
            self._abort_for(ABORTS[action], received, now)
        elif action in ANSWERS:
            self._send_message(received.needed_invoke_id, ANSWERS[action])
        elif action in ASSOCIATING:
            return self._carry_out_association(action, received, now)
        elif action in OPERATING:
            self._carry_out_operation(action, received, now)
        else:
            self._carry_out_ending(action, received, now)
        return None

    def _carry_out_operation(self, action: Action, received: Received, now: float) -> None:
        """Rows of an operating association, and the plain ones."""
        match action:
            case Action.ANSWER_REQUEST:
                self._answer_request(received, now)
            case Action.PERFORM_REQUEST:
                self._perform_request(received, now)
            case Action.SEND_CONFIRMED if self._report is not None:
                self._sent_id = self._send_confirmed(self._report, now)
            case Action.SEND_UNCONFIRMED if self._report is not None:
                self._sent_id = self._send_unconfirmed(self._report, now)
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
            case Action.REFUSE:
                self._refuse(received)
