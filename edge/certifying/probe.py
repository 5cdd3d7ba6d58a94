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
from protocols.ieee20601.apdus import Apdu, DataApdu, Prst, decode_apdu, encode_apdu
from protocols.ieee20601.event_reports import EventType, confirm_report, decode_event_info
from protocols.ieee20601.framing import StreamReader, WholeApdu
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

    `apdu` is None for octets that follow no rule (`why` says which) and where nothing came.
    """

    outcome: Outcome
    octets: bytes = b""
    apdu: Apdu | None = None
    why: str = ""
    position: int = -1

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
            return (
                "nothing came in time" if self.outcome is Outcome.TIMEOUT else "it closed the line"
            )
        if self.apdu is None:
            return f"octets against the rules: {self.why}"
        kind = type(self.message or self.apdu).__name__
        return f"{kind} came"


@dataclass(frozen=True, slots=True)
class Expect:
    """What a script waits for: the first message for which `fits`, at most `seconds`.

    Event reports that do not fit are judged and confirmed meanwhile; with `hold_confirms` they
    stay unconfirmed. `across_lines`: a line that closes is no answer, the next one is waited for.
    """

    fits: Callable[[Incoming], bool]
    seconds: float
    hold_confirms: bool = False
    across_lines: bool = False


Script = Generator[Expect, Incoming, None]


@dataclass(slots=True)
class Probe:
    """One device's conversation with the scripts, over however many connections.

    `gone`: the device did not come back for another association. `confirm_seconds`: how long its
    MDS says that it waits for a confirm, None where it says nothing.
    """

    record: Record = field(default_factory=Record)
    gone: bool = False
    confirm_seconds: float | None = None
    reports: ReportChecks = field(init=False)
    _reader: StreamReader = field(default_factory=StreamReader)
    _outgoing: list[bytes] = field(default_factory=list)
    _arrived: list[Incoming] = field(default_factory=list)
    _next_id: int = FIRST_INVOKE_ID
    _connected: bool = False

    def __post_init__(self) -> None:
        self.reports = ReportChecks(self.record)

    # For the runner.

    def connected(self) -> None:
        """A transport is there: what waited belongs to an earlier one."""
        self._reader.clear()
        self._arrived.clear()
        self._outgoing.clear()
        self._connected = True

    def closed(self) -> None:
        """The transport is gone."""
        self._connected = False

    @property
    def is_connected(self) -> bool:
        """Whether octets can be sent."""
        return self._connected

    def receive(self, octets: bytes, *, now: float) -> None:
        """Take octets of the device (`now`: seconds of the run)."""
        for piece in self._reader.receive(octets, now=now):
            if isinstance(piece, WholeApdu):
                self._arrived.append(self._read(piece.octets, now))

    def take_output(self, *, now: float) -> list[bytes]:
        """What must be written now."""
        output, self._outgoing = self._outgoing, []
        for octets in output:
            self.record.add(MANAGER_TO_AGENT, octets, seconds=now)
        return output

    def answer_to(self, wish: Expect) -> Incoming | None:
        """The message a script waits for, if it has arrived; reports before it are dealt with."""
        while self._arrived:
            incoming = self._arrived.pop(0)
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
        self.reports.judge(report, incoming.invoke_id, incoming.position)
        if not (confirm and isinstance(report, RoivConfirmedEventReport)):
            return
        self.reports.confirmed(incoming.invoke_id)
        try:
            info = decode_event_info(report.event_type, report.event_info)
        except DecodeError:
            info = None
        if isinstance(info, SegmentData):
            self.reply(incoming.invoke_id, confirm_segment_data(report, info))
        else:
            self.reply(incoming.invoke_id, confirm_report(report))

    def _read(self, octets: bytes, now: float) -> Incoming:
        position = self.record.add(AGENT_TO_MANAGER, octets, seconds=now)
        try:
            apdu = decode_apdu(octets)
        except DecodeError as exc:
            return Incoming(Outcome.CAME, octets, None, str(exc), position)
        return Incoming(Outcome.CAME, octets, apdu, "", position)
