"""Drive one ManagerConnection over one ByteTransport: the loop between octets and the buffer.

The order that everything stands on: a report's observations are durable, then it is confirmed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from edge.clock import Clock
from edge.drivers.wishes import Wish, Wishes
from edge.errors import BufferFullError, TransportError
from edge.recorder.recording import Recording
from edge.recorder.references import OctetTrail
from edge.transports.base import ByteTransport
from protocols.ieee20601.events import (
    Associated,
    AssociationEnded,
    Event,
    ObservationsReported,
    StoredDataFinished,
)
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.timeouts import earliest

# A hundred of the shortest requests, or a report of twelve leads: some milliseconds of work
# before others have their turn.
_OCTETS_A_TURN: Final = 2048
_LONG_TURN_SECONDS: Final = 0.005


class EventSink(Protocol):
    """Takes what a connection tells."""

    async def accept(
        self, events: Sequence[Event], *, received_at: float, octets: str = ""
    ) -> None:
        """Return once every observation in `events` is durable.

        `received_at`: monotonic seconds when the octets came; `octets`: where the recorder keeps
        them. Raises BufferFullError when nothing of it was stored: then nothing of it may be
        confirmed.
        """
        ...


class AssociationDriver:
    """One connection and its line, from open to end.

    `unassociated_seconds`: how long the peer may stay without an association; None for ever.
    `stored_again_seconds`: when stored data that did not come whole is asked for again; 0: never.
    `confirmed` is called when what was accepted has been answered.
    """

    def __init__(
        self,
        connection: ManagerConnection,
        transport: ByteTransport,
        sink: EventSink,
        *,
        clock: Clock,
        wishes: Wishes,
        unassociated_seconds: float | None = None,
        release_seconds: float = 1.0,
        stored_again_seconds: float = 0.0,
        confirmed: Callable[[], None] = lambda: None,
        recording: Recording | None = None,
    ) -> None:
        self._connection = connection
        self._transport = transport
        self._sink = sink
        self._clock = clock
        self._wishes = wishes
        self._unassociated_seconds = unassociated_seconds
        self._release_seconds = release_seconds
        self._stored_again_seconds = stored_again_seconds
        self._confirmed = confirmed
        self._recording = recording or Recording()
        self._trail = OctetTrail(self._recording.name)
        self._taken = 0
        self._fetch_pause = stored_again_seconds
        self._fetch_at: float | None = None
        self._associated = False
        self._free_since = 0.0
        self._end_by: float | None = None

    async def run(self) -> None:
        """Return when the line ends or was asked to; TransportError when it broke."""
        now = self._clock.monotonic()
        self._free_since = now
        self._connection.transport_connected(now=now)
        try:
            await self._exchange()
        except TransportError:
            await self._end_connection()
            raise
        await self._end_connection()

    async def _exchange(self) -> None:
        await self._answer(self._clock.monotonic())
        while not self._is_over():
            data = await self._wishes.read_or_wake(self._transport.read, self._seconds_to_wait())
            received_at, utc = self._clock.monotonic(), self._clock.utc()
            if data == b"":
                return
            self._recording.take(data or b"", monotonic=received_at, utc=utc)
            for part in _parts(data or b""):
                began = self._clock.monotonic()
                if part:
                    self._connection.receive_data(part, now=began, utc=utc)
                    self._taken += len(part)
                    self._trail.advance(received=self._taken, held=self._connection.octets_held)
                now = self._clock.monotonic()
                # Every turn, for a peer that never stops talking must not hold up our own timers.
                self._handle_time_and_wishes(now)
                gave_way = await self._answer(received_at)
                # Neither reading nor writing gives way while there are octets to read and room
                # to write: the other devices' turn is here, unless they had it while the disk
                # was waited for. One that costs much rests as long.
                if now - began >= _LONG_TURN_SECONDS:
                    await asyncio.sleep(now - began)
                elif not gave_way:
                    await asyncio.sleep(0)

    async def _answer(self, received_at: float) -> bool:
        """Store what was told, then say what is to be said; whether the disk was waited for."""
        has_stored = await self._take_events(received_at)
        for chunk in self._connection.data_to_send():
            await self._transport.write(chunk)
            self._recording.give(chunk, monotonic=self._clock.monotonic(), utc=self._clock.utc())
        self._confirmed()
        return has_stored

    async def _take_events(self, received_at: float) -> bool:
        has_stored = False
        while events := self._drain():
            try:
                await self._sink.accept(
                    events, received_at=received_at, octets=self._trail.reference
                )
            except BufferFullError:
                # Not confirmed: the device keeps its reports and sends them again.
                continue
            now = self._clock.monotonic()
            for event in events:
                if not isinstance(event, ObservationsReported):
                    continue
                has_stored |= bool(event.observations)
                if event.invoke_id is not None:
                    self._connection.confirm(
                        event.invoke_id, now=now, association=event.association
                    )
        return has_stored

    def _drain(self) -> list[Event]:
        events: list[Event] = []
        while (event := self._connection.next_event()) is not None:
            events.append(event)
            if isinstance(event, Associated):
                self._associated = True
                self._fetch_pause = self._stored_again_seconds
            elif isinstance(event, AssociationEnded):
                self._associated = False
                self._recording.begin_again()
                self._fetch_at = None
                self._free_since = self._clock.monotonic()
            elif isinstance(event, StoredDataFinished) and not event.complete:
                self._plan_fetch()
        return events

    def _plan_fetch(self) -> None:
        """Stored data that did not come whole is asked for again; each pause is twice as long."""
        if self._associated and self._fetch_pause and self._end_by is None:
            self._fetch_at = self._clock.monotonic() + self._fetch_pause
            self._fetch_pause *= 2

    def _handle_time_and_wishes(self, now: float) -> None:
        while (wish := self._wishes.take()) is not None:
            if wish is Wish.RELEASE_AND_END and self._end_by is None:
                self._end_by = now + self._release_seconds
                self._fetch_at = None
                if self._associated:
                    self._connection.release(now=now)
        if self._fetch_at is not None and now >= self._fetch_at:
            self._fetch_at = None
            self._connection.fetch_stored(now=now)
        deadline = self._connection.next_deadline()
        if deadline is not None and now >= deadline:
            self._connection.handle_deadline(now=now)

    def _is_over(self) -> bool:
        now = self._clock.monotonic()
        if self._end_by is not None and (not self._associated or now >= self._end_by):
            return True
        free_until = self._free_until()
        return free_until is not None and now >= free_until

    def _free_until(self) -> float | None:
        if self._associated or self._unassociated_seconds is None:
            return None
        return self._free_since + self._unassociated_seconds

    def _seconds_to_wait(self) -> float | None:
        deadline = earliest(
            self._connection.next_deadline(), self._end_by, self._free_until(), self._fetch_at
        )
        return None if deadline is None else max(0.0, deadline - self._clock.monotonic())

    async def _end_connection(self) -> None:
        self._connection.transport_closed(now=self._clock.monotonic())
        await self._take_events(self._clock.monotonic())


def _parts(data: bytes) -> Iterator[bytes]:
    """The octets a turn at a time; one empty turn when there are none."""
    for start in range(0, max(1, len(data)), _OCTETS_A_TURN):
        yield data[start : start + _OCTETS_A_TURN]
