"""A read that a wish or a deadline ends, and the one alarm that many reads share."""

from __future__ import annotations

import asyncio

import pytest

from edge.drivers.wishes import Wish, Wishes

LONG = 60.0
SHORT = 0.01


async def nothing() -> bytes:
    await asyncio.Event().wait()
    return b"never"


async def octets() -> bytes:
    return b"octets"


async def late() -> bytes:
    raise TimeoutError("the line's own")


async def test_what_was_read_is_given_and_a_deadline_gives_nothing() -> None:
    wishes = Wishes()
    assert await wishes.read_or_wake(octets, LONG) == b"octets"
    assert await wishes.read_or_wake(octets, None) == b"octets"
    assert await wishes.read_or_wake(nothing, SHORT) is None, "sooner than the alarm before"
    assert await wishes.read_or_wake(nothing, 0.0) is None


async def test_an_alarm_of_an_earlier_read_only_has_the_driver_look_up() -> None:
    wishes = Wishes()
    assert await wishes.read_or_wake(octets, SHORT) == b"octets"
    assert await wishes.read_or_wake(nothing, LONG) is None


async def test_an_alarm_that_rings_while_nobody_reads_wakes_nobody() -> None:
    wishes = Wishes()
    assert await wishes.read_or_wake(octets, 0.0) == b"octets"
    async with asyncio.timeout(LONG):
        await asyncio.gather(*(octets() for _ in range(3)))
    assert await wishes.read_or_wake(octets, None) == b"octets"


async def test_a_wish_ends_the_read_and_the_one_after_it() -> None:
    wishes = Wishes()

    async def wish() -> None:
        wishes.ask(Wish.RELEASE_AND_END)

    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(wishes.read_or_wake(nothing, None))
        tasks.create_task(wish())
    assert reading.result() is None
    assert await wishes.read_or_wake(nothing, None) is None, "it was not taken yet"
    assert wishes.take() is Wish.RELEASE_AND_END
    assert wishes.take() is None


async def test_a_timeout_of_the_lines_own_is_no_deadline_of_ours() -> None:
    with pytest.raises(TimeoutError, match="own"):
        await Wishes().read_or_wake(late, LONG)


async def test_who_cancels_the_driver_ends_it() -> None:
    reading = asyncio.create_task(Wishes().read_or_wake(nothing, LONG))
    await asyncio.gather(octets())
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
