"""While the device operates: its MDS, its answers, its reports and its store."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edge.certifying.findings import Record
from edge.certifying.probe import Expect, Incoming, Outcome, Probe
from edge.certifying.store_checks import examine_stores
from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.apdus import Abrt, Rlrq
from protocols.ieee20601.attributes import AttributeValue, find_readable
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    ErrorCode,
    EventReport,
    Message,
    Roer,
    RoivConfirmedAction,
    RoivGet,
    Rorj,
    RorsConfirmedAction,
    RorsGet,
)
from protocols.ieee20601.requests import ACT_SET_TIME, SET_TIME, SetTime, get_all, get_selected

TO_GET: Final = 3.0
_UNKNOWN_HANDLE: Final = 0xFFF0
_UNKNOWN_ACTION: Final = 0x0BAD
_CAN_SET_CLOCK: Final = 0x4000
_REAL_TIME_CLOCK: Final = 0x8000
_EXACT: Final = Decimal(0)
Examination = Generator[Expect, Incoming, bool]
"""A part of the examination: whether the association is still there."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """What came back for a request; `ended` when the association went instead."""

    incoming: Incoming

    @property
    def message(self) -> Message | None:
        return self.incoming.message

    @property
    def ended(self) -> bool:
        closed = self.incoming.outcome is Outcome.CLOSED
        return closed or isinstance(self.incoming.apdu, Abrt | Rlrq)


def examine(
    probe: Probe,
    configuration: Configuration,
    *,
    report_seconds: float,
    set_time: bool,
    fetch_stored: bool,
) -> Examination:
    """All checks of an operating device, in the order they disturb it least."""
    parts: tuple[Callable[[], Examination], ...] = (
        lambda: _device(probe, set_time=set_time),
        lambda: _one_attribute(probe),
        lambda: _stay(probe, report_seconds),
        lambda: _stores(probe, configuration, fetch=fetch_stored),
        lambda: _no_object(probe),
        lambda: _no_action(probe),
        lambda: _bad_structure(probe),
    )
    for part in parts:
        if not (yield from part()):
            return False
    return True


def _answer(
    probe: Probe, request: Message, seconds: float = TO_GET
) -> Generator[Expect, Incoming, _Answered]:
    invoke_id = probe.ask(request)

    def fits(item: Incoming) -> bool:
        if isinstance(item.apdu, Abrt | Rlrq):
            return True
        return item.invoke_id == invoke_id and not isinstance(item.message, EventReport)

    return _Answered((yield Expect(fits, seconds)))


def _device(probe: Probe, *, set_time: bool) -> Examination:
    """MDS-1 to MDS-7, and OPER-3 with what the MDS says of its clock."""
    answered = yield from _answer(probe, get_all())
    incoming, message = answered.incoming, answered.message
    record, where = probe.record, incoming.evidence
    record.judge("MDS-1", isinstance(message, RorsGet), incoming.in_words(), *where)
    if not isinstance(message, RorsGet):
        return not answered.ended
    attributes = message.attributes
    for value in attributes:
        kind = at.ATTRIBUTES.get(value.attribute_id)
        try:
            if kind is not None:
                kind.decode(value.octets)
        except DecodeError as exc:
            record.judge("MDS-2", False, str(exc), *where)
    record.judge("MDS-2", True, "", *where)
    _judge_identity(record, attributes, probe.reports.configuration, where)
    _judge_clock(record, attributes, where)
    return (yield from _set_time(probe, attributes, allowed=set_time))


def _judge_identity(
    record: Record,
    attributes: tuple[AttributeValue, ...],
    configuration: Configuration | None,
    where: tuple[int, ...],
) -> None:
    system_id = find_readable(attributes, at.SYS_ID, [])
    record.judge("MDS-3", str(system_id) == record.system_id, f"{system_id}", *where)
    config_id = find_readable(attributes, at.DEV_CONFIG_ID, [])
    in_use = configuration is not None and config_id == configuration.config_id
    record.judge("MDS-4", in_use, f"{config_id}", *where)
    model = find_readable(attributes, at.ID_MODEL, [])
    record.manufacturer, record.model = model.texts if model else ("", "")
    record.judge("MDS-5", bool(record.manufacturer and record.model), "left empty", *where)
    versions = find_readable(attributes, at.SYS_TYPE_SPEC_LIST, [])
    system_type = find_readable(attributes, at.SYS_TYPE, [])
    typed = bool(versions) or (system_type is not None and system_type.term != 0)
    record.judge("MDS-6", typed, "neither is there", *where)


def _judge_clock(
    record: Record, attributes: tuple[AttributeValue, ...], where: tuple[int, ...]
) -> None:
    info = find_readable(attributes, at.MDS_TIME_INFO, [])
    if info is None or not info.capability & _REAL_TIME_CLOCK:
        record.leave_out("MDS-7", "it claims no real-time clock")
        return
    now = find_readable(attributes, at.TIME_ABS, [])
    tells = now is not None and now.at is not None
    record.judge("MDS-7", tells, now.octets.hex() if now else "no Date-and-Time", *where)


def _set_time(
    probe: Probe, attributes: tuple[AttributeValue, ...], *, allowed: bool
) -> Examination:
    info = find_readable(attributes, at.MDS_TIME_INFO, [])
    if info is None or not info.capability & _CAN_SET_CLOCK:
        probe.record.leave_out("OPER-3", "it does not say that it can")
        return True
    if not allowed:
        probe.record.leave_out("OPER-3", "its clock may not be set in this run (--set-time)")
        return True
    now = find_readable(attributes, at.TIME_ABS, [])
    if now is None:
        probe.record.leave_out("OPER-3", "it shows no time to set back")
        return True
    # Its own time goes back to it: the check must not leave it with a wrong one.
    request = RoivConfirmedAction(
        MDS_HANDLE, ACT_SET_TIME, SET_TIME.encode(SetTime(now, accuracy=_EXACT))
    )
    answered = yield from _answer(probe, request)
    took = isinstance(answered.message, RorsConfirmedAction)
    incoming = answered.incoming
    probe.record.judge("OPER-3", took, incoming.in_words(), *incoming.evidence)
    return not answered.ended


def _one_attribute(probe: Probe) -> Examination:
    answered = yield from _answer(probe, get_selected(MDS_HANDLE, [at.SYS_ID]))
    message, incoming = answered.message, answered.incoming
    right = isinstance(message, RorsGet) and [
        value.attribute_id for value in message.attributes
    ] == [at.SYS_ID.attribute_id]
    probe.record.judge("MDS-8", right, incoming.in_words(), *incoming.evidence)
    return not answered.ended


def _stay(probe: Probe, seconds: float) -> Examination:
    """Let it report for a while; an episodic device may have nothing to say."""
    incoming = yield Expect(lambda item: isinstance(item.apdu, Abrt | Rlrq), seconds)
    ended = incoming.outcome is not Outcome.TIMEOUT
    probe.record.judge("OPER-5", not ended, incoming.in_words(), *incoming.evidence)
    probe.record.leave_out("REP-1", f"it sent none within {seconds:g} s; take a measurement")
    return not ended


def _stores(probe: Probe, configuration: Configuration, *, fetch: bool) -> Examination:
    stores = configuration.pm_stores
    why = "it has no store" if not stores else "its store may not be read in this run"
    if not stores or not fetch:
        for number in range(1, 6):
            probe.record.leave_out(f"STORE-{number}", why)
        return True
    return (yield from examine_stores(probe, stores, ask=_asked))


def _asked(probe: Probe, request: Message) -> Generator[Expect, Incoming, Incoming]:
    return (yield from _answer(probe, request)).incoming


def _no_object(probe: Probe) -> Examination:
    answered = yield from _answer(probe, RoivGet(_UNKNOWN_HANDLE, ()))
    message, incoming = answered.message, answered.incoming
    right = isinstance(message, Roer) and message.error == ErrorCode.NO_SUCH_OBJECT_INSTANCE
    probe.record.judge("OPER-1", right, incoming.in_words(), *incoming.evidence)
    return not answered.ended


def _no_action(probe: Probe) -> Examination:
    request = RoivConfirmedAction(MDS_HANDLE, _UNKNOWN_ACTION, b"")
    answered = yield from _answer(probe, request)
    right = isinstance(answered.message, Roer | Rorj)
    incoming = answered.incoming
    probe.record.judge("OPER-2", right, incoming.in_words(), *incoming.evidence)
    return not answered.ended


def _bad_structure(probe: Probe) -> Examination:
    """A Get whose list announces more than it holds."""
    invoke_id = probe.next_invoke_id()
    content = MDS_HANDLE.to_bytes(2, "big") + b"\x00\x04\x00\x02\x09\x84"
    data = invoke_id.to_bytes(2, "big") + b"\x01\x03" + len(content).to_bytes(2, "big") + content
    body = len(data).to_bytes(2, "big") + data
    probe.send_octets(b"\xe7\x00" + len(body).to_bytes(2, "big") + body)
    incoming = yield Expect(
        lambda item: isinstance(item.apdu, Abrt) or item.invoke_id == invoke_id, TO_GET
    )
    right = isinstance(incoming.apdu, Abrt) or isinstance(incoming.message, Rorj)
    probe.record.judge("OPER-4", right, incoming.in_words(), *incoming.evidence)
    return incoming.outcome is not Outcome.CLOSED and not isinstance(incoming.apdu, Abrt)
