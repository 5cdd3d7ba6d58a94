"""How an association ends for a manager: released, aborted, closed, and what is void then."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.ieee20601.association import AbortReason, ReleaseReason
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.events import AssociationEnded, ConfigurationDistrusted
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.manager_answers import ANSWERED_ABORTS
from protocols.ieee20601.manager_configuring import ConfigurationSource, ManagerConfiguring
from protocols.ieee20601.manager_table import ManagerAction as Action
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.received import Received
from protocols.ieee20601.timeouts import Timer
from protocols.model.codes import SystemId


class ManagerEndings(ManagerConfiguring):
    """The ending part of a manager; `ManagerConnection` adds the table and the verbs."""

    def __init__(
        self,
        *,
        system_id: SystemId,
        standard_configurations: Mapping[int, Configuration],
        configurations: ConfigurationSource,
        first_invoke_id: int,
        policy: ManagerPolicy,
        framing: Framing | None,
    ) -> None:
        super().__init__(
            system_id=system_id,
            standard_configurations=standard_configurations,
            configurations=configurations,
            first_invoke_id=first_invoke_id,
            policy=policy,
            framing=framing,
        )
        self._associations_ended = 0

    def _carry_out_ending(self, action: Action, received: Received, now: float) -> None:
        """Rows that end an association, and those of the transport."""
        match action:
            case Action.OPEN:
                self._begin_afresh()
            case Action.CLOSE:
                self._close()
            case Action.RELEASE:
                self._ask_release(ReleaseReason.NORMAL)
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
                self._aborted_by("agent", received, now)
            case _:
                self._answer_abort(ANSWERED_ABORTS[action], now)

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
        self._abort_for(reason, received, now)

    def _end(self, cause: Exception | None, *, released: bool) -> None:
        self._forget_association()
        if self._association is None:
            return
        self._release_held(unconfirmed_only=True)
        self._association = None
        self._associations_ended += 1
        self._emit(AssociationEnded(cause, released))
