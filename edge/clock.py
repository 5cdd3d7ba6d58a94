"""The gateway's two clocks behind one small class: one that never steps, one that people read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """`monotonic` seconds for deadlines and delays, `utc` for stamps, `sleep` for waiting."""

    monotonic: Callable[[], float] = time.monotonic
    utc: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


SYSTEM_CLOCK = Clock()


@dataclass(slots=True)
class ClockWatch:
    """Notices when the wall clock is set, by comparing it with the one that never steps."""

    tolerance_seconds: float = 2.0
    steps: int = 0
    last_step_seconds: float = 0.0
    _difference: float | None = None

    def observe(self, *, monotonic: float, utc: datetime) -> bool:
        """Look once; True when the wall clock moved on its own since the last look."""
        difference = utc.timestamp() - monotonic
        previous, self._difference = self._difference, difference
        if previous is None or abs(difference - previous) <= self.tolerance_seconds:
            return False
        self.steps += 1
        self.last_step_seconds = difference - previous
        return True
