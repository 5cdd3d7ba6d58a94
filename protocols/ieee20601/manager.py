"""The manager's side of an association: octets and time in; octets, events and a deadline out.

    manager = ManagerConnection(system_id=ours, configurations=source)
    manager.transport_connected(now=t)
    manager.receive_data(octets, now=t, utc=utc)
    then drain:  manager.next_event(), manager.data_to_send(), manager.next_deadline()
    manager.confirm(event.invoke_id, now=t, association=event.association)
                                           when a report's observations are durable

Every transition is a row of `manager_table`; `_carry_out` does what its row says. A wrong peer
never raises here: the association ends and `AssociationEnded` says why. A wrong request of
ours raises LocalProtocolError and changes nothing.

After acceptance the manager reads the MDS by itself, then the PM-stores. Order on the wire for
an unknown configuration: AARE, configuration response, Get.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.ieee20601.apdus import Abrt, Rlre, Rlrq
from protocols.ieee20601.association import (
    AbortReason,
    AssociateResult,
    ReleaseReason,
    answer,
)
from protocols.ieee20601.classification import (
    SessionFacts,
    classify_for_manager,
    classify_oversize,
)
from protocols.ieee20601.connection import LARGEST_REASON
from protocols.ieee20601.event_reports import (
    ConfigResult,
    EventInfo,
)
from protocols.ieee20601.events import (
    AssociationEnded,
    ConfigurationDistrusted,
    ProtocolWarning,
)
from protocols.ieee20601.framing import OversizeApdu, WholeApdu
from protocols.ieee20601.invocations import Repeat
from protocols.ieee20601.manager_association import ManagerAssociation
from protocols.ieee20601.manager_configuring import ConfigurationSource, ManagerConfiguring
from protocols.ieee20601.manager_operations import ManagerRequest
from protocols.ieee20601.manager_table import TABLE
from protocols.ieee20601.manager_table import ManagerAction as Action
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import (
    ErrorCode,
    EventReport,
    Message,
    RejectProblem,
    Roer,
    Rorj,
)
from protocols.ieee20601.states import State, Trigger
from protocols.ieee20601.timeouts import Timer
from protocols.ieee20601.transcription import Transcription
from protocols.model.codes import SystemId

__all__ = ["ConfigurationSource", "ManagerConnection", "ManagerPolicy"]

_TIMEOUTS: Final = {
    Timer.CONFIG: Trigger.TIMEOUT_CONFIG,
    Timer.RELEASE: Trigger.TIMEOUT_RELEASE,
}
_ERRORS: Final[dict[Action, Message]] = {
    Action.ERROR_NO_OBJECT: Roer(int(ErrorCode.NO_SUCH_OBJECT_INSTANCE), b""),
    Action.TAKE_KNOWN: Roer(int(ErrorCode.NO_SUCH_OBJECT_INSTANCE), b""),
    Action.ERROR_NO_ACTION: Roer(int(ErrorCode.NO_SUCH_ACTION), b""),
    Action.REJECT_CONFIG: Rorj(int(RejectProblem.BADLY_STRUCTURED_APDU)),
    Action.REJECT_STRUCTURE: Rorj(int(RejectProblem.BADLY_STRUCTURED_APDU)),
    Action.REJECT_RESOURCES: Rorj(int(RejectProblem.RESOURCE_LIMITATION)),
    Action.REJECT_OPERATION: Rorj(int(RejectProblem.UNRECOGNIZED_OPERATION)),
}
_ABORTS: Final = {
    Action.ABORT: AbortReason.UNDEFINED,
    Action.FORGET_CONFIG: AbortReason.UNDEFINED,
    Action.ABORT_OVERFLOW: AbortReason.BUFFER_OVERFLOW,
    Action.ABORT_RESPONSE: AbortReason.RESPONSE_TIMEOUT,
    Action.ABORT_CONFIG: AbortReason.CONFIGURATION_TIMEOUT,
}
_ANSWERED_ABORTS: Final = {
    Action.ANSWER_ABORT: AbortReason.UNDEFINED,
    Action.ANSWER_OVERFLOW: AbortReason.BUFFER_OVERFLOW,
}
_RELEASING: Final = {
    Action.OPEN,
    Action.CLOSE,
    Action.RELEASE,
    Action.ANSWER_RELEASE,
    Action.ANSWER_RELEASE_STAY,
    Action.END_RELEASED,
}
_CONFIGURING: Final = {
    Action.ACCEPT,
    Action.ACCEPT_UNKNOWN,
    Action.REJECT,
    Action.CHECK_CONFIG,
    Action.ACCEPT_CONFIG,
    Action.REFUSE_CONFIG,
    Action.REFUSE_STANDARD_CONFIG,
}


class ManagerConnection(ManagerConfiguring):
    """One agent's connection, seen by the manager; see the module and `connection`."""

    def __init__(
        self,
        *,
        system_id: SystemId,
        configurations: ConfigurationSource,
        first_invoke_id: int = 0,
        policy: ManagerPolicy | None = None,
    ) -> None:
        super().__init__(
            system_id=system_id,
            configurations=configurations,
            first_invoke_id=first_invoke_id,
            policy=policy or ManagerPolicy(),
        )
        self._associations_ended = 0
        self._requested_reason = int(AbortReason.UNDEFINED)

    # Verbs.

    def transport_connected(self, *, now: float) -> None:
        """A transport is there; an agent may associate."""
        self._fire(now, Received(trigger=Trigger.TRANSPORT_CONNECTED))

    def transport_closed(self, *, now: float) -> None:
        """The transport is gone; reports that wait for a confirm will be sent again."""
        self._fire(now, Received(trigger=Trigger.TRANSPORT_CLOSED))

    def confirm(self, invoke_id: int, *, now: float, association: int | None = None) -> None:
        """Answer a report whose observations are durable.

        `association` is that of the report's event; without it the present one is meant. Does
        nothing for an association that ended meanwhile. Raises LocalProtocolError for an id
        that no report of this association ever had, or whose report was not told yet.
        """
        current = self._association
        if association is not None and (current is None or current.token != association):
            return
        self._fire(now, Received(trigger=Trigger.REQ_CONFIRM, invoke_id=invoke_id))

    def release(self, *, now: float) -> None:
        """End the association in good order; LocalProtocolError without a transport."""
        self._fire(now, Received(trigger=Trigger.REQ_RELEASE))

    def abort(self, reason: int = AbortReason.UNDEFINED, *, now: float) -> None:
        """End the association at once; LocalProtocolError without a transport.

        `reason`: see `AbortReason`, or any other number of 16 bits.
        """
        if not 0 <= reason <= LARGEST_REASON:
            raise LocalProtocolError(f"{reason} is no reason of 16 bits")
        self._requested_reason = int(reason)
        self._fire(now, Received(trigger=Trigger.REQ_ABORT))

    # What arrives and what is due.

    def _require_transport(self) -> None:
        if self._state is State.DISCONNECTED:
            raise LocalProtocolError("octets without a transport")

    def _take_apdu(self, piece: WholeApdu | OversizeApdu, now: float) -> None:
        if isinstance(piece, OversizeApdu):
            received = classify_oversize(piece, lambda invoke_id: invoke_id in self._invocations)
        else:
            received = classify_for_manager(piece.octets, self._facts(now))
        for note in received.notes:
            self._emit(ProtocolWarning(note))
        if received.why:
            self._emit(ProtocolWarning(f"{received.trigger.value}: {received.why}"))
        self._fire(now, received)
        if self._pending_octets > self._policy.max_pending_octets:
            self._drop_output()  # nobody reads them, and they belong to what ends now
            self._fire(now, Received(trigger=Trigger.OUTPUT_UNREAD))

    def _facts(self, now: float) -> SessionFacts:
        association = self._association
        agreed = association is not None and association.configuration is not None
        return SessionFacts(
            draining=self._is_draining(now) and association is None,
            operating=agreed,
            remembered=association is not None and association.remembered,
            supported=self._policy.supported,
            can_hold=self._can_hold,
            has_room=lambda invoke_id: self._associated().received.has_room_for(invoke_id),
            is_known=lambda system_id, config_id: self._find(system_id, config_id) is not None,
            expected_answer=self._expected_answer,
            repeat=self._judge_repeat,
            transcribe=lambda report, info: self._transcribe(report, info, now),
            leniency=self._policy.leniency,
        )

    def _judge_repeat(self, invoke_id: int, octets: bytes) -> Repeat:
        return self._associated().received.judge(invoke_id, octets)

    def _transcribe(self, report: EventReport, info: EventInfo, now: float) -> Transcription:
        return self._associated().transcribe(report, info, utc=self._utc(now))

    def _timer_expired(self, timer: Timer, now: float) -> None:
        if timer is Timer.SEGMENT_AGAIN:
            self._ask_again(now)
            return
        if timer is Timer.TRANSFER:
            moved = self._plan().has_moved
            trigger = Trigger.TIMEOUT_TRANSFER if moved else Trigger.TIMEOUT_RESPONSE
        else:
            trigger = _TIMEOUTS[timer]
        self._fire(now, Received(trigger=trigger, why=f"{timer.value} expired"))

    def _request_expired(self, request: ManagerRequest, now: float) -> None:
        why = f"no answer to {type(request).__name__}"
        self._fire(now, Received(trigger=Trigger.TIMEOUT_RESPONSE, why=why))

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
            self._abort(_ABORTS[action], received, now, distrust=action is Action.FORGET_CONFIG)
        elif action in _ERRORS:
            if action is Action.TAKE_KNOWN and received.transcription is not None:
                self._take_report(received, now)
            self._send_message(received.needed_invoke_id, _ERRORS[action])
        elif action in _RELEASING:
            self._carry_out_release(action, now)
        elif action in _CONFIGURING:
            return self._carry_out_configuration(action, received, now)
        else:
            self._carry_out_operation(action, received, now)
        return None

    def _carry_out_release(self, action: Action, now: float) -> None:
        """Rows that end an association in good order, and those of the transport."""
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
                self._send(Rlrq(int(ReleaseReason.NORMAL)))
            case Action.ANSWER_RELEASE:
                self._send(Rlre(int(ReleaseReason.NORMAL)))
                self._end(None, released=True)
            case Action.ANSWER_RELEASE_STAY:
                self._send(Rlre(int(ReleaseReason.NORMAL)))
            case Action.END_RELEASED:
                self._end(None, released=True)

    def _carry_out_configuration(
        self, action: Action, received: Received, now: float
    ) -> Trigger | None:
        """Rows of association and configuration."""
        match action:
            case Action.ACCEPT:
                self._accept(received, AssociateResult.ACCEPTED)
                self._operate(now, known=True)
            case Action.ACCEPT_UNKNOWN:
                self._accept(received, AssociateResult.ACCEPTED_UNKNOWN_CONFIG)
                self._await_configuration(now)
            case Action.REJECT:
                decision = received.needed_decision
                self._send(answer(decision, result=decision.result, system_id=self._system_id))
            case Action.CHECK_CONFIG:
                return self._check_configuration(received)
            case Action.ACCEPT_CONFIG:
                self._accept_configuration(received, now)
            case Action.REFUSE_CONFIG:
                self._refuse_configuration(received, ConfigResult.UNSUPPORTED, now)
            case Action.REFUSE_STANDARD_CONFIG:
                self._refuse_configuration(received, ConfigResult.STANDARD_UNKNOWN, now)
        return None

    def _carry_out_operation(self, action: Action, received: Received, now: float) -> None:
        """Rows of an operating association, and the plain ones."""
        match action:
            case Action.TAKE_REPORT | Action.TAKE_UNCONFIRMED:
                self._take_report(received, now)
            case Action.CONFIRM:
                self._confirm(received.needed_invoke_id, now)
            case Action.CONFIRM_AGAIN:
                answers = self._associated().received
                self._put(answers.answer_again(received.needed_invoke_id))
            case Action.COMPLETE:
                self._complete(received, now)
            case Action.FAIL_REQUEST:
                self._fail_request(received, now)
            case Action.STOP_TRANSFER:
                self._stop_transfer(now)
            case Action.ANSWER_STOPPED:
                self._answer_stopped(received)
            case Action.COUNT_MISSED:
                self._count_missed(received)
            case Action.ANSWER_ABORT | Action.ANSWER_OVERFLOW:
                self._send(Abrt(int(_ANSWERED_ABORTS[action])))
                self._drain(now)
            case Action.ABORT_REQUESTED:
                self._send(Abrt(self._requested_reason))
                self._drain(now)
                self._end(None, released=False)
            case Action.END_ABORTED:
                self._drain(now)
                reason = received.apdu.reason if isinstance(received.apdu, Abrt) else 0
                cause = RemoteProtocolError(f"the agent aborted, reason {reason}")
                self._end(cause, released=False)
            case Action.REFUSE:
                asked = received.trigger.value
                raise LocalProtocolError(f"{asked} is not possible in state {self._state.value}")

    # The end.

    def _associated(self) -> ManagerAssociation:
        if self._association is None:
            raise AssertionError("no association")
        return self._association

    def _may_be_stale(self, invoke_id: int) -> bool:
        return self._associations_ended > 0 or self._associated().received.is_answered(invoke_id)

    def _abort(
        self, reason: AbortReason, received: Received, now: float, *, distrust: bool
    ) -> None:
        association = self._associated()
        if distrust and association.configuration is not None:
            config_id = association.configuration.config_id
            self._distrusted.add((association.system_id, config_id))
            self._emit(ConfigurationDistrusted(association.system_id, config_id))
        self._send(Abrt(int(reason)))
        self._drain(now)
        what = received.why or received.trigger.value
        self._end(RemoteProtocolError(f"{what} in state {self._state.value}"), released=False)

    def _drain(self, now: float) -> None:
        """What is still on its way belongs to an association that is no more."""
        self._drain_until = now + self._policy.timeouts.release

    def _end(self, cause: Exception | None, *, released: bool) -> None:
        self._forget_association()
        if self._association is None:
            return
        self._release_held(unconfirmed_only=True)
        self._association = None
        self._associations_ended += 1
        self._emit(AssociationEnded(cause, released))
