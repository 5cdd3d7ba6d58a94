"""One association of a device, from its request to its end, over a link that is open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.events import (
    AgentAssociated,
    AgentEvent,
    AssociationEnded,
    ClockMoved,
    ReportConfirmed,
    ReportRefused,
)
from protocols.ieee20601.line_framings import RAW, STREAM_FRAMINGS
from protocols.ieee20601.policies import AgentPolicy, MdsDescription
from simulators.byte_links import ByteLink
from simulators.devices.base import Report, SimulatedDevice
from simulators.devices.wire_reports import wire_report
from simulators.errors import LinkClosedError
from simulators.journal import Journal
from simulators.outbox import Outbox

_REPORT_NUMBERS: Final = 0x10000
"""scan-report-no counts the reports of one association in 16 bits."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds that never step for deadlines, the patient's time, and how to wait by the latter."""

    monotonic: Callable[[], float]
    utc: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Conversation:
    """Sends what the outbox holds, one confirmed report at a time, and takes the answers.

    `wake` is set by whoever changed something; `is_done` says that the device wants to leave.
    """

    def __init__(
        self,
        device: SimulatedDevice,
        link: ByteLink,
        outbox: Outbox,
        journal: Journal,
        times: Times,
        wake: asyncio.Event,
        is_done: Callable[[], bool],
        *,
        framing: str = RAW,
    ) -> None:
        self._device = device
        self._link = link
        self._outbox = outbox
        self._journal = journal
        self._times = times
        self._wake = wake
        self._is_done = is_done
        self._inbox: list[bytes] = []
        self._operating = False
        self._ended = False
        self._releasing = False
        self._in_flight: tuple[int, Report] | None = None
        self._sent = 0
        self._clock = device.identity.clock
        info = device.identity.info
        self._connection = AgentConnection(
            system_id=info.system_id,
            configuration=device.configuration,
            mds=MdsDescription(
                manufacturer=info.manufacturer,
                model=info.model,
                serial_number=info.serial_number,
                firmware=info.firmware,
                specializations=info.specializations,
                clock=self._clock.local,
                clock_can_be_set=device.clock_can_be_set,
            ),
            framing=STREAM_FRAMINGS[framing](AgentPolicy().limits),
            stores=device.stores,
        )

    async def hold(self) -> None:
        """Return when the association or the link has ended."""
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self._listen(), name="listen")
            try:
                self._connection.transport_connected(now=self._times.monotonic())
                self._connection.associate(now=self._times.monotonic())
                while not self._ended:
                    await self._turn()
            except LinkClosedError:
                self._hang_up()
            finally:
                listening.cancel()

    async def _listen(self) -> None:
        data = b"-"
        while data:
            data = await self._link.read()
            self._inbox.append(data)
            self._wake.set()

    async def _turn(self) -> None:
        """Do everything that can be done now, then wait for news or the next deadline."""
        self._take_events()
        self._say_next()
        for chunk in self._connection.data_to_send():
            await self._link.write(chunk)
        if self._ended:
            return
        await self._wait()
        inbox, self._inbox = self._inbox, []
        for data in inbox:
            now = self._times.monotonic()
            if not data:
                self._hang_up()
                return
            self._connection.receive_data(data, now=now, utc=self._times.utc())

    async def _wait(self) -> None:
        due = self._connection.next_deadline()
        timeout = None if due is None else max(0.0, due - self._times.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._wake.wait()
        self._wake.clear()
        due, now = self._connection.next_deadline(), self._times.monotonic()
        if due is not None and due <= now:
            self._connection.handle_deadline(now=now)

    def _say_next(self) -> None:
        if self._ended or self._releasing or not self._operating:
            return
        while (live := self._outbox.next_live()) is not None:
            self._send(live)
        if self._in_flight is None and (kept := self._outbox.oldest_kept()) is not None:
            self._in_flight = (self._send(kept), kept)
        busy = any(store.is_transferring for store in self._device.stores)
        if self._in_flight is None and not busy and self._is_done():
            self._releasing = True
            self._connection.release(now=self._times.monotonic())

    def _send(self, report: Report) -> int:
        self._journal.about("sent", report.ids, at=self._times.utc())
        number, self._sent = self._sent, (self._sent + 1) % _REPORT_NUMBERS
        return self._connection.send_report(
            wire_report(self._device.configuration, report, number),
            confirmed=not report.live,
            now=self._times.monotonic(),
        )

    def _hang_up(self) -> None:
        self._connection.transport_closed(now=self._times.monotonic())
        self._take_events()
        self._ended = True

    def _take_events(self) -> None:
        while (event := self._connection.next_event()) is not None:
            self._take(event)

    def _take(self, event: AgentEvent) -> None:
        now = self._times.utc()
        match event:
            case AgentAssociated(config_id=config_id, known=known):
                self._operating = True
                self._outbox.listening = True
                self._journal.note("associated", at=now, config_id=config_id, known=known)
            case ClockMoved(moved=moved):
                self._device.set_clock(replace(self._clock, ahead=self._clock.ahead + moved))
                self._journal.note("clock set", at=now, moved_seconds=moved.total_seconds())
            case ReportConfirmed(invoke_id=invoke_id):
                if self._in_flight is not None and self._in_flight[0] == invoke_id:
                    self._outbox.confirmed(self._in_flight[1], at=now)
                    self._in_flight = None
            case ReportRefused(reason=reason):
                # Kept: the device says it again in its next association.
                self._journal.note("refused", at=now, reason=reason)
                self._in_flight = None
                self._connection.abort(0, now=self._times.monotonic())
            case AssociationEnded(cause=cause, released=released):
                why = "" if cause is None else str(cause)
                self._journal.note("ended", at=now, released=released, cause=why)
                self._operating = False
                self._ended = True
            case _:
                self._journal.note(type(event).__name__, at=now)
