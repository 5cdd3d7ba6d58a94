"""How long reports took from their octets' arrival to the disk."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field
from typing import Final

BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_RECENT: Final = 4096


@dataclass(slots=True)
class Delays:
    """Seconds: the last few thousand for percentiles, and counts by bound for ever."""

    count: int = 0
    total: float = 0.0
    most: float = 0.0
    by_bound: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    _recent: deque[float] = field(default_factory=deque)
    # The same in order: they are asked for every second, and sorting costs more than inserting.
    _ordered: list[float] = field(default_factory=list)

    def record(self, seconds: float) -> None:
        """One more."""
        self.count += 1
        self.total += seconds
        self.most = max(self.most, seconds)
        self.by_bound[bisect_left(BOUNDS, seconds)] += 1
        if len(self._recent) == _RECENT:
            del self._ordered[bisect_left(self._ordered, self._recent.popleft())]
        self._recent.append(seconds)
        insort(self._ordered, seconds)

    def percentiles(self, *shares: float) -> tuple[float | None, ...]:
        """The recent delay not exceeded by each share (0..1); None when there is none."""
        ordered = self._ordered
        if not ordered:
            return tuple(None for _ in shares)
        last = len(ordered) - 1
        return tuple(ordered[min(last, math.ceil(share * len(ordered)) - 1)] for share in shares)
