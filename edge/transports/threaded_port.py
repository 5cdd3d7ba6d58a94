"""A port without a descriptor, read by a thread of its own and bridged to asyncio here."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from edge.errors import TransportClosedError, TransportTimeoutError
from edge.transports.policy import TransportPolicy

T = TypeVar("T")
_MOST_UNREAD: Final = 1 << 17


class BlockingPort(Protocol):
    """What is asked of the port; `read` gives up by itself after a while."""

    @property
    def in_waiting(self) -> int: ...

    def read(self, size: int, /) -> bytes: ...

    def write(self, data: bytes, /) -> int | None: ...

    def close(self) -> None: ...


class ThreadedTransport:
    """One open port. `faults` are what it raises, `words` says one of them."""

    def __init__(
        self,
        port: BlockingPort,
        name: str,
        policy: TransportPolicy,
        faults: tuple[type[Exception], ...],
        words: Callable[[BaseException], str],
    ) -> None:
        self._port = port
        self._name = name
        self._policy = policy
        self._faults = faults
        self._words = words
        self._loop = asyncio.get_running_loop()
        self._chunks: deque[bytes] = deque()
        self._unread = 0
        self._arrived = asyncio.Event()
        self._fault: str | None = None
        self._closing = threading.Event()
        self._room = threading.Event()
        self._room.set()
        self._thread = threading.Thread(target=self._pump, name=f"port {name}", daemon=True)
        self._thread.start()

    async def read(self) -> bytes:
        """Octets as they come; TransportClosedError when the port is gone."""
        while not self._chunks:
            if self._fault is not None:
                raise TransportClosedError(f"{self._name} is gone ({self._fault})")
            self._arrived.clear()
            await self._arrived.wait()
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._unread = 0
        self._room.set()
        return data

    async def write(self, data: bytes) -> None:
        """Send all of `data` before anything else is sent."""
        try:
            async with asyncio.timeout(self._policy.write_timeout_seconds):
                await asyncio.to_thread(self._port.write, data)
        except TimeoutError as exc:
            raise TransportTimeoutError(f"{self._name} takes no data") from exc
        except self._faults as exc:
            raise TransportClosedError(f"{self._name} is gone ({self._words(exc)})") from exc

    async def close(self) -> None:
        """Stop the reader thread and let go of the port."""
        self._closing.set()
        self._room.set()
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._thread.join()
        try:
            self._port.close()
        except self._faults:
            self._closing.set()  # a port that is gone cannot be closed better than this

    # ---- the reader thread

    def _pump(self) -> None:
        fault = "closed by us"
        try:
            while not self._closing.is_set():
                self._room.wait()
                # One octet wakes us; the rest that is there comes along. Asking for more would
                # wait for the whole time-out.
                data = self._port.read(1)
                if data and (waiting := self._port.in_waiting):
                    data += self._port.read(waiting)
                if data:
                    self._hand_over(self._deliver, data)
        except self._faults as exc:
            fault = self._words(exc)
        self._hand_over(self._end, fault)

    def _hand_over(self, act: Callable[[T], None], value: T) -> None:
        try:
            self._loop.call_soon_threadsafe(act, value)
        except RuntimeError:
            self._closing.set()  # the loop is closed: the program is ending

    # ---- the event loop

    def _deliver(self, data: bytes) -> None:
        self._chunks.append(data)
        self._unread += len(data)
        if self._unread >= _MOST_UNREAD:
            self._room.clear()
        self._arrived.set()

    def _end(self, fault: str) -> None:
        self._fault = fault
        self._arrived.set()
