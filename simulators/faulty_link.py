"""A wire that can be pulled out and put back, and that can spoil what passes.

    link = FaultyLink(lambda: PtyLink(path))        link.unplug(); link.plug()
    link.corrupt(octets=3)    link.truncate(keep=5)    link.stall(seconds=2)

All of it concerns what the device sends; the device itself stays sane.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from simulators.byte_links import ByteLink
from simulators.errors import LinkClosedError


class FaultyLink:
    """A link that is made by `make`, and made again whenever it was pulled and put back.

    `seed` chooses the octets that get spoilt.
    """

    def __init__(self, make: Callable[[], ByteLink], *, seed: int = 1) -> None:
        self._make = make
        self._inner: ByteLink | None = make()
        self._pulled = asyncio.Event()
        self._there = asyncio.Event()
        self._there.set()
        self._address = self._inner.address
        self._chance = random.Random(seed)  # noqa: S311 - spoils octets, guards nothing
        self._to_corrupt = 0
        self._to_keep: int | None = None
        self._stall_seconds = 0.0

    # ---- what a test or a story does to it

    def unplug(self) -> None:
        """Pull it out: the host sees it vanish, the device that nobody is there."""
        self._there.clear()
        self._pulled.set()

    def plug(self) -> None:
        """Put it back behind the same name."""
        self._there.set()

    @property
    def is_plugged(self) -> bool:
        """Whether it is in."""
        return self._there.is_set()

    def corrupt(self, *, octets: int) -> None:
        """Change so many of the next octets, one in each chunk."""
        self._to_corrupt = octets

    def truncate(self, *, keep: int) -> None:
        """Send only so many octets of the next chunk."""
        self._to_keep = keep

    def stall(self, *, seconds: float) -> None:
        """Let the next chunk wait so long."""
        self._stall_seconds = seconds

    # ---- ByteLink

    @property
    def address(self) -> str:
        """Where it leads; the same after it was put back."""
        return self._address

    async def connect(self) -> None:
        """Wait until it is in and a host is there."""
        while True:
            if self._pulled.is_set():
                self._let_go()
                await self._there.wait()
                self._pulled.clear()
            if self._inner is None:
                self._inner = self._make()
            if await self._unless_pulled(self._inner.connect()):
                return

    async def read(self) -> bytes:
        """Some octets; b"" when the host has gone or the wire was pulled."""
        if self._inner is None:
            return b""
        heard: list[bytes] = []

        async def listen(inner: ByteLink) -> None:
            heard.append(await inner.read())

        await self._unless_pulled(listen(self._inner))
        return heard[0] if heard else b""

    async def write(self, data: bytes) -> None:
        """Send it, spoilt as asked; LinkClosedError when there is no wire."""
        if self._stall_seconds:
            seconds, self._stall_seconds = self._stall_seconds, 0.0
            await asyncio.sleep(seconds)
        if self._inner is None or self._pulled.is_set():
            raise LinkClosedError(f"{self._address} was pulled out")
        await self._inner.write(self._spoilt(data))

    async def close(self) -> None:
        """Hang up."""
        if self._inner is not None:
            await self._inner.close()
        if self._pulled.is_set():
            self._let_go()

    def remove(self) -> None:
        """Take the device away for good."""
        self.unplug()
        self._let_go()

    def _let_go(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            inner.remove()

    def _spoilt(self, data: bytes) -> bytes:
        if self._to_keep is not None:
            data, self._to_keep = data[: self._to_keep], None
        if self._to_corrupt and data:
            self._to_corrupt -= 1
            at = self._chance.randrange(len(data))
            flipped = data[at] ^ (1 << self._chance.randrange(8))
            data = data[:at] + bytes([flipped]) + data[at + 1 :]
        return data

    async def _unless_pulled(self, work: Awaitable[None]) -> bool:
        """Do it, but stop when the wire is pulled; whether it was done."""

        async def do() -> None:
            await work

        async with asyncio.TaskGroup() as tasks:
            doing = tasks.create_task(do())
            pulled = tasks.create_task(self._pulled.wait())
            await asyncio.wait({doing, pulled}, return_when=asyncio.FIRST_COMPLETED)
            done = doing.done()
            doing.cancel()
            pulled.cancel()
        return done
