"""Who was heard, by which adapter, how long ago: what links are made from."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from edge.transports.ble.base import Sighting

MOST_KEPT: Final = 512


@dataclass(slots=True)
class Sightings:
    """The newest sighting of each device by each adapter; the oldest devices give way.

    `heard` is called for each. `wanted` is set while somebody waits for a device.
    """

    heard: Callable[[Sighting], None] = lambda _sighting: None
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _newest: OrderedDict[str, dict[str, Sighting]] = field(default_factory=OrderedDict)
    _waiting: dict[str, list[asyncio.Event]] = field(default_factory=dict)
    _last: dict[str, float] = field(default_factory=dict)

    def note(self, sighting: Sighting) -> None:
        """A device was heard."""
        self._newest.setdefault(sighting.address, {})[sighting.adapter] = sighting
        self._newest.move_to_end(sighting.address)
        while len(self._newest) > MOST_KEPT:
            self._newest.popitem(last=False)
        self._last[sighting.adapter] = sighting.at
        for event in self._waiting.get(sighting.address, ()):
            event.set()
        self.heard(sighting)

    def last_heard(self, adapter: str) -> float | None:
        """When the adapter heard anybody; monotonic seconds."""
        return self._last.get(adapter)

    def fresh(self, address: str, *, since: float) -> list[Sighting]:
        """Sightings not older than `since`, the strongest first."""
        found = [item for item in self._newest.get(address, {}).values() if item.at >= since]
        return sorted(found, key=lambda item: item.rssi or -127, reverse=True)

    def newest(self, address: str) -> Sighting | None:
        """The last time a device was heard."""
        found = self._newest.get(address, {}).values()
        return max(found, key=lambda item: item.at, default=None)

    def forget(self, address: str) -> None:
        """What was heard of the device is of no use: its object is gone."""
        self._newest.pop(address, None)

    def forget_adapter(self, adapter: str) -> None:
        """The adapter is gone, and with it what it heard."""
        for by_adapter in self._newest.values():
            by_adapter.pop(adapter, None)
        self._last.pop(adapter, None)

    def wake(self) -> None:
        """Have everybody who waits look again."""
        for events in self._waiting.values():
            for event in events:
                event.set()

    def __iter__(self) -> Iterator[Sighting]:
        """Each device's newest sighting."""
        for address in tuple(self._newest):
            found = self.newest(address)
            if found is not None:
                yield found

    @contextmanager
    def waiting_for(self, address: str) -> Iterator[asyncio.Event]:
        """An event that each sighting of the device sets, while entered."""
        event = asyncio.Event()
        self._waiting.setdefault(address, []).append(event)
        self.wanted.set()
        try:
            yield event
        finally:
            self._waiting[address].remove(event)
            if not self._waiting[address]:
                del self._waiting[address]
            if not self._waiting:
                self.wanted.clear()
