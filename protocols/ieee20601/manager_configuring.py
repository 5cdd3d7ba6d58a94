"""How a manager associates: find or check the configuration, answer, begin to operate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from protocols.errors import DecodeError
from protocols.ieee20601.association import (
    EXTENDED_CONFIGURATIONS,
    STANDARD_CONFIGURATIONS,
    AssociateResult,
    answer,
)
from protocols.ieee20601.configuration import Configuration, decode_configuration
from protocols.ieee20601.event_reports import ConfigResult, answer_configuration
from protocols.ieee20601.events import Associated, ConfigurationReceived, ProtocolWarning
from protocols.ieee20601.invocations import ReceivedReports
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.manager_association import ManagerAssociation
from protocols.ieee20601.manager_data_requests import ManagerDataRequests
from protocols.ieee20601.manager_table import ManagerAction as Action
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.received import Received
from protocols.ieee20601.report_watchdog import ReportWatchdog
from protocols.ieee20601.states import Trigger
from protocols.ieee20601.timeouts import Timer
from protocols.model.codes import SystemId

ConfigurationSource = Callable[[SystemId, int], Configuration | None]
"""Extended configurations remembered from earlier runs, by System-Id and config id."""


class ManagerConfiguring(ManagerDataRequests):
    """The associating part of a manager.

    `standard_configurations`: those of the 104xx annexes it knows, by id; an agent that offers
    another one is asked for its objects.
    """

    def __init__(
        self,
        *,
        system_id: SystemId,
        standard_configurations: Mapping[int, Configuration],
        configurations: ConfigurationSource,
        first_invoke_id: int,
        policy: ManagerPolicy,
        framing: Framing | None = None,
    ) -> None:
        super().__init__(
            limits=policy.limits,
            framing=framing,
            first_invoke_id=first_invoke_id,
            release_seconds=policy.timeouts.release,
        )
        self._policy = policy
        self._system_id = system_id
        self._standard_configurations = standard_configurations
        self._configurations = configurations
        self._association: ManagerAssociation | None = None
        self._distrusted: set[tuple[SystemId, int]] = set()
        self._associations_begun = 0

    def _carry_out_configuration(
        self, action: Action, received: Received, now: float
    ) -> Trigger | None:
        """Rows of association and configuration; the trigger of a decision that follows."""
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
            case _:
                self._refuse_configuration(received, ConfigResult.STANDARD_UNKNOWN, now)
        return None

    def _find(self, system_id: SystemId, config_id: int) -> Configuration | None:
        if config_id in STANDARD_CONFIGURATIONS:
            return self._standard_configurations.get(config_id)
        if (system_id, config_id) in self._distrusted:
            return None
        remembered = self._configurations(system_id, config_id)
        return None if remembered is not None and remembered.fault else remembered

    def _accept(self, received: Received, result: AssociateResult) -> None:
        decision = received.needed_decision
        offer = decision.chosen
        if offer is None:
            raise AssertionError("an accepted offer has chosen parameters")
        known = result is AssociateResult.ACCEPTED
        self._drain_until = None
        self._associations_begun += 1
        self._association = ManagerAssociation(
            system_id=offer.system_id,
            offered_config_id=offer.config_id,
            test=offer.is_test,
            oldest_live=timedelta(seconds=self._policy.oldest_live_seconds),
            zone=self._policy.zone,
            watchdog=ReportWatchdog(self._policy.silence),
            tolerances=self._policy.tolerances,
            token=self._associations_begun,
            received=ReceivedReports(room=self._policy.max_waiting_reports),
            configuration=received.configuration if known else None,
            remembered=known and offer.config_id in EXTENDED_CONFIGURATIONS,
            data_req_flags=offer.data_req_flags,
            init_manager=offer.init_manager,
        )
        self._send(answer(decision, result=result, system_id=self._system_id))

    def _await_configuration(self, now: float) -> None:
        self._timers.start(Timer.CONFIG, now=now, seconds=self._policy.timeouts.config)

    def _check_configuration(self, received: Received) -> Trigger:
        """Whether a reported configuration can be used."""
        association = self._associated()
        try:
            configuration = decode_configuration(
                received.needed_report.event_info, leniency=self._policy.tolerances
            )
        except DecodeError as exc:
            self._emit(ProtocolWarning(f"configuration report: {exc}"))
            return Trigger.CONFIG_BAD
        association.candidate = configuration
        config_id = configuration.config_id
        if config_id in STANDARD_CONFIGURATIONS:
            return Trigger.CONFIG_STANDARD_UNKNOWN
        is_promised = association.refused_once or config_id == association.offered_config_id
        if config_id not in EXTENDED_CONFIGURATIONS or not is_promised:
            self._emit(ProtocolWarning(f"configuration {config_id:#06x} was not offered"))
            return Trigger.CONFIG_UNSUPPORTED
        if configuration.fault:
            self._emit(ProtocolWarning(configuration.fault))
            return Trigger.CONFIG_UNSUPPORTED
        return Trigger.CONFIG_SUPPORTED

    def _accept_configuration(self, received: Received, now: float) -> None:
        association, report = self._associated(), received.needed_report
        configuration = association.candidate
        if configuration is None:
            raise AssertionError("a configuration is accepted only after it was checked")
        association.configuration = configuration
        self._distrusted.discard((association.system_id, configuration.config_id))
        self._timers.cancel(Timer.CONFIG)
        self._tell(configuration.warnings)
        self._answer_configuration(received, ConfigResult.ACCEPTED)
        self._emit(
            ConfigurationReceived(association.system_id, configuration.config_id, report.event_info)
        )
        self._operate(now, known=False)

    def _refuse_configuration(self, received: Received, result: ConfigResult, now: float) -> None:
        self._associated().refused_once = True
        self._answer_configuration(received, result)
        self._await_configuration(now)

    def _answer_configuration(self, received: Received, result: ConfigResult) -> None:
        candidate = self._associated().candidate
        config_id = candidate.config_id if candidate else 0
        reply = answer_configuration(received.needed_report, config_id, result)
        self._send_message(received.needed_invoke_id, reply)

    def _operate(self, now: float, *, known: bool) -> None:
        association = self._associated()
        config_id = association.configuration.config_id if association.configuration else 0
        self._emit(Associated(association.system_id, config_id, known, association.test))
        self._get_mds(now)
