"""Whether a device that reports at a steady pace has fallen silent.

The pace is what was observed, not what a configuration promises. A device that reports when
something happens (episodic) has no pace and is never called silent.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

_FEWEST: Final = 8
_BURST_SECONDS: Final = 0.1
"""Reports of several objects at once are one beat."""
_MOST: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SilencePolicy:
    """When a device counts as silent; seconds.

    It is after `factor` times its usual interval, and not before `least_seconds`; a `factor` of
    0 watches nobody. Steady is a device whose last intervals are none longer than `spread` times
    the median, the median no longer than `longest_interval_seconds`.
    """

    factor: float = 5.0
    least_seconds: float = 5.0
    spread: float = 2.0
    longest_interval_seconds: float = 300.0


class ReportWatchdog:
    """The pace of one association's reports; times are monotonic seconds."""

    def __init__(self, policy: SilencePolicy) -> None:
        self._policy = policy
        self._last: float | None = None
        self._beat: float | None = None
        self._intervals: deque[float] = deque(maxlen=_MOST)
        self.silent_since: float | None = None
        """When the last report before the silence came; None while the device is heard."""

    def heard(self, now: float) -> float | None:
        """A report came; how long it was silent when it had been called silent, else None."""
        silent_since, self.silent_since = self.silent_since, None
        if self._beat is None or now - self._beat >= _BURST_SECONDS:
            if self._beat is not None and silent_since is None:
                self._intervals.append(now - self._beat)
            self._beat = now
        self._last = now
        return None if silent_since is None else now - silent_since

    def seconds_allowed(self) -> float | None:
        """How long the device may be silent from its last report; None: as long as it likes."""
        policy = self._policy
        if policy.factor <= 0 or len(self._intervals) < _FEWEST:
            return None
        ordered = sorted(self._intervals)
        middle = len(ordered) // 2
        usual = (ordered[middle] + ordered[~middle]) / 2
        is_steady = ordered[-1] <= policy.spread * usual
        if not is_steady or usual > policy.longest_interval_seconds:
            return None
        return max(policy.least_seconds, policy.factor * usual)

    def fell_silent(self, now: float) -> float:
        """Nothing came for `seconds_allowed`; how long it is since the last report."""
        self.silent_since = now if self._last is None else self._last
        return now - self.silent_since
