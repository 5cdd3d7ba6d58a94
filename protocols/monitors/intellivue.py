"""Philips IntelliVue monitors over their data export interface (RS-232; the same messages on LAN).

We associate, the monitor reports its MDS, we confirm that, and then ask for every numeric once a
second, which also keeps the association alive; waveforms are sent by the monitor for a while after
each request. On RS-232 a message is a frame with the header 0x11 0x01 (Data Export Interface
Programming Guide, "Transport Protocols for the MIB/RS232 Interface").

Decoded: numerics, compound numerics and waveforms. Not read: alerts, enumerations, and the
patient's demographics, which are never asked for.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from protocols.errors import DecodeError, LocalProtocolError
from protocols.framing.hdlc import Frame, FrameForm, FrameReader, write_frame
from protocols.monitors.base import (
    LineDiscarded,
    Monitor,
    MonitorDescribed,
    MonitorEvent,
    MonitorWarning,
    ObservationsMade,
    SessionEnded,
    SessionOptions,
)
from protocols.monitors.intellivue_association import (
    ABORT,
    RELEASE_REQUEST,
    RELEASE_RESPONSE,
    TICKS_A_SECOND,
    PollOption,
    SessionKind,
    SystemType,
    UserInformation,
    decode_information,
    encode_request,
)
from protocols.monitors.intellivue_pdus import (
    MdsCreate,
    ObjectClass,
    OperationError,
    PollResult,
    decode_data,
    encode_extended_poll,
    encode_mds_create_answer,
    encode_poll,
)
from protocols.monitors.intellivue_transcription import Transcriber, describe

DOCUMENT: Final = "Philips IntelliVue Data Export Interface Programming Guide"
RS232_FORM: Final = FrameForm(header=bytes.fromhex("1101"), max_octets=4096)
_ANSWER_SECONDS: Final = 10.0
"""How long a monitor that lives may take to say anything; its own time-out is the same."""
_ASK_AGAIN_SECONDS: Final = 3.0
_WAVE_SECONDS: Final = 60.0
_WAVES_AGAIN_SECONDS: Final = 50.0
_IDS: Final = 0x10000
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SessionState(Enum):
    """Where a session stands."""

    CLOSED = "closed"
    ASSOCIATING = "associating"
    STARTING = "starting"
    POLLING = "polling"
    RELEASING = "releasing"
    ENDED = "ended"
    """The line is there; the session is over and nothing on the line is read any more."""


class IntelliVueSession:
    """One connection to a monitor; see `base.MonitorSession`."""

    def __init__(self, options: SessionOptions) -> None:
        self._options = options
        self._state = SessionState.CLOSED
        self._reader = FrameReader(RS232_FORM)
        self._outbox: list[bytes] = []
        self._events: deque[MonitorEvent] = deque()
        self._transcriber: Transcriber | None = None
        self._invoke_id = 0
        self._heard_at = self._ask_at = self._waves_at = 0.0
        self._utc = _LONG_AGO

    @property
    def state(self) -> SessionState:
        """Where the session stands; for logs and tests."""
        return self._state

    @property
    def _is_over(self) -> bool:
        return self._state in (SessionState.CLOSED, SessionState.ENDED)

    def transport_connected(self, *, now: float) -> None:
        """A line is there: ask for an association."""
        self._reader.clear()
        self._outbox.clear()
        self._transcriber = None
        self._state = SessionState.ASSOCIATING
        self._heard_at = now
        self._associate(now)

    def transport_closed(self, *, now: float) -> None:  # noqa: ARG002  # the verb of every session
        """The line is gone."""
        self._outbox.clear()
        self._end("the line is gone")
        self._state = SessionState.CLOSED

    def release(self, *, now: float) -> None:
        """Ask the monitor to end in good order; LocalProtocolError when there is no session."""
        if self._is_over:
            raise LocalProtocolError("a release without a session")
        self._state = SessionState.RELEASING
        self._heard_at = now
        self._send(RELEASE_REQUEST)

    def receive_data(self, data: bytes, *, now: float, utc: datetime) -> None:
        """Take octets; LocalProtocolError without a transport, else nothing raises."""
        if self._state is SessionState.CLOSED:
            raise LocalProtocolError("octets without a transport")
        self._utc = utc
        for frame in self._reader.receive(data, now=now):
            self._report_discarded()
            if isinstance(frame, Frame) and frame.content:
                self._take_safely(frame.content, now)
            else:
                self._warn("a message without octets, or longer than any")
        self._report_discarded()

    def data_to_send(self) -> list[bytes]:
        """Take the frames to be written now."""
        frames, self._outbox = self._outbox, []
        return frames

    def next_event(self) -> MonitorEvent | None:
        """Take the next thing that happened."""
        return self._events.popleft() if self._events else None

    def next_deadline(self) -> float | None:
        """When something is due, monotonic seconds."""
        if self._is_over:
            return None
        due = [self._heard_at + _ANSWER_SECONDS, self._reader.next_deadline()]
        if self._state in (SessionState.ASSOCIATING, SessionState.POLLING):
            due.append(self._ask_at)
        return min(at for at in due if at is not None)

    def handle_deadline(self, *, now: float) -> None:
        """Ask again, or give up a monitor that says nothing."""
        self._reader.handle_deadline(now=now)
        self._report_discarded()
        if self._is_over:
            return
        if now >= self._heard_at + _ANSWER_SECONDS:
            self._send(ABORT)
            self._end("the monitor does not answer")
        elif self._state is SessionState.ASSOCIATING and now >= self._ask_at:
            self._associate(now)
        elif self._state is SessionState.POLLING and now >= self._ask_at:
            self._poll(now)

    def _associate(self, now: float) -> None:
        wanted = PollOption.NUMERICS_EVERY_SECOND
        if self._options.waves:
            wanted |= PollOption.WAVES
        self._send(encode_request(UserInformation(system=SystemType.CLIENT, options=wanted)))
        self._ask_at = now + _ASK_AGAIN_SECONDS

    def _take_safely(self, octets: bytes, now: float) -> None:
        try:
            self._take(octets, now)
        except DecodeError as exc:
            self._warn(f"a message cannot be read: {exc}")

    def _take(self, octets: bytes, now: float) -> None:
        kind = octets[0]
        if self._is_over:
            return
        if kind == SessionKind.DATA:
            self._heard_at = now
            self._take_data(octets, now)
        elif kind == SessionKind.ACCEPT and self._state is SessionState.ASSOCIATING:
            self._heard_at = now
            self._accept(decode_information(octets))
        elif kind == SessionKind.REFUSE:
            self._end("the monitor refused the association")
        elif kind == SessionKind.ABORT:
            self._end("the monitor aborted")
        elif kind == SessionKind.FINISH:
            self._send(RELEASE_RESPONSE)
            self._end("", released=True)
        elif kind == SessionKind.DISCONNECT and self._state is SessionState.RELEASING:
            self._end("", released=True)

    def _accept(self, granted: UserInformation) -> None:
        if self._options.waves and PollOption.WAVES not in granted.options:
            self._warn("the monitor grants no waveforms")
        self._state = SessionState.STARTING

    def _take_data(self, octets: bytes, now: float) -> None:
        if self._state not in (SessionState.STARTING, SessionState.POLLING):
            return  # of an association that is not ours, or that ends
        match decode_data(octets):
            case MdsCreate() as event:
                self._start(event, now)
            case PollResult() as result if self._transcriber is not None:
                transcript = self._transcriber.transcribe(result, utc=self._utc)
                for note in transcript.notes:
                    self._warn(note)
                if transcript.observations:
                    self._events.append(ObservationsMade(transcript.observations))
            case OperationError(_, error):
                self._warn(f"the monitor refused a request, error {error}")
            case _:
                self._warn("a message that has no place here")

    def _start(self, event: MdsCreate, now: float) -> None:
        """The MDS is there; a repeated report is confirmed again and changes nothing."""
        self._send(encode_mds_create_answer(event))
        if self._state is SessionState.POLLING:
            return
        info = describe(event)
        self._transcriber = Transcriber.begin(event, info.system_id, utc=self._utc)
        self._events.append(MonitorDescribed(info))
        self._state = SessionState.POLLING
        self._waves_at = now
        self._poll(now)

    def _poll(self, now: float) -> None:
        self._send(encode_poll(self._next_id(), ObjectClass.NUMERIC))
        if self._options.waves and now >= self._waves_at:
            ticks = round(_WAVE_SECONDS * TICKS_A_SECOND)
            request = encode_extended_poll(self._next_id(), ObjectClass.SAMPLE_ARRAY, ticks=ticks)
            self._send(request)
            self._waves_at = now + _WAVES_AGAIN_SECONDS
        self._ask_at = now + self._options.poll_seconds

    def _next_id(self) -> int:
        self._invoke_id = (self._invoke_id + 1) % _IDS
        return self._invoke_id

    def _send(self, message: bytes) -> None:
        self._outbox.append(write_frame(message, RS232_FORM))

    def _warn(self, text: str) -> None:
        self._events.append(MonitorWarning(text))

    def _report_discarded(self) -> None:
        count = self._reader.take_discarded()
        if count:
            self._events.append(LineDiscarded(count))

    def _end(self, reason: str, *, released: bool = False) -> None:
        if not self._is_over:
            self._state = SessionState.ENDED
            self._transcriber = None
            self._events.append(SessionEnded(reason, released))


MONITOR: Final = Monitor(
    name="intellivue",
    document=DOCUMENT,
    line_settings="115200,8N1",
    open_session=IntelliVueSession,
)
