"""Who watches sees what is durable, and slows nobody down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from edge.buffer.answers import Appended
from edge.errors import BufferFullError
from edge.pipeline.live import MOST_WAITING, LiveFeed, PublishedSink
from protocols.uplink.messages import Content
from tests.unit.edge.making import spo2


class Sink:
    """Stores, or is full."""

    def __init__(self, *, is_full: bool = False) -> None:
        self.is_full = is_full

    async def append(self, contents: Sequence[Content], *, octets: str = "") -> Appended:
        del octets
        if self.is_full:
            raise BufferFullError("full")
        return Appended(len(contents), 0)


async def test_every_watcher_gets_what_was_stored() -> None:
    feed = LiveFeed()
    sink = PublishedSink(Sink(), feed)
    await sink.append([spo2(0)])
    with feed.subscribe() as one, feed.subscribe() as other:
        appended = await sink.append([spo2(1), spo2(2)])
        await sink.append([spo2(3)])
        assert appended == Appended(2, 0)
        for watcher in (one, other):
            assert await watcher.take() == [spo2(1), spo2(2), spo2(3)]
    await sink.append([spo2(4)])


async def test_what_was_not_stored_is_not_shown() -> None:
    feed = LiveFeed()
    with feed.subscribe() as watcher:
        with pytest.raises(BufferFullError):
            await PublishedSink(Sink(is_full=True), feed).append([spo2(1)])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await watcher.take()


async def test_a_watcher_that_sleeps_loses_the_oldest_and_is_told_how_many() -> None:
    feed = LiveFeed()
    with feed.subscribe() as watcher:
        for number in range(MOST_WAITING + 3):
            feed.publish([spo2(number)])
        taken = await watcher.take()
    assert watcher.missed == 3
    assert taken == [spo2(number) for number in range(3, MOST_WAITING + 3)]
