"""How an association ends for an agent: released, aborted, closed, and what is void then."""

from __future__ import annotations

from protocols.ieee20601.agent_answering import AgentAnswering
from protocols.ieee20601.agent_table import AgentAction as Action
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
                self._close()
            case Action.RELEASE:
                self._ask_release(self._release_reason)
                self._timers.start(Timer.RELEASE, now=now, seconds=self._release_seconds)
            case Action.ANSWER_RELEASE:
                self._answer_release()
                self._end(None, released=True)
            case Action.ANSWER_RELEASE_STAY:
                self._answer_release()
            case Action.END_RELEASED:
                self._end(None, released=True)
            case Action.ABORT_REQUESTED:
                self._abort_as_asked(now)
            case Action.END_ABORTED:
                self._aborted_by("manager", received, now)
            case _:
                self._answer_abort(AbortReason.UNDEFINED, now)
