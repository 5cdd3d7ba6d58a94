"""What was just stored, for those who watch: after the commit, never in its way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from edge.buffer.answers import Appended
from edge.pipeline.sink import ObservationSink
from protocols.uplink.messages import Content

MOST_WAITING = 512


@dataclass(slots=True)
class Subscription:
    """One watcher's queue: bounded, the oldest gives way; `missed` counts what did."""

    missed: int = 0
    _waiting: deque[tuple[Content, ...]] = field(default_factory=deque)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, contents: tuple[Content, ...]) -> None:
        """Put one append's contents at the end; returns at once."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self.missed += 1
        self._waiting.append(contents)
        self._news.set()

    async def take(self) -> list[Content]:
        """Everything that waits; waits for something first."""
        await self._news.wait()
        self._news.clear()
        taken = [content for contents in self._waiting for content in contents]
        self._waiting.clear()
        return taken


@dataclass(slots=True)
class LiveFeed:
    """Passes on what is durable. Of one event loop; a watcher that sleeps costs only itself."""

    _watchers: list[Subscription] = field(default_factory=list)

    def publish(self, contents: Sequence[Content]) -> None:
        """Offer to all who watch; never blocks, never raises."""
        if self._watchers:
            offered = tuple(contents)
            for watcher in self._watchers:
                watcher.offer(offered)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Watch until the block ends."""
        watcher = Subscription()
        self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)


@dataclass(frozen=True, slots=True)
class PublishedSink:
    """A link of the chain: what the next one stored is published then, and not before."""

    next: ObservationSink
    feed: LiveFeed

    async def append(self, contents: Sequence[Content], *, octets: str = "") -> Appended:
        """As `ObservationSink.append`."""
        appended = await self.next.append(contents, octets=octets)
        self.feed.publish(contents)
        return appended
