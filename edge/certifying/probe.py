"""The runner's side of a conversation: bytes and time in, bytes out; scripts say what comes next.

A script is a generator. It sends through the probe and yields `Expect`; the probe gives it the
first message that fits, or why none came. Reports that come in between are judged, confirmed and
kept, so that a device that measures is not held up by our questions.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from edge.certifying.findings import Record
from edge.certifying.report_checks import ReportChecks
from protocols.captures import AGENT_TO_MANAGER, MANAGER_TO_AGENT
from protocols.errors import DecodeError
from protocols.ieee20601.apdus import (
    Apdu,
    DataApdu,
    Prst,
    Rlre,
    Rlrq,
    decode_apdu,
    encode_apdu,
)
from protocols.ieee20601.association import ReleaseReason
from protocols.ieee20601.event_reports import EventType, confirm_report, decode_event_info
from protocols.ieee20601.framing import OversizeApdu, StreamReader, WholeApdu
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.persistent_store import SegmentData, confirm_segment_data
from protocols.ieee20601.remote_operations import (
    EventReport,
    Message,
    RoivConfirmedEventReport,
)

FIRST_INVOKE_ID: Final = 0x0100


class Outcome(Enum):
    """How waiting ended."""

    CAME = "came"
    TIMEOUT = "timeout"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a script waited for: the message, or why there is none.

    `apdu` is None for octets that follow no rule (`why` says which) and where nothing came
    (`why` and `position` tell of what did not fit, if anything).
    `at`: when it came or the line closed, seconds of the run.
    """

    outcome: Outcome
    octets: bytes = b""
    apdu: Apdu | None = None
    why: str = ""
    position: int = -1
    at: float = 0.0

    @property
    def message(self) -> Message | None:
        """The remote operation inside, None for another APDU."""
        return self.apdu.data.message if isinstance(self.apdu, Prst) else None

    @property
    def invoke_id(self) -> int:
        """Its invoke id, -1 without one."""
        return self.apdu.data.invoke_id if isinstance(self.apdu, Prst) else -1

    @property
    def evidence(self) -> tuple[int, ...]:
        """Its position in the record, where it came."""
        return () if self.position < 0 else (self.position,)

    def in_words(self) -> str:
        """What came, for a report."""
        if self.outcome is not Outcome.CAME:
            closed = self.outcome is Outcome.CLOSED
            words = "it closed the line" if closed else "nothing came in time"
            return f"{words}; {self.why}" if self.why else words
        if self.apdu is None:
            return f"octets against the rules: {self.why}"
        kind = type(self.message or self.apdu).__name__
        return f"{kind} came"


@dataclass(frozen=True, slots=True)
class Expect:
    """What a script waits for: the first message for which `fits`, at most `seconds`.

    Event reports that do not fit are judged and confirmed meanwhile; with `hold_confirms` they
    stay unconfirmed. `across_lines`: a line that closes is no answer, the next one is waited for.
    `keeps`: the message is only looked at, the next wish finds it again.
    """

    fits: Callable[[Incoming], bool]
    seconds: float
    hold_confirms: bool = False
    across_lines: bool = False
    keeps: bool = False


Script = Generator[Expect, Incoming, None]


