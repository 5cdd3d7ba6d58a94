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
    _alarm: asyncio.TimerHandle | None = None

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
        """What `read` gives; None when a wish came, or `seconds` passed: it may be sooner.

        `read` is cancel-safe.
        """
        if self._waiting:
            return None
        loop = asyncio.get_running_loop()
        window = asyncio.timeout(None)
        try:
            async with window:
                self._wake = lambda: window.reschedule(loop.time())
                if seconds is not None:
                    self._set_alarm(loop, loop.time() + seconds)
                return await read()
        except TimeoutError:
            if not window.expired():
                raise  # the line's own, not ours
            return None
        finally:
            self._wake = None

    def _set_alarm(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        """Wake the driver at `at`. An alarm that rings sooner is left: there may be many reads.

        The deadline of a device that reports moves on with every report.
        """
        if self._alarm is not None:
            if self._alarm.when() <= at:
                return
            self._alarm.cancel()
        self._alarm = loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if self._wake is not None:
            self._wake()
