"""One open board's queue."""

from __future__ import annotations

import asyncio

import pytest

from cloud.api.console.viewers import QUEUE, Viewer, frame, parse_cursor
from cloud.core.observations.queries import Tail


async def settled() -> None:
    """Return once everything called from elsewhere until now has happened."""
    done = asyncio.Event()
    asyncio.get_running_loop().call_soon(done.set)
    await done.wait()


async def test_events_come_in_order() -> None:
    viewer = Viewer("ten_1", "enc_1", None)
    viewer.offer(b"one")
    viewer.offer(b"two")
    assert [await viewer.next(), await viewer.next()] == [b"one", b"two"]


async def test_a_slow_viewer_loses_its_queue_and_asks_for_a_snapshot() -> None:
    viewer = Viewer("ten_1", "enc_1", Tail(observation=1))
    viewer.needs_snapshot = viewer.needs_list = False
    for number in range(QUEUE + 1):
        viewer.offer(str(number).encode())
    await settled()
    assert viewer.needs_snapshot
    assert viewer.needs_list
    assert viewer.resume is None
    viewer.offer(b"snapshot")
    assert await viewer.next() == b"snapshot"


async def test_the_end_always_arrives() -> None:
    viewer = Viewer("ten_1", "enc_1", None)
    for number in range(QUEUE):
        viewer.offer(str(number).encode())
    viewer.offer(None)
    await settled()
    for _ in range(QUEUE):
        assert await viewer.next() is not None
    assert await viewer.next() is None


async def test_waiting_may_be_given_up_without_losing_anything() -> None:
    viewer = Viewer("ten_1", "enc_1", None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await viewer.next()
    viewer.offer(b"later")
    assert await viewer.next() == b"later"


def test_an_event_is_written_as_browsers_read_it() -> None:
    assert frame("change", {"a": 1}, "5-6") == b'id: 5-6\nevent: change\ndata: {"a":1}\n\n'
    assert frame("beat", {}) == b"event: beat\ndata: {}\n\n"


@pytest.mark.parametrize("text", ["", "5", "5-", "-6", "5-6-7", "5 -6", "x-y", "1" * 30 + "-1"])
def test_a_foreign_id_is_no_cursor(text: str) -> None:
    assert parse_cursor(text) is None


def test_our_id_is_a_cursor() -> None:
    assert parse_cursor("5-6") == Tail(observation=5, waveform=6)
