"""The patient's clock: as fast as wanted, or step by step; every device of a vehicle shares it.

    clock = VirtualClock(start_at=utc, begins_at=utc, speed=10)
    clock.utc() -> the patient's time         await clock.sleep(seconds) -> patient's seconds

Programs agree on it by three numbers: the patient's time of second 0, the true time at which that
second is now, and the speed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from simulators.errors import DeviceSettingsError

SLOWEST: Final = 0.1
FASTEST: Final = 100.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """The patient's second 0 is `start_at` (aware) and is now at the true time `begins_at`.

    DeviceSettingsError for a speed outside 0.1 to 100.
    """

    start_at: datetime
    begins_at: datetime
    speed: float = 1.0
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)

    def __post_init__(self) -> None:
        require_speed(self.speed)

    def seconds(self) -> float:
        """The patient's seconds since second 0."""
        return (self.now() - self.begins_at).total_seconds() * self.speed

    def utc(self) -> datetime:
        """The patient's time."""
        return self.start_at + timedelta(seconds=self.seconds())

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the patient's time."""
        await asyncio.sleep(max(0.0, seconds / self.speed))


class SteppedClock:
    """A clock that stands until somebody steps it on; for tests and for looking closely."""

    def __init__(self, start_at: datetime) -> None:
        self._utc = start_at
        self._waiting: list[tuple[datetime, asyncio.Future[None]]] = []

    def utc(self) -> datetime:
        """The patient's time."""
        return self._utc

    def step(self, seconds: float) -> None:
        """Go on; whoever waited until then wakes."""
        self._utc += timedelta(seconds=seconds)
        due = [future for at, future in self._waiting if at <= self._utc]
        self._waiting = [(at, future) for at, future in self._waiting if at > self._utc]
        for future in due:
            if not future.done():
                future.set_result(None)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was stepped so far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._utc + timedelta(seconds=seconds), future))
        await future


def require_speed(speed: float) -> None:
    """DeviceSettingsError for a speed nobody can play."""
    if not SLOWEST <= speed <= FASTEST:
        raise DeviceSettingsError(
            f"a speed of {speed:g} cannot be played. Give {SLOWEST:g} to {FASTEST:g}."
        )
