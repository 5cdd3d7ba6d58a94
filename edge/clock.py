"""The gateway's clocks behind one small class: one that never steps, one that people read.

The wall clock may be wrong: a box without a clock chip begins in 1970, or where it was switched
off. `ClockKeeper` says how far it can be trusted, by the difference between the two clocks: that
moves only when the wall clock is set.
"""

from __future__ import annotations

import asyncio
import ctypes
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# This program was not built before the one, and does not run as it is after the other.
_FLOOR: Final = datetime(2025, 1, 1, tzinfo=UTC)
_CEILING: Final = datetime(2045, 1, 1, tzinfo=UTC)
_MACHINE_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_NOT_SYNCHRONISED: Final = 5
_TIMEX_OCTETS: Final = 512


def _utc_now() -> datetime:
    # What is finer than a millisecond is noise, and every octet of it travels (decision 0029).
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _seconds_up() -> float:
    """Seconds since the machine began, asleep or not."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def kernel_is_synchronised() -> bool:
    """Whether the kernel says that something outside keeps its clock right (adjtimex(2))."""
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_OCTETS))
    except (AttributeError, OSError):
        return False
    return 0 <= state < _NOT_SYNCHRONISED


def machine_boot(path: Path = _MACHINE_BOOT) -> str:
    """One run of the machine: restarts of the gateway in it share its count of seconds.

    Empty where the kernel does not show it: nothing is then known to be of the same run.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Clock:
    """`monotonic` seconds for deadlines and delays, `utc` for stamps, `sleep` for waiting.

    `uptime`: seconds that also pass while the machine sleeps; None: those of `monotonic`.
    `is_synchronised`: whether something outside keeps the wall clock right.
    """

    monotonic: Callable[[], float] = time.monotonic
    utc: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    uptime: Callable[[], float] | None = None
    is_synchronised: Callable[[], bool] = lambda: False

    def seconds_up(self) -> float:
        """Seconds that never step and that pass while the machine sleeps."""
        return (self.uptime or self.monotonic)()

    def difference_us(self) -> int:
        """The wall clock minus `seconds_up`, in microseconds: it moves when the clock is set."""
        return difference_us(self.utc(), self.seconds_up())


def difference_us(utc: datetime, seconds_up: float) -> int:
    """A wall clock minus a count of seconds, in microseconds."""
    return (utc - _EPOCH) // _MICROSECOND - round(seconds_up * 1e6)


SYSTEM_CLOCK = Clock(uptime=_seconds_up, is_synchronised=kernel_is_synchronised)


class ClockQuality(Enum):
    """How far the wall clock can be trusted."""

    UNSET = "unset"
    """Certainly wrong: earlier than what is known to have passed, or decades ahead."""
    PLAUSIBLE = "plausible"
    """Nothing speaks against it, and nothing outside vouches for it."""
    SYNCHRONISED = "synchronised"
    """Something outside vouches for it: time synchronisation, or the cloud's clock."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One look at both clocks.

    `difference_us`: the wall clock minus the seconds since the machine began, in microseconds.
    `truth_us`: what that difference should be, as far as it is known; None: nobody knows.
    `is_proven`: something outside vouched for `truth_us`.
    """

    difference_us: int
    quality: ClockQuality
    truth_us: int | None
    is_proven: bool


@dataclass(slots=True)
class ClockKeeper:
    """Looks at the clocks and remembers what was once known for sure.

    `floor`: a time known to have passed; a wall clock before it is wrong. What the cloud's clock
    said by `learn` counts until the wall clock agrees with it.
    """

    clock: Clock
    floor: datetime = _FLOOR
    tolerance_seconds: float = 2.0
    _proven_us: int | None = None
    _looked_at: float | None = None
    _difference_us: int | None = None
    _is_synchronised: bool = False

    def look(self) -> ClockReading:
        """How the wall clock stands now."""
        uptime, utc = self.clock.seconds_up(), self.clock.utc()
        difference = difference_us(utc, uptime)
        is_set = self._is_off(difference, self._difference_us)
        if self._looked_at is None or abs(uptime - self._looked_at) >= 1.0 or is_set:
            self._looked_at, self._difference_us = uptime, difference
            self._is_synchronised = self.clock.is_synchronised()
            # What was said holds for the clock as it is after the answer, not as it was before.
            if self._is_off(self.clock.difference_us(), difference):
                self._looked_at, self._is_synchronised = None, False
        quality = self._judge(utc, difference)
        if quality is ClockQuality.SYNCHRONISED:
            self._proven_us = difference
        if self._proven_us is not None:
            return ClockReading(difference, quality, self._proven_us, is_proven=True)
        truth = None if quality is ClockQuality.UNSET else difference
        return ClockReading(difference, quality, truth, is_proven=False)

    def learn(self, utc: datetime, *, within_seconds: float) -> None:
        """The cloud says what time it is, give or take `within_seconds`.

        A clock of ours that agrees is taken as it is: it is finer than what came over the way.
        """
        up_us = round(self.clock.seconds_up() * 1e6)
        there = (utc - _EPOCH) // timedelta(microseconds=1) - up_us
        ours = self.look()
        agrees = abs(ours.difference_us - there) <= (self.tolerance_seconds + within_seconds) * 1e6
        if not self._is_synchronised:
            self._proven_us = ours.difference_us if agrees else there

    def known_utc(self) -> datetime | None:
        """The time as proven, else by the wall clock; None while that is certainly wrong."""
        truth_us = self.look().truth_us
        if truth_us is None:
            return None
        return _EPOCH + timedelta(microseconds=truth_us + round(self.clock.seconds_up() * 1e6))

    def _judge(self, utc: datetime, difference: int) -> ClockQuality:
        if not self.floor <= utc < _CEILING:
            return ClockQuality.UNSET
        if self._is_synchronised:
            return ClockQuality.SYNCHRONISED
        if self._proven_us is None:
            return ClockQuality.PLAUSIBLE
        is_near = not self._is_off(difference, self._proven_us)
        return ClockQuality.SYNCHRONISED if is_near else ClockQuality.PLAUSIBLE

    def _is_off(self, one_us: int, other_us: int | None) -> bool:
        return other_us is not None and abs(one_us - other_us) > self.tolerance_seconds * 1e6


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
