"""The scanners of a device: switched on, heard, switched off."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from edge.certifying.asking import Answered, Examination, ask, has_ended
from edge.certifying.probe import Expect, Incoming, Outcome, Probe
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import find_readable
from protocols.ieee20601.remote_operations import EventReport, RorsConfirmedSet
from protocols.ieee20601.scanners import OperationalState, Scanner, disable, enable

_GROUP: Final = "Scanners"
_AWAKE_SECONDS: Final = 1.0


def enable_scanners(probe: Probe, scanners: tuple[Scanner, ...], seconds: float) -> Examination:
    """SCAN-1 and SCAN-2; they stay enabled."""
    if not scanners:
        probe.record.leave_out_group(_GROUP, "it has no scanner")
    for scanner in scanners:
        answered = yield from _switch(probe, scanner, OperationalState.ENABLED)
        if answered.ended:
            return False
        incoming = yield from _next_report(probe, scanner, _patience(scanner, seconds))
        if has_ended(incoming):
            return False
        came = incoming.outcome is Outcome.CAME
        if came or scanner.is_periodic:
            detail = f"scanner {scanner.handle}: {incoming.in_words()}"
            probe.record.judge("SCAN-2", came, detail, *incoming.evidence)
        else:
            probe.record.leave_out("SCAN-2", f"nothing happened within {seconds:g} s")
    return True


def disable_scanners(probe: Probe, scanners: tuple[Scanner, ...], seconds: float) -> Examination:
    """SCAN-3, for every scanner; the Set's answer is SCAN-1 again."""
    for scanner in scanners:
        answered = yield from _switch(probe, scanner, OperationalState.DISABLED)
        if answered.ended:
            return False
        if not probe.record.is_judged("SCAN-2"):
            probe.record.leave_out("SCAN-3", "it did not report before")
            continue
        # It answers in order: what it sends after its answer, it sends while it is disabled.
        incoming = yield from _next_report(probe, scanner, _patience(scanner, seconds))
        if has_ended(incoming):
            return False
        silent = incoming.outcome is Outcome.TIMEOUT
        detail = f"scanner {scanner.handle}: {incoming.in_words()}"
        probe.record.judge("SCAN-3", silent, detail, *incoming.evidence)
    return True


def _patience(scanner: Scanner, seconds: float) -> float:
    """Long enough for two reports of a periodic scanner, however slow it is."""
    return max(seconds, 2 * (scanner.interval_seconds or 0.0) + _AWAKE_SECONDS)


def _switch(
    probe: Probe, scanner: Scanner, state: OperationalState
) -> Generator[Expect, Incoming, Answered]:
    request = enable if state is OperationalState.ENABLED else disable
    answered = yield from ask(probe, request(scanner.handle))
    message, incoming = answered.message, answered.incoming
    took = isinstance(message, RorsConfirmedSet) and (
        find_readable(message.attributes, at.OP_STAT, []) == state
    )
    detail = f"scanner {scanner.handle}, {state.name.lower()}: {incoming.in_words()}"
    probe.record.judge("SCAN-1", took, detail, *incoming.evidence)
    return answered


def _next_report(
    probe: Probe, scanner: Scanner, seconds: float
) -> Generator[Expect, Incoming, Incoming]:
    def fits(item: Incoming) -> bool:
        message = item.message
        is_report = isinstance(message, EventReport) and message.handle == scanner.handle
        return is_report or has_ended(item)

    incoming = yield Expect(fits, seconds)
    probe.take_report(incoming, confirm=True)
    return incoming
