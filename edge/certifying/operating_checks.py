"""While the device operates: the parts of its examination in order, and its answers to errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edge.certifying.asking import TO_GET, Examination, ask, has_ended
from edge.certifying.data_request_checks import examine_data_requests
from edge.certifying.device_checks import (
    examine_device,
    examine_passing_time,
    examine_selection,
)
from edge.certifying.probe import Expect, Outcome, Probe
from edge.certifying.scanner_checks import disable_scanners, enable_scanners
from edge.certifying.store_checks import examine_stores
from protocols.ieee20601.apdus import Abrt
from protocols.ieee20601.association import PhdAssociationInformation
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    ErrorCode,
    Roer,
    RoivConfirmedAction,
    RoivGet,
    Rorj,
)
from protocols.ieee20601.scanners import scanners_of

_UNKNOWN_HANDLE: Final = 0xFFF0
_UNKNOWN_ACTION: Final = 0x0BAD


def examine(
    probe: Probe,
    offered: PhdAssociationInformation,
    configuration: Configuration,
    *,
    report_seconds: float,
    set_time: bool,
    fetch_stored: bool,
) -> Examination:
    """All checks of an operating device, in the order they disturb it least."""
    scanners = tuple(scanners_of(configuration).values())
    parts: tuple[Callable[[], Examination], ...] = (
        lambda: examine_device(probe, set_time=set_time),
        lambda: examine_selection(probe),
        lambda: enable_scanners(probe, scanners, report_seconds),
        lambda: examine_passing_time(probe, _stay(probe, report_seconds)),
        lambda: disable_scanners(probe, scanners, report_seconds),
        lambda: examine_data_requests(probe, offered, configuration, report_seconds),
        lambda: _stores(probe, configuration, fetch=fetch_stored),
        lambda: _no_object(probe),
        lambda: _no_action(probe),
        lambda: _bad_structure(probe),
    )
    for part in parts:
        if not (yield from part()):
            return False
    return True


def _stay(probe: Probe, seconds: float) -> Examination:
    """Let it report for a while; an episodic device may have nothing to say."""
    incoming = yield Expect(has_ended, seconds)
    ended = has_ended(incoming)
    probe.record.judge("OPER-5", not ended, incoming.in_words(), *incoming.evidence)
    probe.record.leave_out("REP-1", f"it sent none within {seconds:g} s; take a measurement")
    probe.record.leave_out("REP-5", "it sent no two reports in one association")
    return not ended


def _stores(probe: Probe, configuration: Configuration, *, fetch: bool) -> Examination:
    stores = configuration.pm_stores
    why = "it has no store" if not stores else "its store may not be read in this run"
    if not stores or not fetch:
        probe.record.leave_out_group("Stored data", why)
        return True
    return (yield from examine_stores(probe, stores))


def _no_object(probe: Probe) -> Examination:
    answered = yield from ask(probe, RoivGet(_UNKNOWN_HANDLE, ()))
    message, incoming = answered.message, answered.incoming
    right = isinstance(message, Roer) and message.error == ErrorCode.NO_SUCH_OBJECT_INSTANCE
    probe.record.judge("OPER-1", right, incoming.in_words(), *incoming.evidence)
    return not answered.ended


def _no_action(probe: Probe) -> Examination:
    request = RoivConfirmedAction(MDS_HANDLE, _UNKNOWN_ACTION, b"")
    answered = yield from ask(probe, request)
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
    probe.unanswered = incoming.outcome is Outcome.TIMEOUT
    right = isinstance(incoming.apdu, Abrt) or isinstance(incoming.message, Rorj)
    probe.record.judge("OPER-4", right, incoming.in_words(), *incoming.evidence)
    return incoming.outcome is not Outcome.CLOSED and not isinstance(incoming.apdu, Abrt)