@dataclass(slots=True)
class Probe:
    """One device's conversation with the scripts, over however many connections.

    `gone`: the device did not come back for another association. `confirm_seconds`: how long its
    MDS says that it waits for a confirm, None where it says nothing. `closed_at`: when the line
    last went, seconds of the run.

    Of the association that is: `accepted`: its configuration is. `unanswered`: the last request
    had no answer in time. `damaged`: octets belong to no APDU. `stopped`: why it went no further,
    empty while it goes on.
    """

    record: Record = field(default_factory=Record)
    gone: bool = False
    confirm_seconds: float | None = None
    accepted: bool = False
    unanswered: bool = False
    damaged: bool = False
    stopped: str = ""
    closed_at: float = 0.0
    reports: ReportChecks = field(init=False)
    _framing: Framing = field(default_factory=StreamReader)
    _outgoing: list[bytes] = field(default_factory=list)
    _arrived: list[Incoming] = field(default_factory=list)
    _next_id: int = FIRST_INVOKE_ID

    def __post_init__(self) -> None:
        self.reports = ReportChecks(self.record)

    # For the runner.

    def connected(self, framing: Framing) -> None:
        """A transport that carries APDUs so is there: what waited belongs to an earlier one."""
        self._framing = framing
        self._arrived.clear()
        self._outgoing.clear()

    def closed(self, *, now: float, by_device: bool = True) -> None:
        """The transport is gone (`now`: seconds of the run); what it cut in two is no APDU."""
        self.closed_at = now
        self._framing.clear()
        cut = self._framing.take_discarded()
        if by_device:
            self.record.count_stray(cut)

    def receive(self, octets: bytes, *, now: float) -> None:
        """Take octets of the device (`now`: seconds of the run)."""
        self._take(self._framing.receive(octets, now=now), now)

    def next_deadline(self) -> float | None:
        """When an unfinished APDU is given up, seconds of the run; None where none waits."""
        return self._framing.next_deadline()

    def handle_deadline(self, *, now: float) -> None:
        """Give up an unfinished APDU whose time is over; what it hid has arrived."""
        self._take(self._framing.handle_deadline(now=now), now)

    def take_output(self, *, now: float) -> list[bytes]:
        """What must be written now, framed as the line is; the record holds what is inside."""
        output, self._outgoing = self._outgoing, []
        for octets in output:
            self.record.add(MANAGER_TO_AGENT, octets, seconds=now)
        return [self._framing.frame(octets) for octets in output]

    def answer_to(self, wish: Expect) -> Incoming | None:
        """The message a script waits for, if it has arrived; reports before it are dealt with."""
        if wish.keeps:
            return next(filter(wish.fits, self._arrived), None)
        while self._arrived:
            incoming = self._arrived.pop(0)
            if isinstance(incoming.apdu, Rlrq):
                # A manager answers a release in every state of an association (rows 6.16, 8.16).
                self.send(Rlre(int(ReleaseReason.NORMAL)))
            if wish.fits(incoming):
                return incoming
            if isinstance(incoming.message, EventReport):
                self.take_report(incoming, confirm=not wish.hold_confirms)
        return None

    # For scripts.

    def send(self, apdu: Apdu) -> bytes:
        """Send an APDU; its octets."""
        octets = encode_apdu(apdu)
        self._outgoing.append(octets)
        return octets

    def send_octets(self, octets: bytes) -> None:
        """Send octets as they are, right or wrong."""
        self._outgoing.append(octets)

    def ask(self, message: Message) -> int:
        """Send a request; its invoke id."""
        invoke_id = self.next_invoke_id()
        self.send(Prst(DataApdu(invoke_id, message)))
        return invoke_id

    def next_invoke_id(self) -> int:
        """An invoke id that no request of this run had before."""
        invoke_id = self._next_id
        self._next_id = (self._next_id + 1) & 0xFFFF
        return invoke_id

    def reply(self, invoke_id: int, message: Message) -> None:
        """Answer a request of the device."""
        self.send(Prst(DataApdu(invoke_id, message)))

    def take_report(self, incoming: Incoming, *, confirm: bool) -> None:
        """Judge a report and confirm it where it asks for that."""
        report = incoming.message
        if not isinstance(report, EventReport) or report.event_type == EventType.CONFIG:
            return
        early = "a report came before it"
        self.record.judge("REP-11", self.accepted, early, *incoming.evidence)
        new = not self.accepted or self.reports.judge(report, incoming.invoke_id, incoming.position)
        # A second answer would be one to nothing that waits.
        if not (new and confirm and isinstance(report, RoivConfirmedEventReport)):
            return
        self.reports.confirmed(incoming.invoke_id, before=len(self.record.messages))
        try:
            info = decode_event_info(report.event_type, report.event_info)
        except DecodeError:
            info = None
        if isinstance(info, SegmentData):
            self.reply(incoming.invoke_id, confirm_segment_data(report, info))
        else:
            self.reply(incoming.invoke_id, confirm_report(report))

    def _take(self, pieces: list[WholeApdu | OversizeApdu], now: float) -> None:
        whole = [self._read(item.octets, now) for item in pieces if isinstance(item, WholeApdu)]
        self._arrived += whole
        # The APDU behind them shows where in the exchange they were.
        behind = whole[0].evidence if whole else ()
        stray = self._framing.take_discarded()
        self.record.count_stray(stray, *behind)
        self.damaged |= stray > 0

    def _read(self, octets: bytes, now: float) -> Incoming:
        position = self.record.add(AGENT_TO_MANAGER, octets, seconds=now)
        self.record.judge("LINE-1", True, "", position)
        try:
            apdu = decode_apdu(octets)
        except DecodeError as exc:
            return Incoming(Outcome.CAME, octets, None, str(exc), position, now)
        return Incoming(Outcome.CAME, octets, apdu, "", position, now)
