"""The buffer of a run, and what the gateway has to say of it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from edge.buffer.buffer import ObservationBuffer
from edge.clock import Clock, ClockWatch
from edge.drivers.identity import own_system_id
from edge.errors import BufferFullError
from edge.pipeline.happenings import (
    clock_step_in_words,
    happening,
    recovery_in_words,
    teller_of,
)
from edge.settings import EdgeSettings
from edge.uplink.https import HttpsLink
from edge.uplink.link import LinkClient
from protocols.model.codes import SystemId

LOOK_SECONDS: Final = 1.0

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


def learn_time_from(links: Sequence[LinkClient], buffer: ObservationBuffer) -> None:
    """What time the cloud has, where its answers say it."""

    def learn(utc: datetime, seconds: float) -> None:
        buffer.learn_time(utc, within_seconds=seconds)

    for link in links:
        if isinstance(link, HttpsLink):
            link.on_time = learn


async def watch_clock(
    settings: EdgeSettings, folder: Path, buffer: ObservationBuffer, clock: Clock
) -> None:
    """Look at the clock every second: correct what waits for the right time, tell of every step."""
    gateway = own_system_id(folder, given=settings.system_id, gateway_id=settings.gateway_id)
    watch = ClockWatch()
    while True:
        reading = await buffer.note_clock()
        now = clock.utc()
        if watch.observe(monotonic=clock.seconds_up(), utc=now):
            words = clock_step_in_words(watch.last_step_seconds, reading.quality)
            await _tell(buffer, words, gateway, now)
        await clock.sleep(LOOK_SECONDS)


async def _tell(buffer: ObservationBuffer, words: str, gateway: SystemId, at: datetime) -> None:
    try:
        await buffer.append([happening(words, gateway=gateway, at=at)])
    except BufferFullError as exc:
        log.warning("not told what=%r reason=%r", words, str(exc))


async def _tell_recovery(buffer: ObservationBuffer, gateway: SystemId, clock: Clock) -> None:
    if buffer.recovery is None:
        return
    await _tell(buffer, recovery_in_words(buffer.recovery), gateway, clock.utc())
