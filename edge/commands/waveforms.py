"""`waveform.window`: the stored waveforms of a stretch of time, sent ahead of all that waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID, uuid4

from edge.buffer.rows import Stream
from edge.buffer.window import WaveformWindow, WindowPart
from edge.clock import Clock
from edge.commands.carrying import Carried, refused
from edge.errors import UplinkRejectedError, UplinkUnreachableError
from edge.supervision import Backoff, BackoffPolicy
from edge.uplink.choice import LinkChoice
from protocols.uplink.commands import Command, Outcome, SendWaveformWindow
from protocols.uplink.messages import UplinkAck, UplinkBatch

log = logging.getLogger(__name__)

ROWS_A_BATCH: Final = 50
TIMEOUT_SECONDS: Final = 30.0
MOST_WAITING: Final = 32


class StoredWaveforms(Protocol):
    """What this needs of the buffer."""

    async def read_window(
        self, window: WaveformWindow, *, after: int, limit: int
    ) -> WindowPart: ...


@dataclass(slots=True, kw_only=True)
class WaveformSender:
    """Sends windows one after the other; a window's command is answered when it is through.

    After a power cut the command is carried out from the beginning: the cloud knows repeats.
    """

    buffer: StoredWaveforms
    choice: LinkChoice
    gateway_id: str
    clock: Clock
    conclude: Callable[[UUID, Carried], Awaitable[None]]
    retry: Callable[[], Backoff] = lambda: Backoff(BackoffPolicy(first=0.5, most=15.0))
    _line: asyncio.Queue[Command] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))

    async def want(self, command: Command) -> Carried:
        """Carry out `waveform.window`: it takes its place in the line."""
        if not isinstance(command.request, SendWaveformWindow):
            return refused("another_request")
        try:
            self._line.put_nowait(command)
        except asyncio.QueueFull:
            return refused("too_many_windows")
        return Carried(is_pending=True)

    async def run(self) -> None:
        """Send what is wanted until cancelled."""
        while True:
            command = await self._line.get()
            carried = await self._send(command)
            await self.conclude(command.command_id, carried)

    async def _send(self, command: Command) -> Carried:
        request = command.request
        if not isinstance(request, SendWaveformWindow):
            raise AssertionError("only windows stand in this line")  # noqa: TRY004 - a fault of ours
        window = WaveformWindow(
            from_at=request.from_at, to_at=request.to_at, leads=frozenset(request.leads)
        )
        after = sent = stored = refusals = 0
        while True:
            part = await self.buffer.read_window(window, after=after, limit=ROWS_A_BATCH)
            if part.is_last:
                break
            after = part.after
            if not part.rows:
                continue
            try:
                ack = await self._deliver(part, command)
            except UplinkRejectedError as exc:
                log.warning("waveforms of a window refused reason=%s", exc.reason)
                refusals += len(part.rows)
                continue
            if ack is None:
                return Carried(outcome=Outcome.EXPIRED, reason="expired")
            sent += len(part.rows)
            stored += ack.stored
        facts = (("rows", str(sent)), ("stored", str(stored)), ("refused", str(refusals)))
        return Carried(facts=facts)

    async def _deliver(self, part: WindowPart, command: Command) -> UplinkAck | None:
        """The cloud's acknowledgement, None when the command's time was over first."""
        batch = UplinkBatch(
            batch_id=uuid4(),
            gateway_id=self.gateway_id,
            vehicle_id=part.vehicle_id,
            stream=Stream.WAVEFORMS.label,
            boot_epoch=part.boot_epoch,
            sent_at=self.clock.utc(),
            rows=part.rows,
        )
        backoff = self.retry()
        while self.clock.utc() < command.expires_at:
            link = await self.choice.pick()
            try:
                return await link.send(batch, timeout_seconds=TIMEOUT_SECONDS)
            except UplinkUnreachableError as exc:
                log.debug("a window waits reason=%r", exc.cause)
                await self.clock.sleep(backoff.next_wait())
        return None
