"""The shaped link: what passes, how late, and what a hole, a cut and a refusal do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulators.network import GOOD, Direction, LinkShape, ShapedLink, shaped_link


@asynccontextmanager
async def echoing(shape: LinkShape = GOOD) -> AsyncIterator[tuple[ShapedLink, int]]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while octets := await reader.read(4096):
            writer.write(octets)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, shaped_link("127.0.0.1", server.sockets[0].getsockname()[1], shape) as both:
        yield both


async def round_trip(port: int, octets: bytes) -> float:
    """Seconds until all came back."""
    clock = asyncio.get_running_loop().time
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = clock()
    writer.write(octets)
    async with asyncio.timeout(20):
        assert await reader.readexactly(len(octets)) == octets
    writer.close()
    return clock() - began


async def test_a_good_link_passes_everything_and_counts_it() -> None:
    async with echoing() as (link, port):
        assert await round_trip(port, b"x" * 100_000) < 5
        assert (link.octets_up, link.octets_down) == (100_000, 100_000)
        assert link.connections == 1


async def test_a_delay_is_there_and_back() -> None:
    async with echoing(LinkShape(delay_seconds=0.1)) as (_, port):
        assert await round_trip(port, b"x") >= 0.2


async def test_a_rate_is_kept() -> None:
    async with echoing(LinkShape(kbit_per_second=400)) as (_, port):
        # 20 000 octets of 8 bits at 400 000 bit/s.
        assert await round_trip(port, b"x" * 20_000) >= 0.4


async def test_what_is_lost_comes_late_and_in_order() -> None:
    shape = LinkShape(delay_seconds=0.001, loss=0.5, recovery_seconds=0.05)
    async with echoing(shape) as (link, port):
        octets = bytes(range(256)) * 60
        assert await round_trip(port, octets) >= 0.05
        assert link.stalls > 0


async def test_a_black_hole_tells_nobody_and_ends_where_it_began() -> None:
    async with echoing() as (link, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"first")
        assert await reader.readexactly(5) == b"first"
        link.swallow()
        writer.write(b"second")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.readexactly(6)
        link.release()
        assert await reader.readexactly(6) == b"second"
        writer.close()


@pytest.mark.parametrize("dead", Direction)
async def test_a_half_open_connection_is_dead_one_way_and_new_ones_are_whole(
    dead: Direction,
) -> None:
    async with echoing() as (link, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"first")
        assert await reader.readexactly(5) == b"first"
        up = link.octets_up
        assert link.half_open(dead) == 1
        writer.write(b"second")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.readexactly(6)
        assert (link.octets_up > up) == (dead is Direction.DOWN)
        assert await round_trip(port, b"new") < 5
        writer.close()


async def test_a_cut_resets_and_a_refusal_lets_nobody_in() -> None:
    async with echoing() as (link, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x")
        await reader.readexactly(1)
        link.refuse()
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        again, other = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await again.readexactly(1)
        link.release()
        assert await round_trip(port, b"back") < 5
        for one in (writer, other):
            one.close()
