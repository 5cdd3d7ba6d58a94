"""How each device is: written by its driver, read by the status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from edge.drivers.delays import Delays

_MOST_GONE = 64


class DeviceState(Enum):
    """What a person wants to know first."""

    WAITING = "waiting"
    """Nothing answers at its address; we try again."""
    CONNECTED = "connected"
    """The line is there, the device has not associated."""
    ASSOCIATED = "associated"
    """Associated; it has not reported yet."""
    RECEIVING = "receiving"
    """Reports arrive."""
    STALE = "stale"
    """It was reporting and has fallen silent."""
    REFUSED = "refused"
    """Reports arrive and cannot be stored: the buffer is full."""
    ENDED = "ended"
    """A recording that was played, or an agent that went away."""


@dataclass(slots=True)
class DeviceCounts:
    """Since the gateway's start."""

    associations: int = 0
    reports: int = 0
    confirmed: int = 0
    observations: int = 0
    stored: int = 0
    repeated: int = 0
    refused: int = 0
    missed: int = 0
    discarded_octets: int = 0
    warnings: int = 0


@dataclass(slots=True)
class DeviceHealth:
    """One device. `reason` says why it is not better than it is; `at` times are aware UTC."""

    name: str
    address: str
    since: datetime
    state: DeviceState = DeviceState.WAITING
    reason: str = ""
    system_id: str = ""
    model: str = ""
    last_report_at: datetime | None = None
    counts: DeviceCounts = field(default_factory=DeviceCounts)

    def move(self, state: DeviceState, *, at: datetime, reason: str = "") -> None:
        """A new state, or the old one for another reason."""
        if state is not self.state:
            self.since = at
        self.state, self.reason = state, reason

    def seen_at(self, now: datetime, *, stale_after_seconds: float) -> DeviceState:
        """The state as of `now`: receiving becomes stale by silence alone."""
        if self.state is DeviceState.RECEIVING and self.last_report_at is not None:
            silence = (now - self.last_report_at).total_seconds()
            if silence > stale_after_seconds:
                return DeviceState.STALE
        return self.state


@dataclass(slots=True)
class HealthBoard:
    """All devices: the configured ones by name, agents that connected by themselves by identity."""

    delays: Delays = field(default_factory=Delays)
    turned_away: int = 0
    _devices: dict[str, DeviceHealth] = field(default_factory=dict)

    def add(self, health: DeviceHealth) -> None:
        """A device to watch; one of the same name gives way."""
        self._devices[health.name] = health

    def identify(self, health: DeviceHealth, system_id: str) -> None:
        """An agent that connected by itself said who it is: it goes on where it left off."""
        self._devices.pop(health.name, None)
        name = f"agent {system_id}"
        earlier = self._devices.pop(name, None)
        if earlier is not None:
            health.counts = earlier.counts
            health.model = earlier.model
        health.name = name
        self._devices[name] = health

    def leave(self, health: DeviceHealth) -> None:
        """An agent that connected by itself went away; the last of them stay to be seen."""
        if not health.system_id:
            self._devices.pop(health.name, None)
            return
        gone = [item for item in self._devices.values() if item.state is DeviceState.ENDED]
        for item in gone[:-_MOST_GONE]:
            del self._devices[item.name]

    def __iter__(self) -> Iterator[DeviceHealth]:
        return iter(tuple(self._devices.values()))
