"""A door between the vehicle and the cloud: open, or shut so that nothing passes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from types import TracebackType
from typing import Self

_OCTETS = 65_536
_PATIENCE = 5.0


class Door:
    """A TCP proxy on a port of its own; while shut it hangs up on whoever comes."""

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._serve, name="door", daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def shut(self) -> None:
        """Hang up on everybody until it is opened."""
        self._open = False
        self._loop.call_soon_threadsafe(self._hang_up)

    def open(self) -> None:
        """Let everybody through."""
        self._open = True

    def _hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._pass, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._hang_up()
        tasks = asyncio.all_tasks(self._loop)
        if tasks:  # whoever still copies has just lost both ends
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=_PATIENCE))
        self._loop.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._open:
                return
            far_reader, far = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(far)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(_copy(reader, far))
                    tasks.create_task(_copy(far_reader, writer))
            finally:
                self._writers.discard(far)
                far.transport.abort()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while octets := await reader.read(_OCTETS):
            writer.write(octets)
            await writer.drain()
    writer.transport.abort()
