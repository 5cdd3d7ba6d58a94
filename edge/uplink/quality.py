"""How long the answers of a way take just now, and what that means for batches and patience."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_WEIGHT: Final = 0.2
LEAST_TIMEOUT: Final = 3.0


@dataclass(slots=True)
class Quality:
    """Measured on batches that were acknowledged. Seconds; None before the first.

    `delay` from sending to the acknowledgement, smoothed; `least` the shortest one, which is the
    way's own and the cloud's commit; `stalls` how often no answer came in time.
    """

    delay: float | None = None
    least: float | None = None
    stalls: int = 0

    def note(self, seconds: float) -> None:
        """A batch was acknowledged after so long."""
        self.least = seconds if self.least is None else min(self.least, seconds)
        self.delay = _smoothed(self.delay, seconds)

    def timeout(self, most: float, *, silences: int) -> float:
        """How long to wait for an answer: far less than a connection takes to notice its end.

        Twice as long after each silence, so that a slow way is not taken for a dead one.
        """
        if self.delay is None:
            return most
        return min(most, max(LEAST_TIMEOUT, 1.0 + 4 * self.delay) * 2.0**silences)


@dataclass(slots=True)
class Pace:
    """How much goes into one batch: more while answers come fast, less when they are late.

    A batch on a slow way holds up what is sent behind it; `late` is how many seconds beyond the
    shortest delay are too many. Late answers make batches no smaller than `enough`: where a batch
    costs more than what is in it, more and smaller ones would be later still. Where no answer
    comes they become as small as `least`.
    """

    size: float
    least: float
    most: float
    late: float = 1.0
    enough: float = 0.0

    def note(self, beyond: float, *, was_full: bool) -> None:
        """A batch was acknowledged `beyond` seconds after the soonest it could be."""
        if beyond > self.late:
            self.size = max(self.least, min(self.size, self.enough), self.size / 2)
        elif was_full and beyond < self.late / 2:
            self.size = min(self.most, self.size * 2)

    def shrink(self) -> None:
        """No answer came."""
        self.size = max(self.least, self.size / 2)


def _smoothed(old: float | None, new: float) -> float:
    return new if old is None else old + _WEIGHT * (new - old)
