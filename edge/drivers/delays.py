"""How long reports took from their octets' arrival to the disk."""

from __future__ import annotations

import math
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
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def record(self, seconds: float) -> None:
        """One more."""
        self.count += 1
        self.total += seconds
        self.most = max(self.most, seconds)
        self.by_bound[next((i for i, b in enumerate(BOUNDS) if seconds <= b), len(BOUNDS))] += 1
        self._recent.append(seconds)

    def percentiles(self, *shares: float) -> tuple[float | None, ...]:
        """The recent delay not exceeded by each share (0..1); None when there is none."""
        ordered = sorted(self._recent)
        if not ordered:
            return tuple(None for _ in shares)
        last = len(ordered) - 1
        return tuple(ordered[min(last, math.ceil(share * len(ordered)) - 1)] for share in shares)
