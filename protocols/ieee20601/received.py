"""What was received: the octets, what they mean to a state table, and their decoded parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocols.ieee20601.apdus import Apdu
from protocols.ieee20601.association import Decision
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import EventInfo
from protocols.ieee20601.remote_operations import EventReport, Message
from protocols.ieee20601.states import Trigger
from protocols.ieee20601.transcription import Transcription


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One classified APDU.

    `trigger` is what it means to the state table. The rest is filled as far as it could be
    decoded: `invoke_id` also of a broken request that can still be answered. `why` says in a
    sentence what was wrong, `notes` what was odd and tolerated; neither holds measured values.
    `configuration` is the known one of an accepted offer: what remembers it is asked once.
    `invoke` sends a request of ours at a monotonic time and gives its invoke id.
    """

    trigger: Trigger
    octets: bytes = b""
    apdu: Apdu | None = None
    invoke_id: int | None = None
    message: Message | None = None
    report: EventReport | None = None
    info: EventInfo | None = None
    transcription: Transcription | None = None
    decision: Decision | None = None
    configuration: Configuration | None = None
    invoke: Callable[[float], int] | None = None
    why: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_to_confirm(self) -> bool:
        """Whether this is a report that the driver confirms."""
        return self.trigger is Trigger.RX_REPORT_CONFIRMED

    @property
    def needed_invoke_id(self) -> int:
        """The invoke id; AssertionError where the trigger has none."""
        if self.invoke_id is None:
            raise AssertionError(f"{self.trigger.value}: no invoke id")
        return self.invoke_id

    @property
    def needed_report(self) -> EventReport:
        """The event report; AssertionError where the trigger has none."""
        if self.report is None:
            raise AssertionError(f"{self.trigger.value}: no report")
        return self.report

    @property
    def needed_decision(self) -> Decision:
        """The decision on an AARQ; AssertionError where the trigger has none."""
        if self.decision is None:
            raise AssertionError(f"{self.trigger.value}: no decision")
        return self.decision

    @property
    def needed_message(self) -> Message:
        """The remote operation; AssertionError where the trigger has none."""
        if self.message is None:
            raise AssertionError(f"{self.trigger.value}: no message")
        return self.message

    @property
    def needed_invoke(self) -> Callable[[float], int]:
        """How our request is sent; AssertionError where the trigger has none."""
        if self.invoke is None:
            raise AssertionError(f"{self.trigger.value}: nothing to send")
        return self.invoke

    @property
    def needed_info(self) -> EventInfo:
        """The decoded event info; AssertionError where the trigger has none."""
        if self.info is None:
            raise AssertionError(f"{self.trigger.value}: no event info")
        return self.info

    @property
    def needed_transcription(self) -> Transcription:
        """The transcribed report; AssertionError where the trigger has none."""
        if self.transcription is None:
            raise AssertionError(f"{self.trigger.value}: nothing was transcribed")
        return self.transcription
