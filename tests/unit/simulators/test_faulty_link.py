"""Wires that are pulled out and put back, and that spoil what passes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.byte_links import PtyLink
from simulators.errors import LinkClosedError
from simulators.faulty_link import FaultyLink

PATIENCE = 10.0


class Host:
    """Somebody at the other end of a serial line, a file descriptor."""

    def __init__(self, port: Path) -> None:
        self.line = os.open(port, os.O_RDWR | os.O_NOCTTY)

    def heard(self, count: int) -> bytes:
        octets = b""
        while len(octets) < count:
            octets += os.read(self.line, 4096)
        return octets

    def says(self, octets: bytes) -> None:
        os.write(self.line, octets)

    def gone(self) -> None:
        os.close(self.line)


def is_there(port: Path) -> bool:
    return port.is_symlink()


@pytest.fixture
def port(tmp_path: Path) -> Path:
    return tmp_path / "by-id" / "usb-Monitor-if00-port0"


@pytest.fixture
def link(port: Path) -> Iterator[FaultyLink]:
    made = FaultyLink(lambda: PtyLink(port), seed=4)
    yield made
    made.remove()


async def test_a_wire_that_is_pulled_vanishes_and_comes_back_by_its_name(
    link: FaultyLink, port: Path
) -> None:
    async with asyncio.timeout(PATIENCE):
        first = Host(port)
        await link.connect()
        await link.write(b"one")
        assert first.heard(3) == b"one"
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(link.read())
            first.says(b"two")
            assert await reading == b"two"
            hanging = tasks.create_task(link.read())
            link.unplug()
            assert await hanging == b""
        with pytest.raises(LinkClosedError):
            await link.write(b"lost")
        await link.close()
        assert not is_there(port)
        assert not link.is_plugged
        first.gone()
        async with asyncio.TaskGroup() as tasks:
            connecting = tasks.create_task(link.connect())
            link.plug()
            while not is_there(port):  # made again by the task that connects
                await asyncio.to_thread(os.sched_yield)
            second = Host(port)
            await connecting
        await link.write(b"three")
        assert second.heard(5) == b"three"
        second.gone()


async def test_what_is_sent_is_changed_cut_and_late_as_asked(link: FaultyLink, port: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        host = Host(port)
        await link.connect()
        link.corrupt(octets=1)
        await link.write(b"\0" * 8)
        changed = host.heard(8)
        assert len(changed) == 8
        assert sum(octet.bit_count() for octet in changed) == 1
        link.truncate(keep=2)
        await link.write(b"abcdef")
        assert host.heard(2) == b"ab"
        link.stall(seconds=0.05)
        before = asyncio.get_running_loop().time()
        await link.write(b"late")
        assert asyncio.get_running_loop().time() - before >= 0.05
        await link.write(b"!")
        assert host.heard(5) == b"late!"
        host.gone()


async def test_a_wire_pulled_before_anybody_came_waits_to_be_put_back(link: FaultyLink) -> None:
    link.unplug()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(link.connect())
        await asyncio.to_thread(os.sched_yield)
        assert not waiting.done()
        waiting.cancel()
    assert await link.read() == b""
