"""Whether what should flow flows: a link may call itself connected and be dead.

A stream that was silent for some of its usual intervals ends the link, which is then built again.
When that does not help (no finger is in the oximeter) the patience doubles, so that a quiet
device is asked now and then and not every ten seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from edge.transports.ble.quirks import INTERVALS


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPolicy:
    """A stream may be silent for `factor` intervals, `least_seconds` at least.

    The patience doubles up to `most_seconds`. A device whose values come when something happens
    is asked every `probe_seconds` whether it still answers.
    """

    factor: float = 5.0
    least_seconds: float = 5.0
    most_seconds: float = 300.0
    probe_seconds: float = 60.0

    def __post_init__(self) -> None:
        if not 0 < self.least_seconds <= self.most_seconds:
            raise ValueError("least_seconds is above 0 and not above most_seconds")
        if self.factor < 1 or self.probe_seconds <= 0:
            raise ValueError("factor is at least 1 and probe_seconds above 0")


@dataclass(slots=True)
class Patience:
    """How often in a row a device's streams fell silent; lives as long as the device."""

    trips: int = 0

    def stretch(self, seconds: float, policy: WatchPolicy) -> float:
        """The window after so many trips."""
        return min(seconds * 2.0 ** min(self.trips, 16), policy.most_seconds)


@dataclass(slots=True)
class StreamWatch:
    """The steady streams of one link, by characteristic; `since` when they were switched on."""

    policy: WatchPolicy
    patience: Patience
    since: float
    streams: frozenset[UUID] = frozenset()
    _heard: dict[UUID, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, uuids: Iterable[UUID], policy: WatchPolicy, patience: Patience, *, now: float
    ) -> StreamWatch:
        """Watch those of `uuids` that flow steadily."""
        return cls(policy, patience, now, frozenset(uuid for uuid in uuids if uuid in INTERVALS))

    def heard(self, uuid: UUID, *, at: float) -> None:
        """A value came."""
        if uuid in self.streams:
            self._heard[uuid] = at
            self.patience.trips = 0

    def next_deadline(self) -> float | None:
        """When the first stream has been silent for too long; None: nothing is watched."""
        if not self.streams:
            return None
        if not self._heard:
            # Not every stream a device offers is in use; that none of them flows is too little.
            return self.since + max(self._window(uuid) for uuid in self.streams)
        return min(at + self._window(uuid) for uuid, at in self._heard.items())

    def silence(self, *, now: float) -> float | None:
        """Seconds of silence when it is too long, and the patience grows; else None."""
        deadline = self.next_deadline()
        if deadline is None or now < deadline:
            return None
        self.patience.trips += 1
        return now - min(self._heard.values(), default=self.since)

    def _window(self, uuid: UUID) -> float:
        usual = max(INTERVALS[uuid] * self.policy.factor, self.policy.least_seconds)
        return self.patience.stretch(usual, self.policy)
