"""Waits between attempts that grow, with chance in them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated


@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffPolicy:
    """Waits between attempts, in seconds."""

    first: Annotated[float, "seconds before the second attempt; doubled for each further one"] = 1.0
    most: Annotated[float, "seconds between two attempts at most"] = 30.0
    jitter: Annotated[
        float, "share of a wait that chance decides, so that a fleet does not return at once"
    ] = 0.3
    forgiven_after: Annotated[
        float, "an attempt that lasted so many seconds starts the series again"
    ] = 20.0

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.most:
            raise ValueError("first must be above 0 and not above most")
        if not 0 <= self.jitter <= 1:
            raise ValueError("jitter is a share between 0 and 1")


@dataclass(slots=True)
class Backoff:
    """The next wait of one series of attempts."""

    policy: BackoffPolicy
    chance: Callable[[], float] = random.random
    failures: int = field(default=0, init=False)

    def next_wait(self) -> float:
        """Seconds to wait after one more failure."""
        wait = min(self.policy.first * 2.0 ** min(self.failures, 32), self.policy.most)
        self.failures += 1
        return wait * (1 - self.policy.jitter * self.chance())

    def reset(self) -> None:
        """It worked: begin the series again."""
        self.failures = 0
