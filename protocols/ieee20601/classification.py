"""What an APDU means to the manager's state table: octets and facts of the session -> a trigger.

Nothing here changes state. Whatever the octets are, there is exactly one trigger; what was
decoded on the way goes along, so that the row's action needs not decode again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from protocols.errors import DecodeError
from protocols.ieee20601.apdus import (
    Aare,
    Aarq,
    Abrt,
    DataApdu,
    Prst,
    Rlre,
    Rlrq,
    decode_apdu,
    readable_invoke_id,
)
from protocols.ieee20601.association import (
    NO_SYSTEM_ID,
    AssociateResult,
    Decision,
    NoSystemIdError,
    Supported,
    decide,
)
from protocols.ieee20601.compiled_reports import CompiledReport
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import (
    EventInfo,
    EventType,
    UnknownEventError,
    decode_event_info,
)
from protocols.ieee20601.framing import OversizeApdu
from protocols.ieee20601.invocations import Repeat
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import (
    EventReport,
    Message,
    Roer,
    RoivAction,
    RoivConfirmedAction,
    RoivConfirmedEventReport,
    RoivConfirmedSet,
    RoivEventReport,
    RoivGet,
    RoivSet,
    Rorj,
)
from protocols.ieee20601.states import Trigger
from protocols.ieee20601.tolerances import DEFAULT_TOLERANCES, SYSTEM_ID_FORM, Tolerances
from protocols.ieee20601.transcription import Transcription
from protocols.model.codes import SystemId

_CONFIRMED_REQUESTS: Final = (0x0101, 0x0103, 0x0105, 0x0107)
_UNCONFIRMED: Final = (0x0100, 0x0104, 0x0106)
_EUI_64_OCTETS: Final = 8
_NO_ROOM: Final = "too many reports wait to be stored"
_UNUSABLE: Final = "an unconfirmed configuration report, or a report before the configuration"
_REPEATS: Final = {
    Repeat.NEW: Trigger.RX_REPORT_CONFIRMED,
    Repeat.ANSWERED: Trigger.RX_REPORT_REPEATED,
    Repeat.WAITING: Trigger.RX_REPORT_REPEATED_WAITING,
}


class UnknownObjectError(DecodeError):
    """A report comes from an object nobody told us of: answered with ROER 1."""


class StoppedTransferError(DecodeError):
    """A page of a transfer that was given up: answered with manager-abort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What the manager knows when an APDU arrives.

    `draining`: an abort was sent or received a moment ago and no AARQ came since. `operating`:
    a configuration is agreed. `remembered`: that configuration came from an earlier run.
    `find(system_id, config_id)` is the known configuration, None for an unknown one.
    `has_room(invoke_id)`: one more report may wait for its confirm; `can_hold(octets)`: for the
    device's clock. `expected_answer(invoke_id)` is the class of the answer a request of ours
    waits for. `transcribe(report, info)` raises LayoutError when a report does not fit the
    configuration, or one of the two errors above. `recognise(report)` reads a report of a shape
    that is compiled, None for any other.
    """

    draining: bool
    operating: bool
    remembered: bool
    supported: Supported
    has_room: Callable[[int], bool]
    can_hold: Callable[[bytes], bool]
    find: Callable[[SystemId, int], Configuration | None]
    expected_answer: Callable[[int], type[Message] | None]
    repeat: Callable[[int, bytes], Repeat]
    transcribe: Callable[[EventReport, EventInfo], Transcription]
    recognise: Callable[[EventReport], CompiledReport | None]
    tolerances: Tolerances = DEFAULT_TOLERANCES


def classify_for_manager(octets: bytes, facts: SessionFacts) -> Received:
    """The meaning of one whole APDU."""
    notes: list[str] = []
    try:
        apdu = decode_apdu(octets, leniency=facts.tolerances, notes=notes)
    except NoSystemIdError:
        return Received(
            trigger=Trigger.RX_AARQ_UNACCEPTABLE,
            octets=octets,
            decision=NO_SYSTEM_ID,
            why=NO_SYSTEM_ID.why,
            notes=tuple(notes),
        )
    except DecodeError as exc:
        return _undecodable(octets, facts, str(exc))
    if facts.draining and not isinstance(apdu, Aarq):
        return Received(trigger=Trigger.RX_STALE, octets=octets, apdu=apdu)
    match apdu:
        case Aarq():
            return _aarq(octets, apdu, facts, notes)
        case Aare():
            trigger = Trigger.RX_AARE
        case Rlrq():
            trigger = Trigger.RX_RLRQ
        case Rlre():
            trigger = Trigger.RX_RLRE
        case Abrt():
            trigger = Trigger.RX_ABRT
        case _:
            return _prst(octets, apdu, apdu.data, facts, notes)
    return Received(trigger=trigger, octets=octets, apdu=apdu, notes=tuple(notes))


def classify_oversize(piece: OversizeApdu, expects_answer_to: Callable[[int], bool]) -> Received:
    """The meaning of an APDU that was too long to keep (both roles)."""
    why = f"an APDU of {piece.total_octets} octets is longer than allowed"
    invoke_id, choice = piece.invoke_id, piece.data_choice
    if invoke_id is None or choice is None:
        return Received(trigger=Trigger.RX_OVERSIZE_UNREADABLE, why=why)
    if choice in _CONFIRMED_REQUESTS:
        return Received(trigger=Trigger.RX_OVERSIZE, invoke_id=invoke_id, why=why)
    if choice in _UNCONFIRMED:
        return Received(trigger=Trigger.RX_UNCONFIRMED_UNUSABLE, invoke_id=invoke_id, why=why)
    known = expects_answer_to(invoke_id)
    trigger = Trigger.RX_ERROR if known else Trigger.RX_ERROR_UNKNOWN
    return Received(trigger=trigger, invoke_id=invoke_id, why=why)


def classify_undecodable(
    octets: bytes, expects_answer_to: Callable[[int], bool], why: str
) -> Received:
    """The meaning of an APDU that breaks the encoding (both roles)."""
    invoke_id = readable_invoke_id(octets)
    if invoke_id is not None:
        return Received(
            trigger=Trigger.RX_BADLY_STRUCTURED, octets=octets, invoke_id=invoke_id, why=why
        )
    if len(octets) >= 10 and octets[:2] == b"\xe7\x00":
        invoke_id, choice = (int.from_bytes(octets[at : at + 2], "big") for at in (6, 8))
        if choice in _UNCONFIRMED:
            trigger = Trigger.RX_UNCONFIRMED_UNUSABLE
        elif expects_answer_to(invoke_id):
            trigger = Trigger.RX_ERROR
        else:
            trigger = Trigger.RX_ERROR_UNKNOWN
        return Received(trigger=trigger, octets=octets, invoke_id=invoke_id, why=why)
    return Received(trigger=Trigger.RX_UNDECODABLE, octets=octets, why=why)


def _undecodable(octets: bytes, facts: SessionFacts, why: str) -> Received:
    if facts.draining:
        return Received(trigger=Trigger.RX_STALE, octets=octets)
    return classify_undecodable(
        octets, lambda invoke_id: facts.expected_answer(invoke_id) is not None, why
    )


def _accept_identity(decision: Decision, tolerances: Tolerances, notes: list[str]) -> Decision:
    """The decision, refused for a System-Id that is no EUI-64 where that is not forgiven."""
    if decision.chosen is None:
        return decision
    identity = decision.chosen.system_id.octets
    if len(identity) == _EUI_64_OCTETS and not (identity.isascii() and identity.isalnum()):
        return decision
    try:
        tolerances.forgive(SYSTEM_ID_FORM, notes)
    except DecodeError as exc:
        return Decision(AssociateResult.REJECTED_PERMANENT, None, str(exc))
    return decision


def _aarq(octets: bytes, apdu: Aarq, facts: SessionFacts, notes: list[str]) -> Received:
    decision = _accept_identity(decide(apdu, facts.supported), facts.tolerances, notes)
    configuration: Configuration | None = None
    if decision.result is not AssociateResult.ACCEPTED or decision.chosen is None:
        trigger = Trigger.RX_AARQ_UNACCEPTABLE
    else:
        configuration = facts.find(decision.chosen.system_id, decision.chosen.config_id)
        trigger = Trigger.RX_AARQ_KNOWN_CONFIG if configuration else Trigger.RX_AARQ_UNKNOWN_CONFIG
    return Received(
        trigger=trigger,
        octets=octets,
        apdu=apdu,
        decision=decision,
        configuration=configuration,
        why=decision.why,
        notes=tuple(notes),
    )


def _prst(
    octets: bytes, apdu: Prst, data: DataApdu, facts: SessionFacts, notes: list[str]
) -> Received:
    invoke_id, message = data.invoke_id, data.message
    match message:
        case RoivConfirmedEventReport():
            return _confirmed_report(octets, apdu, invoke_id, message, facts, notes)
        case RoivEventReport():
            return _unconfirmed_report(octets, apdu, invoke_id, message, facts, notes)
        case RoivGet() | RoivConfirmedSet() | RoivConfirmedAction():
            trigger = Trigger.RX_REQUEST
        case RoivSet() | RoivAction():
            trigger = Trigger.RX_UNCONFIRMED_UNUSABLE
        case Roer() | Rorj():
            known = facts.expected_answer(invoke_id) is not None
            trigger = Trigger.RX_ERROR if known else Trigger.RX_ERROR_UNKNOWN
        case _:
            expected = facts.expected_answer(invoke_id)
            fits = expected is not None and isinstance(message, expected)
            trigger = Trigger.RX_RESPONSE if fits else Trigger.RX_RESPONSE_UNKNOWN
    return Received(
        trigger=trigger,
        octets=octets,
        apdu=apdu,
        invoke_id=invoke_id,
        message=message,
        notes=tuple(notes),
    )


def _confirmed_report(
    octets: bytes,
    apdu: Prst,
    invoke_id: int,
    report: EventReport,
    facts: SessionFacts,
    notes: list[str],
) -> Received:
    trigger, why, compiled = Trigger.RX_REPORT_CONFIRMED, "", None
    if report.event_type == EventType.CONFIG:
        trigger = Trigger.RX_CONFIG_REPORT
    elif not facts.operating:
        why = "a report before the configuration"
    else:
        trigger = _REPEATS[facts.repeat(invoke_id, octets)]
    is_new = trigger is Trigger.RX_REPORT_CONFIRMED and not why
    if is_new:
        compiled = facts.recognise(report)
    read = Received(
        trigger=trigger,
        octets=octets,
        apdu=apdu,
        invoke_id=invoke_id,
        report=report,
        info=None if compiled is None else compiled.info,
        transcription=None if compiled is None else compiled.transcription,
        why=why,
        notes=tuple(notes),
    )
    if not is_new:
        return read
    if compiled is None:
        read = _read_report(read, report, facts)
    waits = read.trigger is Trigger.RX_REPORT_CONFIRMED
    has_known = read.trigger is Trigger.RX_REPORT_UNKNOWN_HANDLE and read.transcription is not None
    is_taken = waits or has_known
    if (is_taken and not facts.can_hold(octets)) or (waits and not facts.has_room(invoke_id)):
        return replace(read, trigger=Trigger.RX_REPORT_UNWANTED, why=_NO_ROOM)
    return read


def _unconfirmed_report(
    octets: bytes,
    apdu: Prst,
    invoke_id: int,
    report: EventReport,
    facts: SessionFacts,
    notes: list[str],
) -> Received:
    is_usable = report.event_type != EventType.CONFIG and facts.operating
    compiled = facts.recognise(report) if is_usable else None
    read = Received(
        trigger=Trigger.RX_REPORT_UNCONFIRMED if is_usable else Trigger.RX_UNCONFIRMED_UNUSABLE,
        octets=octets,
        apdu=apdu,
        invoke_id=invoke_id,
        report=report,
        info=None if compiled is None else compiled.info,
        transcription=None if compiled is None else compiled.transcription,
        why="" if is_usable else _UNUSABLE,
        notes=tuple(notes),
    )
    if not is_usable:
        return read
    if compiled is None:
        read = _read_report(read, report, facts)
    if read.trigger is Trigger.RX_REPORT_UNKNOWN_HANDLE and read.transcription is not None:
        read = replace(read, trigger=Trigger.RX_REPORT_UNCONFIRMED)  # what is known is taken
    if read.trigger is Trigger.RX_REPORT_UNCONFIRMED and not facts.can_hold(octets):
        return replace(read, trigger=Trigger.RX_REPORT_UNCONFIRMED_UNWANTED, why=_NO_ROOM)
    if read.trigger in (Trigger.RX_REPORT_UNCONFIRMED, Trigger.RX_REPORT_AGAINST_MEMORY):
        return read
    return replace(read, trigger=Trigger.RX_UNCONFIRMED_UNUSABLE)


def _read_report(base: Received, report: EventReport, facts: SessionFacts) -> Received:
    """A report of no compiled shape, decoded and transcribed, or what is wrong with it.

    In one of a compiled shape nothing is odd.
    """
    notes = list(base.notes)
    try:
        info = decode_event_info(
            report.event_type, report.event_info, leniency=facts.tolerances, notes=notes
        )
    except UnknownEventError as exc:
        return replace(base, trigger=Trigger.RX_REPORT_UNKNOWN_EVENT, why=str(exc))
    except DecodeError as exc:
        return replace(base, trigger=Trigger.RX_REPORT_UNDECODABLE, why=str(exc))
    base = replace(base, info=info)
    try:
        transcription = facts.transcribe(report, info)
    except StoppedTransferError as exc:
        return replace(base, trigger=Trigger.RX_SEGMENT_STOPPED, why=str(exc))
    except UnknownObjectError as exc:
        return replace(base, trigger=Trigger.RX_REPORT_UNKNOWN_HANDLE, why=str(exc))
    except DecodeError as exc:
        trigger = Trigger.RX_REPORT_UNDECODABLE
        if not isinstance(info, SegmentData):  # a page is laid out by what the agent told today
            trigger = _misfit(facts, trigger)
        return replace(base, trigger=trigger, why=str(exc))
    base = replace(base, transcription=transcription, notes=(*notes, *transcription.notes))
    if transcription.unknown_handles:
        return replace(
            base,
            trigger=_misfit(facts, Trigger.RX_REPORT_UNKNOWN_HANDLE),
            why="a report names handles that the configuration does not have",
        )
    if transcription.is_unreadable and not isinstance(info, SegmentData):
        # One bad value does not reject the good ones; with none of them, a confirm would be a lie.
        # A page is confirmed all the same: its store keeps it, and the next page may be good.
        why = "no value of the report can be read"
        return replace(base, trigger=Trigger.RX_REPORT_UNDECODABLE, why=why)
    return base


def _misfit(facts: SessionFacts, otherwise: Trigger) -> Trigger:
    """A report that does not fit: with a remembered configuration, that one is to blame."""
    return Trigger.RX_REPORT_AGAINST_MEMORY if facts.remembered else otherwise
