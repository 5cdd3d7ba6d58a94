"""The buffer of a run, and what the gateway has to say of it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from edge.buffer.buffer import ObservationBuffer
from edge.clock import Clock
from edge.drivers.identity import own_system_id
from edge.errors import BufferFullError
from edge.pipeline.happenings import happening, recovery_in_words, teller_of
from edge.settings import EdgeSettings
from protocols.model.codes import SystemId

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_buffer(
    settings: EdgeSettings, folder: Path, clock: Clock
) -> AsyncIterator[ObservationBuffer]:
    """The open buffer; what was done to a damaged file is told in it."""
    gateway = own_system_id(folder, given=settings.system_id, gateway_id=settings.gateway_id)
    buffer = ObservationBuffer(clock=clock)
    await buffer.open(
        folder,
        policy=settings.buffer,
        vehicle_id=settings.vehicle_id,
        tell=teller_of(gateway),
    )
    try:
        await _tell_recovery(buffer, gateway, clock)
        yield buffer
    finally:
        await buffer.close()


async def _tell_recovery(buffer: ObservationBuffer, gateway: SystemId, clock: Clock) -> None:
    if buffer.recovery is None:
        return
    said = happening(recovery_in_words(buffer.recovery), gateway=gateway, at=clock.utc())
    try:
        await buffer.append([said])
    except BufferFullError as exc:
        log.warning("recovery not told reason=%r", str(exc))
