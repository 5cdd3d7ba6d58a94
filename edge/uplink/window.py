"""What a way did over the last while: how soon it acknowledged, how much, and how often in vain."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

_MOST_ATTEMPTS: Final = 64
_UNSTEADY: Final = 0.25
"""From this share of vain attempts on the failures are what a poor way is told by."""


class Standing(Enum):
    """What the last while says of a way."""

    UNKNOWN = "unknown"
    GOOD = "good"
    SLOW = "slow"
    UNSTEADY = "unsteady"
    """Too much of what it is given has to be sent again."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One look back.

    `round_trip`: seconds from sending a batch to its acknowledgement, the middle one of all.
    `octets_per_second`: acknowledged octets over the time anything was on its way.
    `failure_share`: attempts that were vain. `seconds_each`: what one acknowledged batch cost,
    the time spent in vain with it: slowness, stalls and losses in one number to compare by.
    """

    standing: Standing = Standing.UNKNOWN
    attempts: int = 0
    round_trip: float | None = None
    octets_per_second: float | None = None
    failure_share: float = 0.0
    seconds_each: float | None = None

    @property
    def is_poor(self) -> bool:
        """Too slow to be of use while there is another way."""
        return self.standing in (Standing.SLOW, Standing.UNSTEADY)

    @property
    def words(self) -> str:
        """For people; empty while too little was sent to say anything."""
        each = f"{self.seconds_each or 0:.1f} s a batch"
        match self.standing:
            case Standing.UNKNOWN:
                return ""
            case Standing.GOOD:
                return f"delivers, {each}"
            case Standing.SLOW:
                return f"slow, {each}"
            case Standing.UNSTEADY:
                return f"loses {self.failure_share:.0%} of what it is given, {each}"


@dataclass(frozen=True, slots=True)
class _Attempt:
    began: float
    ended: float
    octets: int
    is_vain: bool

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass(slots=True)
class Window:
    """The attempts of the last `span` seconds. Times are monotonic seconds.

    A way is poor when an acknowledged batch cost more than `slow_seconds`, over at least `least`
    attempts. Vain attempts that ran side by side count as one: they are one bad moment.
    """

    span: float = 60.0
    slow_seconds: float = 5.0
    least: int = 4
    _attempts: deque[_Attempt] = field(default_factory=lambda: deque(maxlen=_MOST_ATTEMPTS))
    _vain_until: float | None = None

    def note(self, *, began: float, now: float, octets: int) -> None:
        """A batch of so many octets was acknowledged."""
        self._attempts.append(_Attempt(began, now, octets, is_vain=False))

    def note_vain(self, *, began: float, now: float) -> None:
        """A batch was not."""
        if self._vain_until is None or began >= self._vain_until:
            self._vain_until = now
            self._attempts.append(_Attempt(began, now, 0, is_vain=True))

    def forget(self) -> None:
        """What was is no guide any more."""
        self._attempts.clear()

    def is_poor(self, *, now: float) -> bool:
        """Whether the way is poor, as `measure` says it: asked after every batch."""
        attempts, vain, seconds = 0, 0, 0.0
        for one in self._attempts:
            if now - one.ended <= self.span:
                attempts += 1
                vain += one.is_vain
                seconds += one.ended - one.began
        # Steadier or not, what costs so much is poor.
        return attempts >= self.least and seconds / max(1, attempts - vain) > self.slow_seconds

    def measure(self, *, now: float) -> Measured:
        """Look back from `now`."""
        recent = [one for one in self._attempts if now - one.ended <= self.span]
        if not recent:
            return Measured()
        good = [one for one in recent if not one.is_vain]
        failures = (len(recent) - len(good)) / len(recent)
        each = sum(one.seconds for one in recent) / max(1, len(good))
        return Measured(
            self._judge(len(recent), failures, each),
            len(recent),
            statistics.median(one.seconds for one in good) if good else None,
            _rate(recent) if good else None,
            failures,
            each,
        )

    def _judge(self, attempts: int, failures: float, each: float) -> Standing:
        if attempts < self.least:
            return Standing.UNKNOWN
        if each <= self.slow_seconds:
            return Standing.GOOD
        return Standing.UNSTEADY if failures >= _UNSTEADY else Standing.SLOW


def _rate(attempts: Iterable[_Attempt]) -> float | None:
    """Octets over the seconds in which at least one batch was on its way."""
    octets, busy, until = 0, 0.0, float("-inf")
    for one in sorted(attempts, key=lambda attempt: attempt.began):
        octets += one.octets
        busy += max(0.0, one.ended - max(until, one.began))
        until = max(until, one.ended)
    return octets / busy if busy > 0 else None
