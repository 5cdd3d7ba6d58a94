"""What a link may cost: which lanes may be sent now, and how much went in the last hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from edge.buffer.rows import Stream
from edge.uplink.link import LinkClient

HOUR_SECONDS: Final = 3600.0
OVERHEAD_OCTETS: Final = 200
"""What the link spends on a batch beside it: topic, TLS, TCP/IP, and the acknowledgement."""
_WAVEFORMS_SHARE: Final = 0.7


class Profile(Enum):
    """What may be sent unasked."""

    FULL = "full"
    THIN = "thin"
    """Events and numbers; waveforms wait until they are asked for, or until the station."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPolicy:
    """`octets_per_hour` 0 is no cap.

    Near the cap waveforms wait, at the cap numbers do; events always go. `thin_linger_seconds`:
    how long numbers wait for company under `thin`, for a full batch costs a tenth of ten small
    ones.
    """

    profile: Profile = Profile.FULL
    octets_per_hour: int = 0
    thin_linger_seconds: float = 10.0

    def __post_init__(self) -> None:
        if self.octets_per_hour < 0 or self.thin_linger_seconds < 0:
            raise ValueError("octets_per_hour and thin_linger_seconds are not negative")


@dataclass(slots=True)
class Budget:
    """One gateway's spending over all its ways. `is_at_station` is asked at every look."""

    policy: BudgetPolicy
    links: Sequence[LinkClient]
    is_at_station: Callable[[], bool] = lambda: False
    spent: float = field(default=0.0, init=False)
    total: int = field(default=0, init=False)
    _looked_at: float | None = field(default=None, init=False)

    def look(self, *, now: float) -> None:
        """Count what was sent since the last look; what was spent is forgiven over an hour."""
        total = sum(link.health.octets + OVERHEAD_OCTETS * link.health.sent for link in self.links)
        cap = self.policy.octets_per_hour
        elapsed = 0.0 if self._looked_at is None else now - self._looked_at
        forgiven = cap * elapsed / HOUR_SECONDS if cap else self.spent * elapsed / HOUR_SECONDS
        self.spent = max(0.0, self.spent - forgiven) + total - self.total
        self.total, self._looked_at = total, now

    def allows(self, stream: Stream, *, now: float) -> bool:
        """Whether rows of a lane may be sent at monotonic `now`."""
        self.look(now=now)
        cap = self.policy.octets_per_hour
        if stream is Stream.EVENTS:
            return True
        if stream is Stream.NUMERICS:
            return not cap or self.spent < cap
        if self.is_thin:
            return False
        return not cap or self.spent < cap * _WAVEFORMS_SHARE

    @property
    def linger_seconds(self) -> float:
        """How long rows wait for company beyond the usual."""
        return self.policy.thin_linger_seconds if self.is_thin else 0.0

    @property
    def is_thin(self) -> bool:
        """Whether waveforms wait now until they are asked for, or until the station."""
        return self.policy.profile is Profile.THIN and not self.is_at_station()
