"""How an agent associates: it asks, offers its configurations one after the other, and ends."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.errors import AssociationRejectedError
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.agent_table import AgentAction
from protocols.ieee20601.apdus import Aare
from protocols.ieee20601.association import (
    DATA_PROTOCOL_EMPTY,
    STANDARD_CONFIGURATIONS,
    AssociateResult,
    DataProtocol,
    FunctionalUnits,
    ReleaseReason,
    offer,
)
from protocols.ieee20601.configuration import (
    Configuration,
    build_configuration,
    encode_configuration,
)
from protocols.ieee20601.event_reports import EventType
from protocols.ieee20601.events import AgentAssociated, AgentEvent, AssociationEnded
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.policies import AgentPolicy
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import MDS_HANDLE, RoivConfirmedEventReport
from protocols.ieee20601.states import State, Trigger
from protocols.ieee20601.table_driven import TableDriven
from protocols.ieee20601.timeouts import Timer, TimerKey
from protocols.mder.times import NO_RELATIVE_TIME
from protocols.model.codes import SystemId


@dataclass(frozen=True, slots=True)
class ConfigOffer:
    """A configuration report that waits for the manager's verdict."""

    config_id: int


@dataclass(frozen=True, slots=True)
class SentReport:
    """A confirmed report on its way: who reported, its whole APDU, how long it may wait."""

    handle: int
    octets: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class SentPage:
    """A page of a PM-store on its way: its whole APDU, and how often it may be sent again."""

    store: int
    page: SegmentData
    invoke_id: int
    octets: bytes
    retries_left: int


AgentRequest = ConfigOffer | SentReport | SentPage


class AgentAssociating(TableDriven[AgentEvent, AgentRequest, TimerKey, AgentAction]):
    """The associating part of an agent; the parts above it report and answer."""

    def __init__(
        self,
        *,
        system_id: SystemId,
        configurations: tuple[Configuration, ...],
        service: DataRequestService,
        policy: AgentPolicy,
        framing: Framing | None,
    ) -> None:
        super().__init__(
            limits=policy.limits,
            framing=framing,
            first_invoke_id=policy.first_invoke_id,
            release_seconds=policy.timeouts.release,
        )
        self._policy = policy
        self._system_id = system_id
        self._service = service
        self._own_configurations = configurations
        self._to_offer: list[Configuration] = []
        self._configuration = configurations[0]
        self._retries_left = 0
        self._test = False
        self._release_reason = ReleaseReason.NORMAL

    def _carry_out_association(
        self, action: AgentAction, received: Received, now: float
    ) -> Trigger | None:
        """Rows of association and configuration."""
        match action:
            case AgentAction.ASSOCIATE | AgentAction.ASSOCIATE_AGAIN:
                self._request_association(now, again=action is AgentAction.ASSOCIATE_AGAIN)
            case AgentAction.OPERATE:
                self._note_acceptance(received)
                self._operate(now, known=True)
            case AgentAction.OFFER_CONFIG:
                self._note_acceptance(received)
                return Trigger.REQ_SEND_CONFIG
            case AgentAction.SEND_CONFIG:
                self._send_configuration(now)
            case AgentAction.OFFER_NEXT:
                return self._choose_next_configuration(received)
            case AgentAction.CONFIG_ACCEPTED:
                self._invocations.close(received.needed_invoke_id)
                self._operate(now, known=False)
            case AgentAction.REJECTED:
                self._rejected(received)
            case _:
                self._refuse_aarq()
        return None

    # Associate.

    def _request_association(self, now: float, *, again: bool) -> None:
        timeouts = self._policy.timeouts
        if not again:
            self._retries_left = timeouts.associate_retries
            self._configuration, *self._to_offer = self._own_configurations
            self._drain_until = None
        self._send(
            offer(
                system_id=self._system_id,
                config_id=self._configuration.config_id,
                protocol_version=self._policy.protocol_versions,
                functional_units=self._policy.functional_units,
                data_req_flags=self._service.flags,
                init_manager=self._service.room,
            )
        )
        self._timers.start(Timer.ASSOCIATE, now=now, seconds=timeouts.associate)

    def _note_acceptance(self, received: Received) -> None:
        """Stop waiting; remember whether the manager agreed to a test association."""
        self._timers.cancel(Timer.ASSOCIATE)
        chosen = received.apdu.phd if isinstance(received.apdu, Aare) else None
        self._test = chosen is not None and bool(
            chosen.functional_units & FunctionalUnits.CREATE_TEST_ASSOCIATION
        )

    def _operate(self, _now: float, /, *, known: bool) -> None:
        """Begin to operate; the parts above add what they begin with."""
        self._emit(AgentAssociated(self._configuration.config_id, known, self._test))

    def _rejected(self, received: Received) -> None:
        result = received.apdu.result if isinstance(received.apdu, Aare) else 0
        cause = AssociationRejectedError(f"the manager refused, result {result}", result=result)
        self._end(cause, released=False)

    def _refuse_aarq(self) -> None:
        """Two agents cannot associate."""
        nothing = DataProtocol(DATA_PROTOCOL_EMPTY, b"")
        self._send(Aare(int(AssociateResult.REJECTED_PERMANENT), nothing))

    # Configuration.

    def _send_configuration(self, now: float) -> None:
        config_id = self._configuration.config_id
        invoke_id = self._invocations.open(
            ConfigOffer(config_id), now=now, timeout_seconds=self._policy.timeouts.config
        )
        info = encode_configuration(self._configuration)
        self._send_message(
            invoke_id,
            RoivConfirmedEventReport(MDS_HANDLE, NO_RELATIVE_TIME, int(EventType.CONFIG), info),
        )

    def _choose_next_configuration(self, received: Received) -> Trigger:
        """After a refusal: a standard one as an extended one, then the next, then release."""
        self._invocations.close(received.needed_invoke_id)
        extended = self._policy.extended_config_id
        if extended is not None and self._configuration.config_id in STANDARD_CONFIGURATIONS:
            objects = self._configuration.report.objects
            self._configuration = build_configuration(extended, objects)
        elif self._to_offer:
            self._configuration = self._to_offer.pop(0)
        else:
            self._release_reason = ReleaseReason.NO_MORE_CONFIGURATIONS
            return Trigger.REQ_RELEASE
        return Trigger.REQ_SEND_CONFIG

    # The end.

    def _end(self, cause: Exception | None, *, released: bool) -> None:
        was_associated = self._state not in (State.DISCONNECTED, State.UNASSOCIATED)
        self._forget_association()
        if was_associated:
            self._emit(AssociationEnded(cause, released))
