"""The screens that watch: a bounded queue each, filled with frames that were made once for all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec

MOST_FRAMES: Final = 256
_ENCODER: Final = msgspec.json.Encoder()


def frame(name: str, data: object) -> bytes:
    """One server-sent event."""
    return b"event: %b\ndata: %b\n\n" % (name.encode("ascii"), _ENCODER.encode(data))


@dataclass(slots=True)
class Viewer:
    """One screen. One that falls behind loses its queue and is shown everything anew."""

    is_behind: bool = True
    _frames: deque[bytes] = field(default_factory=deque)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, message: bytes) -> None:
        """Put a frame at the end; returns at once."""
        if self.is_behind:
            return
        if len(self._frames) >= MOST_FRAMES:
            self._frames.clear()
            self.is_behind = True
        else:
            self._frames.append(message)
        self._news.set()

    def wake(self) -> None:
        """Have the stream look up: its session may have ended."""
        self._news.set()

    async def wait(self, seconds: float) -> list[bytes]:
        """What there is, after waiting for something; nothing after `seconds` of silence."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return []
        self._news.clear()
        taken = list(self._frames)
        self._frames.clear()
        return taken


@dataclass(slots=True)
class Viewers:
    """All screens; `most` of them at once."""

    most: int
    _by_id: dict[int, Viewer] = field(default_factory=dict)

    @property
    def has_room(self) -> bool:
        """Whether one more may watch."""
        return len(self._by_id) < self.most

    def __len__(self) -> int:
        return len(self._by_id)

    @contextmanager
    def watching(self) -> Iterator[Viewer]:
        """A screen, until the block ends."""
        viewer = Viewer()
        self._by_id[id(viewer)] = viewer
        try:
            yield viewer
        finally:
            del self._by_id[id(viewer)]

    def tell(self, name: str, data: object) -> None:
        """One event to every screen."""
        if self._by_id:
            message = frame(name, data)
            for viewer in self._by_id.values():
                viewer.offer(message)

    def wake(self) -> None:
        """Have every stream look up."""
        for viewer in self._by_id.values():
            viewer.wake()
