"""How a driver treats its device."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.supervision import BackoffPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverPolicy:
    """Seconds.

    An agent that connected to us and does not associate within `unassociated_seconds` is sent
    away. A device that was receiving and is silent for `stale_after_seconds` is shown as stale.
    At the end of the program a device gets `release_seconds` to answer the release.
    `reopen` spaces the attempts to open a line that is not there.
    """

    unassociated_seconds: float = 60.0
    stale_after_seconds: float = 15.0
    release_seconds: float = 1.0
    reopen: BackoffPolicy = field(default_factory=BackoffPolicy)

    def __post_init__(self) -> None:
        if min(self.unassociated_seconds, self.stale_after_seconds) <= 0:
            raise ValueError("unassociated_seconds and stale_after_seconds are above 0")
        if self.release_seconds < 0:
            raise ValueError("release_seconds is not negative")
