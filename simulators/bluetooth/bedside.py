"""The patient as Bluetooth devices meet them: numbers at a moment, and one time for everybody.

Anything that knows its numbers at a moment is a `Sensor`; the simulated patient is one. Patient
time runs `speed` times as fast as the wall's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from simulators.patient.vital_signs import Numerics

_MILLION: Final = 1_000_000


class Sensor(Protocol):
    """Whoever can say what devices would read at a moment of the patient's time."""

    def numerics_at(self, t: float) -> Numerics:
        """The numbers `t` seconds into the story."""
        ...


@dataclass(frozen=True, slots=True)
class Bedside:
    """The patient and their time: second 0 was `start_at` (aware), at `monotonic_at_start`."""

    sensor: Sensor
    start_at: datetime
    monotonic_at_start: float
    monotonic: Callable[[], float]
    speed: float = 1.0

    @property
    def now(self) -> float:
        """Seconds into the patient's time."""
        return (self.monotonic() - self.monotonic_at_start) * self.speed

    @property
    def utc(self) -> datetime:
        """The patient's time of day."""
        return self.utc_at(self.now)

    def utc_at(self, t: float) -> datetime:
        """The time of day `t` seconds into the patient's time."""
        return self.start_at + timedelta(milliseconds=round(t * 1000))

    async def until(self, t: float) -> None:
        """Sleep until second t of the patient's time."""
        await asyncio.sleep(max(0.0, t - self.now) / self.speed)


@dataclass(frozen=True, slots=True)
class OwnClock:
    """A device's own clock: `ahead` of UTC at `since`, and drifting by `drift_ppm`."""

    since: datetime
    ahead: timedelta = timedelta(0)
    drift_ppm: float = 0.0

    def local(self, utc: datetime) -> datetime:
        """The naive local time it shows at `utc`, whole seconds."""
        drift = (utc - self.since) * (self.drift_ppm / _MILLION)
        return (utc + self.ahead + drift).replace(tzinfo=None, microsecond=0)

    def set_to(self, local: datetime, utc: datetime) -> OwnClock:
        """The clock after somebody set it to `local` (naive) at `utc`; it drifts as before."""
        return replace(self, since=utc, ahead=local - utc.replace(tzinfo=None))
