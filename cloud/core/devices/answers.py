"""Whatever came over a gateway's `answers` channel, by either way, and what follows from it."""

from __future__ import annotations

from cloud.core.devices import commands
from cloud.core.devices.reports import note_report
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from protocols.uplink.commands import Answer, CommandAnswer, GatewayReport


def take_answer(work: UnitOfWork, gateway: Principal, answer: Answer) -> str:
    """Keep it; one word for the metrics that says what it was."""
    match answer:
        case CommandAnswer():
            row = commands.settle(work, gateway, answer)
            return "repeated" if row is None else answer.outcome.value
        case GatewayReport():
            note_report(work, gateway, answer)
            return "report"
        case _:
            return "enrolment"
