"""What an APDU means to the agent's state table: octets and facts of the session -> a trigger."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from protocols.errors import DecodeError
from protocols.ieee20601.apdus import (
    Aare,
    Aarq,
    Abrt,
    DataApdu,
    Rlre,
    Rlrq,
    decode_apdu,
)
from protocols.ieee20601.association import (
    AssociateResult,
    EncodingRules,
    PhdAssociationInformation,
)
from protocols.ieee20601.classification import classify_undecodable
from protocols.ieee20601.event_reports import (
    CONFIG_RESPONSE,
    ConfigReportResponse,
    ConfigResult,
    EventType,
)
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    Roer,
    RoivAction,
    RoivConfirmedAction,
    RoivConfirmedEventReport,
    RoivConfirmedSet,
    RoivEventReport,
    RoivGet,
    RoivSet,
    Rorj,
    RorsConfirmedEventReport,
)
from protocols.ieee20601.states import Trigger
from protocols.ieee20601.tolerances import DEFAULT_TOLERANCES, ECHOED_SYSTEM_ID, Tolerances
from protocols.model.codes import SystemId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """What the agent knows when an APDU arrives.

    `offered_versions` are the protocol version bits of its AARQ; `config_offer(invoke_id)` is
    the config id of an offer that waits under that id; `offers_config` whether any offer waits;
    `is_outstanding(invoke_id)` whether a report waits under it; `has_object(handle)` whether
    there is such an object; `wants_test` whether a test association was asked for; `stores` the
    handles of its PM-stores; `system_id` its own; `tolerances` what the manager is forgiven.
    """

    draining: bool
    offered_versions: int
    offers_config: bool
    config_offer: Callable[[int], int | None]
    is_outstanding: Callable[[int], bool]
    has_object: Callable[[int], bool]
    wants_test: bool
    stores: Collection[int] = ()
    system_id: SystemId | None = None
    tolerances: Tolerances = DEFAULT_TOLERANCES

    def expects(self, invoke_id: int) -> bool:
        """Whether anything of ours waits under this id."""
        return self.is_outstanding(invoke_id) or self.config_offer(invoke_id) is not None


def classify_for_agent(octets: bytes, facts: AgentFacts) -> Received:
    """The meaning of one whole APDU."""
    try:
        apdu = decode_apdu(octets)
    except DecodeError as exc:
        if facts.draining:
            return Received(trigger=Trigger.RX_STALE, octets=octets)
        return classify_undecodable(octets, facts.expects, str(exc))
    if facts.draining:
        return Received(trigger=Trigger.RX_STALE, octets=octets, apdu=apdu)
    why = ""
    notes: list[str] = []
    match apdu:
        case Aarq():
            trigger = Trigger.RX_AARQ
        case Aare():
            trigger, why = _aare(apdu, facts, notes)
        case Rlrq():
            trigger = Trigger.RX_RLRQ
        case Rlre():
            trigger = Trigger.RX_RLRE
        case Abrt():
            trigger = Trigger.RX_ABRT
        case _:
            return Received(
                trigger=_prst(apdu.data, facts),
                octets=octets,
                apdu=apdu,
                invoke_id=apdu.data.invoke_id,
                message=apdu.data.message,
            )
    return Received(trigger=trigger, octets=octets, apdu=apdu, why=why, notes=tuple(notes))


def _aare(apdu: Aare, facts: AgentFacts, notes: list[str]) -> tuple[Trigger, str]:
    if apdu.result not in (AssociateResult.ACCEPTED, AssociateResult.ACCEPTED_UNKNOWN_CONFIG):
        return Trigger.RX_AARE_REJECTED, ""
    chosen = apdu.phd
    if chosen is None or not _is_choice(chosen, facts.offered_versions):
        return Trigger.RX_UNDECODABLE, "an acceptance that chose nothing we offered"
    if facts.wants_test and not chosen.is_test:
        return Trigger.RX_UNDECODABLE, "a test association was asked for, a real one accepted"
    if chosen.system_id == facts.system_id:
        try:
            facts.tolerances.forgive(ECHOED_SYSTEM_ID, notes)
        except DecodeError as exc:
            return Trigger.RX_UNDECODABLE, str(exc)
    if apdu.result == AssociateResult.ACCEPTED:
        return Trigger.RX_AARE_ACCEPTED, ""
    return Trigger.RX_AARE_UNKNOWN_CONFIG, ""


def _is_choice(chosen: PhdAssociationInformation, offered_versions: int) -> bool:
    """Exactly one of the offered versions, and the one encoding we speak."""
    version = chosen.protocol_version
    is_one_version = version & offered_versions == version and version.bit_count() == 1
    return is_one_version and chosen.encoding == EncodingRules.MDER


def _prst(data: DataApdu, facts: AgentFacts) -> Trigger:
    match data.message:
        case RoivGet(handle=handle) | RoivConfirmedAction(handle=handle) if handle in facts.stores:
            return Trigger.RX_STORE_REQUEST
        case RoivGet(handle=handle) if handle == MDS_HANDLE:
            return Trigger.RX_GET_MDS
        case (
            RoivGet(handle=handle)
            | RoivConfirmedSet(handle=handle)
            | RoivConfirmedAction(handle=handle)
        ):
            known = facts.has_object(handle)
            return Trigger.RX_REQUEST if known else Trigger.RX_REQUEST_UNKNOWN_OBJECT
        case RoivConfirmedEventReport():
            return Trigger.RX_REQUEST
        case RoivSet(handle=handle) | RoivAction(handle=handle) if facts.has_object(handle):
            return Trigger.RX_REQUEST_UNCONFIRMED
        case RoivEventReport() | RoivSet() | RoivAction():
            return Trigger.RX_UNCONFIRMED_UNUSABLE
        case Roer() | Rorj():
            known = facts.expects(data.invoke_id)
            return Trigger.RX_ERROR if known else Trigger.RX_ERROR_UNKNOWN
        case RorsConfirmedEventReport(event_type=EventType.CONFIG) as reply:
            return _config_reply(data.invoke_id, reply, facts)
        case RorsConfirmedEventReport() if facts.is_outstanding(data.invoke_id):
            return Trigger.RX_RESPONSE
        case _:
            return Trigger.RX_RESPONSE_UNKNOWN


def _config_reply(invoke_id: int, reply: RorsConfirmedEventReport, facts: AgentFacts) -> Trigger:
    """A verdict on a configuration: the one we wait for, or a stale one (fix 2)."""
    offered = facts.config_offer(invoke_id)
    try:
        response: ConfigReportResponse = CONFIG_RESPONSE.decode(reply.event_reply_info)
    except DecodeError:
        return Trigger.RX_ERROR if offered is not None else Trigger.RX_RESPONSE_UNKNOWN
    if facts.offers_config and offered != response.config_id:
        return Trigger.RX_RESPONSE_UNKNOWN
    if response.result == ConfigResult.ACCEPTED:
        return Trigger.RX_CONFIG_ACCEPTED
    return Trigger.RX_CONFIG_REFUSED
