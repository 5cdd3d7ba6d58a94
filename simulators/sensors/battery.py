"""A device's battery: full at second 0, empty after its hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LOW_PERCENT: Final = 15


@dataclass(frozen=True, slots=True)
class Battery:
    """Runs for `hours` from `full` percent; `charged_at` seconds it is full again."""

    hours: float = 14.0
    full: float = 100.0
    charged_at: float | None = None

    def percent(self, t: float) -> int:
        """What is left at t, whole percent."""
        charged = self.charged_at is not None and t >= self.charged_at
        since, level = (self.charged_at or 0.0, 100.0) if charged else (0.0, self.full)
        spent = 100.0 * (t - since) / (self.hours * 3600)
        return max(0, min(100, round(level - spent)))

    def is_low(self, t: float) -> bool:
        """Whether a device would say that it needs a charge."""
        return self.percent(t) <= LOW_PERCENT
