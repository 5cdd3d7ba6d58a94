"""What both roles share: octets in and out, events, timers and the clock of the driver.

The verbs and their meaning are the same for manager and agent:

    transport_connected(now=), transport_closed(now=)      the world changed
    receive_data(data, now=, utc=)                         octets came, in any portions
    data_to_send(), next_event(), next_deadline()          drain after every call
    handle_deadline(now=)                                  when the deadline is reached

`now` is monotonic seconds, `utc` the aware time of the same moment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, TypeVar

from protocols.ieee20601.apdus import Apdu, DataApdu, Prst, encode_apdu
from protocols.ieee20601.events import OctetsDiscarded
from protocols.ieee20601.framing import OversizeApdu, StreamLimits, StreamReader, WholeApdu
from protocols.ieee20601.invocations import Invocations
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.remote_operations import Message
from protocols.ieee20601.states import State
from protocols.ieee20601.timeouts import Deadlines, earliest

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

EventT = TypeVar("EventT")
RequestT = TypeVar("RequestT")
TimerT = TypeVar("TimerT", bound=Hashable)


class Connection(ABC, Generic[EventT, RequestT, TimerT]):
    """One transport connection in one role; it may carry several associations in turn."""

    def __init__(
        self, *, limits: StreamLimits, first_invoke_id: int, framing: Framing | None = None
    ) -> None:
        self._state = State.DISCONNECTED
        self._framing: Framing = StreamReader(limits) if framing is None else framing
        self._outbox: list[bytes] = []
        self._pending_octets = 0
        self._events: deque[EventT | OctetsDiscarded] = deque()
        self._timers: Deadlines[TimerT] = Deadlines()
        self._invocations: Invocations[RequestT] = Invocations(first_invoke_id)
        self._drain_until: float | None = None
        self._clock_now = 0.0
        self._clock_utc = _LONG_AGO

    @property
    def state(self) -> State:
        """Where the association stands; for logs and tests."""
        return self._state

    @property
    def octets_held(self) -> int:
        """Octets received that wait for the rest of their APDU: all before them are dealt with."""
        return self._framing.held

    def receive_data(self, data: bytes, *, now: float, utc: datetime) -> None:
        """Take octets in any portions.

        Raises LocalProtocolError when no transport is connected; nothing the peer sends raises.
        """
        self._require_transport()
        self._clock_now, self._clock_utc = now, utc
        self._take_pieces(self._framing.receive(data, now=now), now)

    def data_to_send(self) -> list[bytes]:
        """Take what must be written now: whole APDUs in the line's framing, in order."""
        octets, self._outbox = self._outbox, []
        self._pending_octets = 0
        return octets

    def next_event(self) -> EventT | OctetsDiscarded | None:
        """Take the next thing that happened; None when all are taken."""
        return self._events.popleft() if self._events else None

    def next_deadline(self) -> float | None:
        """When `handle_deadline` must be called, monotonic seconds; None for never."""
        return earliest(
            self._framing.next_deadline(), self._timers.next(), self._invocations.next_deadline()
        )

    def handle_deadline(self, *, now: float) -> None:
        """Do what is due; harmless when nothing is."""
        self._take_pieces(self._framing.handle_deadline(now=now), now)
        # Octets first: an answer that hid behind noise is still in time.
        while True:
            timer = self._timers.take_expired(now)
            if timer is not None:
                self._timer_expired(timer, now)
                continue
            request = self._invocations.take_expired(now)
            if request is None:
                return
            self._request_expired(request, now)

    @abstractmethod
    def _require_transport(self) -> None:
        """Raise LocalProtocolError while disconnected."""

    @abstractmethod
    def _take_apdu(self, piece: WholeApdu | OversizeApdu, now: float) -> None:
        """Classify and answer one APDU."""

    @abstractmethod
    def _timer_expired(self, timer: TimerT, now: float) -> None:
        """Do what an expired timer asks for."""

    @abstractmethod
    def _request_expired(self, request: RequestT, now: float) -> None:
        """Do what an unanswered request asks for."""

    def _take_pieces(self, pieces: list[WholeApdu | OversizeApdu], now: float) -> None:
        self._report_discarded()
        for piece in pieces:
            self._take_apdu(piece, now)

    def _utc(self, now: float) -> datetime:
        """The aware time of `now`, from the last octets received."""
        return self._clock_utc + timedelta(seconds=now - self._clock_now)

    def _emit(self, event: EventT) -> None:
        self._events.append(event)

    def _send(self, apdu: Apdu) -> None:
        self._put(encode_apdu(apdu))

    def _send_message(self, invoke_id: int, message: Message) -> None:
        self._send(Prst(DataApdu(invoke_id, message)))

    def _put(self, octets: bytes) -> None:
        """One whole APDU to be written."""
        octets = self._framing.frame(octets)
        self._outbox.append(octets)
        self._pending_octets += len(octets)

    def _drop_output(self) -> None:
        """Forget what waits to be written."""
        self._outbox.clear()
        self._pending_octets = 0

    def _is_draining(self, now: float) -> bool:
        return self._drain_until is not None and now < self._drain_until

    def _begin_afresh(self) -> None:
        """A new transport connection: nothing of an earlier one may survive (stale sessions)."""
        self._framing.clear()
        self._drop_output()
        self._drain_until = None
        self._forget_association()
        self._report_discarded()

    def _report_discarded(self) -> None:
        discarded = self._framing.take_discarded()
        if discarded:
            self._events.append(OctetsDiscarded(discarded))

    def _forget_association(self) -> None:
        self._invocations.void_all()
        self._timers.clear()
