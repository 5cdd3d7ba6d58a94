"""How an association ends for an agent: released, aborted, closed, and what is void then."""

from __future__ import annotations

from protocols.errors import RemoteProtocolError
from protocols.ieee20601.agent_answering import AgentAnswering
from protocols.ieee20601.agent_table import AgentAction as Action
from protocols.ieee20601.apdus import Abrt, Rlre, Rlrq
from protocols.ieee20601.association import AbortReason, ReleaseReason
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.received import Received
from protocols.ieee20601.timeouts import Timer


class AgentEndings(AgentAnswering):
    """The ending part of an agent; `AgentConnection` adds the table and the verbs."""

    def release(self, *, now: float) -> None:
        """End the association in good order; LocalProtocolError without a transport."""
        self._release_reason = ReleaseReason.NORMAL
        super().release(now=now)

    def change_configuration(self, configuration: Configuration, *, now: float) -> None:
        """Offer another configuration from the next association on; the present one is released.

        LocalProtocolError without a transport.
        """
        self._release_reason = ReleaseReason.CONFIGURATION_CHANGED
        super().release(now=now)
        self._own_configurations = (configuration,)

    def _carry_out_ending(self, action: Action, received: Received, now: float) -> None:
        """Rows that end an association, and those of the transport."""
        match action:
            case Action.OPEN:
                self._begin_afresh()
            case Action.CLOSE:
                self._begin_afresh()
                self._end(None, released=False)
            case Action.RELEASE:
                self._invocations.stop_timers()
                self._timers.clear()
                self._timers.start(Timer.RELEASE, now=now, seconds=self._release_seconds)
                self._send(Rlrq(int(self._release_reason)))
            case Action.ANSWER_RELEASE:
                self._send(Rlre(int(ReleaseReason.NORMAL)))
                self._end(None, released=True)
            case Action.ANSWER_RELEASE_STAY:
                self._send(Rlre(int(ReleaseReason.NORMAL)))
            case Action.END_RELEASED:
                self._end(None, released=True)
            case Action.ABORT_REQUESTED:
                self._send(Abrt(self._requested_reason))
                self._drain(now)
                self._end(None, released=False)
            case Action.END_ABORTED:
                self._drain(now)
                reason = received.apdu.reason if isinstance(received.apdu, Abrt) else 0
                cause = RemoteProtocolError(f"the manager aborted, reason {reason}")
                self._end(cause, released=False)
            case _:
                self._send(Abrt(int(AbortReason.UNDEFINED)))
                self._drain(now)

    def _abort(self, reason: AbortReason, received: Received, now: float) -> None:
        self._send(Abrt(int(reason)))
        self._drain(now)
        what = received.why or received.trigger.value
        self._end(RemoteProtocolError(f"{what} in state {self._state.value}"), released=False)
