"""A serial device behind RFC 2217: settings reach it, and a wrong rate garbles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import serial

from simulators.errors import LinkClosedError
from simulators.rfc2217_link import Rfc2217Link

# pyserial's host side still calls what its language has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
PATIENCE = 20.0
EVERY_OCTET = bytes(range(256))


@pytest_asyncio.fixture
async def link() -> AsyncIterator[Rfc2217Link]:
    made = await Rfc2217Link.listening(baud=115_200)
    yield made
    await made.close()
    made.remove()


async def host_at(link: Rfc2217Link, baud: int) -> serial.SerialBase:
    """A host that has opened the port; the device answers its negotiation meanwhile."""
    url = f"rfc2217://127.0.0.1:{link.port}?timeout=10"

    async def negotiate() -> None:
        await link.connect()
        await link.read()

    async with asyncio.TaskGroup() as tasks:
        negotiating = tasks.create_task(negotiate())
        host = await asyncio.to_thread(serial.serial_for_url, url, baudrate=baud, timeout=5)
        await asyncio.to_thread(host.write, b"!")
        await negotiating
    return host


async def test_a_host_at_the_right_rate_hears_and_says_every_octet(link: Rfc2217Link) -> None:
    async with asyncio.timeout(PATIENCE):
        host = await host_at(link, 115_200)
        assert link.is_in_step
        assert link.settings.baudrate == 115_200
        await link.write(EVERY_OCTET)
        assert await asyncio.to_thread(host.read, 256) == EVERY_OCTET
        await asyncio.to_thread(host.write, EVERY_OCTET)
        heard = b""
        while len(heard) < 256:
            heard += await link.read()
        assert heard == EVERY_OCTET
        async with asyncio.TaskGroup() as tasks:
            ended = tasks.create_task(link.read())
            await asyncio.to_thread(host.close)
            assert await ended == b""


async def test_a_host_at_another_rate_hears_rubbish(link: Rfc2217Link) -> None:
    async with asyncio.timeout(PATIENCE):
        host = await host_at(link, 57_600)
        assert not link.is_in_step
        await link.write(EVERY_OCTET)
        heard = await asyncio.to_thread(host.read, 128)
        assert len(heard) == 128
        assert heard != EVERY_OCTET[:128]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(link.read())
            await asyncio.to_thread(host.close)


async def test_nobody_there_is_told() -> None:
    made = await Rfc2217Link.listening(baud=9600)
    with pytest.raises(LinkClosedError):
        await made.write(b"?")
    assert await made.read() == b""
    made.remove()
