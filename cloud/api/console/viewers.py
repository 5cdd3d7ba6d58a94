"""One open board: its queue of server-sent events, bounded.

A viewer that falls behind loses its queue and gets a snapshot instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from typing import Final

from cloud.core.kernel.exact_json import dumps
from cloud.core.observations.queries import Tail

QUEUE: Final = 64
_CURSOR: Final = re.compile(r"(\d{1,18})-(\d{1,18})")


def parse_cursor(text: str) -> Tail | None:
    """The place a viewer had reached, None for anything that is no id of ours."""
    found = _CURSOR.fullmatch(text)
    return Tail(observation=int(found[1]), waveform=int(found[2])) if found else None


def frame(name: str, data: dict[str, object], cursor: str = "") -> bytes:
    """One server-sent event."""
    head = f"id: {cursor}\n" if cursor else ""
    return f"{head}event: {name}\ndata: ".encode() + dumps(data) + b"\n\n"


class Viewer:
    """One open page: a bounded queue filled from the feed's thread."""

    def __init__(self, tenant_id: str, encounter_id: str | None, resume: Tail | None) -> None:
        self.tenant_id = tenant_id
        self.encounter_id = encounter_id
        self.resume = resume
        self.needs_snapshot = True
        self.needs_list = True
        self._loop = asyncio.get_running_loop()
        self._queue: deque[bytes | None] = deque()
        self._filled = asyncio.Event()

    async def next(self) -> bytes | None:
        """The next event; None when the feed has ended."""
        await self._filled.wait()
        message = self._queue.popleft()
        if not self._queue:
            self._filled.clear()
        return message

    def offer(self, message: bytes | None) -> None:
        """Hand over an event from the feed's thread; a closed page misses it silently."""
        # RuntimeError: the loop is closed, the server is stopping and nobody reads any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._put, message)

    def _put(self, message: bytes | None) -> None:
        if len(self._queue) >= QUEUE and message is not None:
            self._queue.clear()
            self.resume = None
            self.needs_snapshot = self.needs_list = True
            self._filled.clear()
            return
        self._queue.append(message)
        self._filled.set()
