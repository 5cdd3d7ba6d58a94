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
    """It was reporting steadily and has fallen silent."""
    BOND_LOST = "bond lost"
    """It no longer has the key we share; a person has to pair it again."""
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
    samples_missed: int = 0
    silences: int = 0
    clock_sets: int = 0
    discarded_octets: int = 0
    warnings: int = 0
    failures: int = 0
    faults: int = 0


@dataclass(slots=True)
class LinkFacts:
    """How the way to a device is. `rssi_dbm`: None where there is no radio or it was not heard.

    `reconnects`: times a line that had been there was there again. `watchdog_trips`: times a
    line that seemed to be there gave nothing and was torn down.
    """

    rssi_dbm: int | None = None
    reconnects: int = 0
    watchdog_trips: int = 0


@dataclass(slots=True)
class DeviceHealth:
    """One device. `reason` says why it is not better than it is; `at` times are aware UTC.

    `clock_fault` says in words what is wrong with its clock, empty while nothing is.
    `battery_percent`: 0 to 100, None while it did not say; `is_battery_low` by the threshold of
    who drives it, or because the device says so itself.
    """

    name: str
    address: str
    since: datetime
    state: DeviceState = DeviceState.WAITING
    reason: str = ""
    system_id: str = ""
    model: str = ""
    last_report_at: datetime | None = None
    clock_fault: str = ""
    battery_percent: int | None = None
    is_battery_low: bool = False
    counts: DeviceCounts = field(default_factory=DeviceCounts)
    link: LinkFacts = field(default_factory=LinkFacts)
    _was_there: bool = False

    @property
    def troubles(self) -> tuple[str, ...]:
        """What a person should see to although the device works, each in two words."""
        found = []
        if self.clock_fault:
            found.append("clock wrong")
        if self.is_battery_low:
            found.append("battery low")
        return tuple(found)

    def move(self, state: DeviceState, *, at: datetime, reason: str = "") -> None:
        """A new state, or the old one for another reason."""
        if state is not self.state:
            self.since = at
        self.state, self.reason = state, reason

    def come(self, *, at: datetime) -> None:
        """Its line is open."""
        self.link.reconnects += self._was_there
        self._was_there = True
        self.move(DeviceState.CONNECTED, at=at)

    def fail(self, *, at: datetime, reason: str, is_fault: bool = False) -> None:
        """Its line broke or could not be opened; `is_fault`: by a fault of this program.

        A lost bond stays one until the device is there again: no waiting mends it.
        """
        self.counts.failures += 1
        self.counts.faults += is_fault
        if self.state is DeviceState.BOND_LOST:
            return
        self.move(DeviceState.WAITING, at=at, reason=reason)


@dataclass(slots=True)
class HealthBoard:
    """All devices: the configured ones by name, agents that connected by themselves by identity."""

    delays: Delays = field(default_factory=Delays)
    turned_away: int = 0
    _devices: dict[str, DeviceHealth] = field(default_factory=dict)
    _associations: dict[str, list[str]] = field(default_factory=dict)
    _begun: int = 0

    def begin(self, system_id: str, address: str) -> tuple[str, tuple[str, ...]]:
        """An association of `system_id` began: its own id, and those that live beside it.

        Two at once with one identity are two devices of one name, or one that lost its line and
        called again (8.8); their readings cannot be told apart.
        """
        self._begun += 1
        own = f"{address}#{self._begun}"
        others = tuple(self._associations.setdefault(system_id, []))
        self._associations[system_id].append(own)
        return own, others

    def end(self, system_id: str, association: str) -> None:
        """That association is over."""
        living = self._associations.get(system_id, [])
        if association in living:
            living.remove(association)
        if not living:
            self._associations.pop(system_id, None)

    @property
    def doubles(self) -> dict[str, tuple[str, ...]]:
        """Identities with more than one living association."""
        return {name: tuple(ids) for name, ids in self._associations.items() if len(ids) > 1}

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
            health.link = earlier.link
            health.link.reconnects += 1
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
