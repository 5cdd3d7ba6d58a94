"""What an agent does: associate, offer its configuration, send reports, answer for its MDS."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from protocols.errors import AssociationRejectedError
from protocols.ieee20601.apdus import Aare, DataApdu, Prst, encode_apdu
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
from protocols.ieee20601.connection import Connection
from protocols.ieee20601.event_reports import EventType
from protocols.ieee20601.events import (
    AgentAssociated,
    AgentEvent,
    AssociationEnded,
    ReportConfirmed,
    ReportRefused,
)
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.mds_attributes import mds_attributes
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.policies import AgentPolicy, MdsDescription
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    Roer,
    RoivConfirmedEventReport,
    RoivEventReport,
    RoivGet,
    Rorj,
    RorsGet,
)
from protocols.ieee20601.report_building import Report
from protocols.ieee20601.states import State, Trigger
from protocols.ieee20601.timeouts import Timer
from protocols.mder.times import NO_RELATIVE_TIME
from protocols.model.codes import SystemId

_REPEATABLE: Final = 16
"""How many sent reports may be sent again."""


@dataclass(frozen=True, slots=True)
class ConfigOffer:
    """A configuration report that waits for the manager's verdict."""

    config_id: int


@dataclass(frozen=True, slots=True)
class SentReport:
    """A confirmed report on its way: its whole APDU."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class SentPage:
    """A page of a PM-store on its way: its whole APDU, and how often it may be sent again."""

    store: int
    page: SegmentData
    invoke_id: int
    octets: bytes
    retries_left: int


AgentRequest = ConfigOffer | SentReport | SentPage


class AgentOperations(Connection[AgentEvent, AgentRequest]):
    """The working part of an agent; `AgentConnection` adds the table and the verbs."""

    def __init__(
        self,
        *,
        system_id: SystemId,
        configuration: Configuration,
        mds: MdsDescription,
        policy: AgentPolicy,
        framing: Framing | None = None,
    ) -> None:
        super().__init__(
            limits=policy.limits, framing=framing, first_invoke_id=policy.first_invoke_id
        )
        self._policy = policy
        self._system_id = system_id
        self._own_configuration = configuration
        self._configuration = configuration
        self._mds = mds
        self._retries_left = 0
        self._test = False
        self._release_reason = ReleaseReason.NORMAL
        self._sent: OrderedDict[int, SentReport] = OrderedDict()

    # Associate.

    def _request_association(self, now: float, *, again: bool) -> None:
        timeouts = self._policy.timeouts
        if not again:
            self._retries_left = timeouts.associate_retries
            self._configuration = self._own_configuration
            self._drain_until = None
        self._send(
            offer(
                system_id=self._system_id,
                config_id=self._own_configuration.config_id,
                protocol_version=self._policy.protocol_versions,
                functional_units=self._policy.functional_units,
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

    def _operate(self, *, known: bool) -> None:
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
        """After a refusal: the same objects as an extended configuration, else release."""
        self._invocations.close(received.needed_invoke_id)
        extended = self._policy.extended_config_id
        if extended is None or self._configuration.config_id not in STANDARD_CONFIGURATIONS:
            self._release_reason = ReleaseReason.NO_MORE_CONFIGURATIONS
            return Trigger.REQ_RELEASE
        self._configuration = build_configuration(extended, self._own_configuration.report.objects)
        return Trigger.REQ_SEND_CONFIG

    # Operate.

    def _send_confirmed(self, report: Report, now: float) -> int:
        # The octets hold the id, so the id comes first.
        invoke_id = self._invocations.open(
            SentReport(b""), now=now, timeout_seconds=self._policy.timeouts.confirm
        )
        message = RoivConfirmedEventReport(
            MDS_HANDLE, NO_RELATIVE_TIME, int(report.event_type), report.event_info
        )
        sent = SentReport(encode_apdu(Prst(DataApdu(invoke_id, message))))
        self._put(sent.octets)
        self._sent[invoke_id] = sent
        self._sent.move_to_end(invoke_id)
        while len(self._sent) > _REPEATABLE:
            self._sent.popitem(last=False)
        return invoke_id

    def _send_unconfirmed(self, report: Report) -> int:
        invoke_id = self._invocations.take_unanswered_id()
        message = RoivEventReport(
            MDS_HANDLE, NO_RELATIVE_TIME, int(report.event_type), report.event_info
        )
        self._send_message(invoke_id, message)
        return invoke_id

    def _answer_get(self, received: Received, now: float) -> None:
        attributes = mds_attributes(
            self._mds,
            system_id=self._system_id,
            config_id=self._configuration.config_id,
            utc=self._utc(now),
        )
        wanted = received.message.attribute_ids if isinstance(received.message, RoivGet) else ()
        if wanted:
            attributes = tuple(item for item in attributes if item.attribute_id in wanted)
        self._send_message(received.needed_invoke_id, RorsGet(MDS_HANDLE, attributes))

    def _report_confirmed(self, received: Received) -> None:
        self._invocations.close(received.needed_invoke_id)
        self._emit(ReportConfirmed(received.needed_invoke_id))

    def _report_refused(self, received: Received) -> None:
        self._invocations.close(received.needed_invoke_id)
        match received.message:
            case Roer(error=error):
                reason = f"error {error}"
            case Rorj(problem=problem):
                reason = f"reject {problem}"
            case _:
                reason = "an answer that cannot be read"
        self._emit(ReportRefused(received.needed_invoke_id, reason))

    # The end.

    def _drain(self, now: float) -> None:
        """What is still on its way belongs to an association that is no more."""
        self._drain_until = now + self._policy.timeouts.release

    def _end(self, cause: Exception | None, *, released: bool) -> None:
        was_associated = self._state not in (State.DISCONNECTED, State.UNASSOCIATED)
        self._forget_association()
        self._sent.clear()
        if was_associated:
            self._emit(AssociationEnded(cause, released))
