"""The beginning of an association, which the scripts share, and its end by an abort."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Final

from edge.certifying.asking import has_ended
from edge.certifying.association_checks import judge_configuration, judge_request
from edge.certifying.probe import Expect, Incoming, Outcome, Probe, Script
from protocols.ieee20601.apdus import Aarq, Abrt
from protocols.ieee20601.association import (
    AbortReason,
    AssociateResult,
    Decision,
    PhdAssociationInformation,
    answer,
    decide,
)
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import ConfigResult, EventType, answer_configuration
from protocols.ieee20601.remote_operations import EventReport, RoivConfirmedEventReport
from protocols.model.codes import SystemId

MANAGER: Final = SystemId(b"CERTIFY\x00")
TO_CONFIG: Final = 10.0
SETTLING: Final = 1.0
"""How long a device that dislikes our answer to its configuration has to say so."""


def is_config_report(incoming: Incoming) -> bool:
    """Whether this is a configuration report."""
    message = incoming.message
    return isinstance(message, EventReport) and message.event_type == EventType.CONFIG


def associate(
    probe: Probe, patience_seconds: float, result: AssociateResult
) -> Generator[Expect, Incoming, PhdAssociationInformation | None]:
    """Wait for a request, judge it and answer with `result`; the offer, None without one."""
    incoming = yield Expect(
        lambda item: item.apdu is None or isinstance(item.apdu, Aarq),
        patience_seconds,
        across_lines=True,
    )
    if incoming.outcome is not Outcome.CAME:
        probe.gone = True
        if not probe.record.is_judged("ASSOC-1"):
            probe.record.judge("ASSOC-1", False, incoming.in_words())
        return None
    probe.accepted = probe.unanswered = probe.damaged = False
    asked = judge_request(probe.record, incoming)
    if asked is None or not isinstance(incoming.apdu, Aarq):
        probe.stopped = "its association request offers nothing to go on with"
        return None
    probe.reports.begin(None)
    decision = decide(incoming.apdu)
    if decision.chosen is None:  # it is judged already; go on with what it offers
        decision = Decision(AssociateResult.ACCEPTED, asked, "")
    if result in (AssociateResult.ACCEPTED, AssociateResult.ACCEPTED_UNKNOWN_CONFIG):
        probe.send(answer(decision, result=result, system_id=MANAGER))
    else:
        refusal = replace(decision, chosen=None)
        probe.send(answer(refusal, result=result, system_id=MANAGER))
    return asked


def configure(
    probe: Probe, offered: int, verdict: ConfigResult
) -> Generator[Expect, Incoming, Configuration | None]:
    """Take the configuration report and give the verdict; None when none came that can be read."""
    incoming = yield Expect(lambda item: is_config_report(item) or has_ended(item), TO_CONFIG)
    came = is_config_report(incoming)
    probe.record.judge("CONF-1", came, incoming.in_words(), *incoming.evidence)
    if not came:
        probe.stopped = f"its configuration did not come: {incoming.in_words()}"
        if not has_ended(incoming):
            yield from abort(probe)
        return None
    configuration = judge_configuration(probe.record, incoming, offered)
    report = incoming.message
    if configuration is None or not isinstance(report, RoivConfirmedEventReport):
        probe.stopped = "its configuration could not be answered"
        yield from abort(probe)
        return None
    reply = answer_configuration(report, configuration.config_id, verdict)
    probe.reply(incoming.invoke_id, reply)
    return configuration


def operate(
    probe: Probe, patience_seconds: float
) -> Generator[Expect, Incoming, tuple[PhdAssociationInformation, Configuration] | None]:
    """Associate and accept the configuration: the device operates then; its offer and objects."""
    asked = yield from associate(probe, patience_seconds, AssociateResult.ACCEPTED_UNKNOWN_CONFIG)
    if asked is None:
        return None
    configuration = yield from configure(probe, asked.config_id, ConfigResult.ACCEPTED)
    if configuration is None:
        return None
    probe.reports.begin(configuration)
    probe.accepted = True
    incoming = yield Expect(lambda _: True, SETTLING, keeps=True)
    left = has_ended(incoming)
    probe.record.judge("CONF-12", not left, incoming.in_words(), *incoming.evidence)
    if left:
        probe.stopped = f"it left when its configuration was accepted: {incoming.in_words()}"
        return None
    return asked, configuration


def abort(probe: Probe) -> Script:
    """End the association at once; what comes after it shows REL-2."""
    probe.send(Abrt(int(AbortReason.UNDEFINED)))
    # What was on its way when the abort left is not the device's fault: half a second for it.
    yield Expect(lambda item: isinstance(item.apdu, Aarq), 0.5)
