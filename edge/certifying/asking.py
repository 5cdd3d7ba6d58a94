"""A request to the device and what came back for it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Final

from edge.certifying.probe import Expect, Incoming, Outcome, Probe
from protocols.ieee20601.apdus import Abrt, Rlrq
from protocols.ieee20601.remote_operations import EventReport, Message

TO_GET: Final = 3.0
Examination = Generator[Expect, Incoming, bool]
"""A part of the examination: whether the association is still there."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back for a request; `ended` when the association went instead."""

    incoming: Incoming

    @property
    def message(self) -> Message | None:
        """The answer, None where none came."""
        return self.incoming.message

    @property
    def ended(self) -> bool:
        """Whether the device left the association, or the line."""
        return has_ended(self.incoming)


def has_ended(incoming: Incoming) -> bool:
    """Whether this is the device leaving the association, or the line."""
    return incoming.outcome is Outcome.CLOSED or isinstance(incoming.apdu, Abrt | Rlrq)


def ask(
    probe: Probe, request: Message, seconds: float = TO_GET
) -> Generator[Expect, Incoming, Answered]:
    """Send a request and wait for its answer, or for the association's end."""
    invoke_id = probe.ask(request)

    others: list[Incoming] = []

    def fits(item: Incoming) -> bool:
        if isinstance(item.apdu, Abrt | Rlrq):
            return True
        if item.message is None or isinstance(item.message, EventReport):
            return False
        if item.invoke_id != invoke_id:
            others.append(item)
        return item.invoke_id == invoke_id

    incoming = yield Expect(fits, seconds)
    probe.unanswered = incoming.outcome is Outcome.TIMEOUT
    if probe.unanswered and others:
        why = f"{others[0].in_words()} for another request"
        incoming = replace(incoming, why=why, position=others[0].position)
    return Answered(incoming)


def while_associated(probe: Probe, examination: Examination) -> Examination:
    """Go on until the association ends, and keep why.

    A device may release whenever it has no more to say (20601 8.10). An end that follows a request
    without an answer is that request's: the device may have been busy with it still. One that
    follows octets of no APDU may be theirs: a report among them was never confirmed. Nothing else
    is judged by such an end.
    """
    try:
        wish = next(examination)
        while True:
            incoming = yield wish
            if has_ended(incoming):
                probe.stopped = f"the association ended before it: {incoming.in_words()}"
                excused = probe.unanswered or probe.damaged
                if excused:
                    cause = "a request without an answer" if probe.unanswered else "lost octets"
                    probe.stopped += f" after {cause}"
                if excused or isinstance(incoming.apdu, Rlrq):
                    return False
            wish = examination.send(incoming)
    except StopIteration as end:
        return bool(end.value)
    finally:
        examination.close()
