"""What the rest of the program asks of a running association, through a small queue."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeVar

T = TypeVar("T")
_MOST_WAITING: Final = 8


class Wish(Enum):
    """One thing to ask for."""

    RELEASE_AND_END = "release the association and end the line"


@dataclass(slots=True, eq=False)
class Wishes:
    """Asked from anywhere in the event loop, taken by the one loop that owns the connection."""

    _waiting: deque[Wish] = field(default_factory=lambda: deque(maxlen=_MOST_WAITING))
    _wake: Callable[[], None] | None = None

    def ask(self, wish: Wish) -> None:
        """Ask; the driver is woken from its read."""
        self._waiting.append(wish)
        if self._wake is not None:
            self._wake()

    def take(self) -> Wish | None:
        """The next wish."""
        return self._waiting.popleft() if self._waiting else None

    async def read_or_wake(
        self, read: Callable[[], Awaitable[T]], seconds: float | None
    ) -> T | None:
        """What `read` gives; None when `seconds` passed or a wish came. `read` is cancel-safe."""
        if self._waiting:
            return None
        loop = asyncio.get_running_loop()
        window = asyncio.timeout(seconds)
        try:
            async with window:
                self._wake = lambda: window.reschedule(loop.time())
                return await read()
        except TimeoutError:
            if not window.expired():
                raise  # the line's own, not ours
            return None
        finally:
            self._wake = None
