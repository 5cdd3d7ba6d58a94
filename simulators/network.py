"""A bad link of ours: a TCP proxy with a rate, a delay, stalls, black holes and cuts.

What stands behind it is not changed and not told. Each direction of each connection is a line of
its own: octets wait for the line, then travel for the delay. A lost segment is a stall, for TCP
gives the octets late and in order, never not at all. In a black hole nothing passes and nobody is
told; a cut resets every connection. A half-open connection lost one of its directions and nobody
was told: what a router does that forgot about it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

_SEGMENT: Final = 1400
_WINDOW_OCTETS: Final = 64 << 10
_ABORT: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkShape:
    """How bad a link is.

    `kbit_per_second` 0 for as fast as it goes; `delay_seconds` one way; `loss` is the share of
    segments that are lost. What is behind a lost one waits at the other end for
    `recovery_seconds` (two round trips when 0) until TCP has found out and sent it again.
    """

    kbit_per_second: float = 0.0
    delay_seconds: float = 0.0
    loss: float = 0.0
    recovery_seconds: float = 0.0

    @property
    def stall_seconds(self) -> float:
        """How long one lost segment holds up what is behind it."""
        return self.recovery_seconds or max(0.2, 4 * self.delay_seconds)


GOOD: Final = LinkShape()


class Direction(Enum):
    """Of one connection."""

    UP = "up"
    DOWN = "down"


@dataclass(slots=True)
class _Line:
    """One direction of one connection. Dead for good once it is cleared."""

    count: Callable[[int], None]
    lives: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.lives.set()


@dataclass(slots=True)
class ShapedLink:
    """A proxy in front of one address. Change `shape` while it runs."""

    host: str
    port: int
    shape: LinkShape = GOOD
    seed: int = 1
    octets_up: int = 0
    octets_down: int = 0
    stalls: int = 0
    connections: int = 0
    _is_open: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _tasks: dict[asyncio.Task[None], dict[Direction, _Line]] = field(default_factory=dict)
    _chance: random.Random = field(init=False)
    _is_refusing: bool = False

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - a repeatable link, no secret
        self._is_open.set()

    async def start(self, port: int = 0) -> int:
        """Listen on loopback; the port."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", port)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def swallow(self) -> None:
        """A black hole: nothing passes any more, in either direction, and nobody is told."""
        self._is_open.clear()

    def release(self) -> None:
        """The black hole ends: what waited goes on, and new connections are taken."""
        self._is_refusing = False
        self._is_open.set()

    def half_open(self, dead: Direction) -> int:
        """One direction of every connection there is dies, for good; new ones are whole. How many.

        The ends go on acknowledging each other's segments, so that TCP never notices.
        """
        for lines in self._tasks.values():
            lines[dead].lives.clear()
        return len(self._tasks)

    def cut(self) -> None:
        """Every connection is reset."""
        for task in self._tasks:
            task.cancel()

    def refuse(self) -> None:
        """Cut, and take no new connection until `release`: each is reset at once."""
        self._is_refusing = True
        self.cut()

    async def _take(self, near: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if self._is_refusing or task is None:
            _reset(answers)
            return
        lines = {
            Direction.UP: _Line(self._count_up),
            Direction.DOWN: _Line(self._count_down),
        }
        self._tasks[task] = lines
        self.connections += 1
        try:
            await self._carry(near, answers, lines)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            _reset(answers)
            del self._tasks[task]

    async def _carry(
        self,
        near: asyncio.StreamReader,
        answers: asyncio.StreamWriter,
        lines: dict[Direction, _Line],
    ) -> None:
        await self._is_open.wait()
        far, onward = await asyncio.open_connection(self.host, self.port)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump(near, onward, lines[Direction.UP]))
                tasks.create_task(self._pump(far, answers, lines[Direction.DOWN]))
        except* OSError:
            pass
        finally:
            _reset(onward)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: _Line
    ) -> None:
        """One direction: at the line's rate into the queue, out of it after the delay."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_WINDOW_OCTETS // _SEGMENT)
        clock = asyncio.get_running_loop().time

        async def deliver() -> None:
            while True:
                due, octets = await queue.get()
                await asyncio.sleep(due - clock())
                await self._is_open.wait()
                await line.lives.wait()
                writer.write(octets)
                await writer.drain()
                line.count(len(octets))
                if not octets:
                    return

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(deliver())
            free_at = due = clock()
            while True:
                octets = await reader.read(_SEGMENT)
                free_at = max(free_at, clock()) + self._seconds_for(len(octets))
                await asyncio.sleep(free_at - clock())
                await self._is_open.wait()
                due = max(due, clock() + self.shape.delay_seconds + self._stall(octets))
                await queue.put((due, octets))
                if not octets:
                    break
        writer.write_eof()

    def _seconds_for(self, octets: int) -> float:
        """How long the line is busy with so many octets."""
        rate = self.shape.kbit_per_second * 1000
        return octets * 8 / rate if rate else 0.0

    def _stall(self, octets: bytes) -> float:
        """How much longer a segment takes when it is lost and sent again."""
        if not octets or self._chance.random() >= self.shape.loss:
            return 0.0
        self.stalls += 1
        return self.shape.stall_seconds

    def _count_up(self, octets: int) -> None:
        self.octets_up += octets

    def _count_down(self, octets: int) -> None:
        self.octets_down += octets


@asynccontextmanager
async def shaped_link(
    host: str, port: int, shape: LinkShape = GOOD, *, seed: int = 1
) -> AsyncIterator[tuple[ShapedLink, int]]:
    """A running proxy in front of an address, and its port on loopback."""
    link = ShapedLink(host, port, shape, seed)
    try:
        yield link, await link.start()
    finally:
        await link.stop()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close without a goodbye, as a line that is gone."""
    opened = writer.get_extra_info("socket")
    if opened is not None:
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    writer.close()
