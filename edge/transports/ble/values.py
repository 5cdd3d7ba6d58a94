"""Values between a link's callbacks, which may not wait, and its driver, which takes its time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from edge.errors import TransportClosedError
from edge.transports.ble.base import ReceivedValue

MOST_WAITING: Final = 8192
"""About a minute and a half of a hundred notifications a second."""
_A_TURN: Final = 256


class ValueQueue:
    """Bounded; what finds no room is lost and counted, for a radio cannot be held back."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._values: deque[ReceivedValue] = deque()
        self._most = most
        self._arrived = asyncio.Event()
        self._end = ""
        self.lost = 0

    @property
    def is_over(self) -> bool:
        """Whether the link is gone."""
        return bool(self._end)

    def put(self, value: ReceivedValue) -> None:
        """A value came."""
        if len(self._values) >= self._most:
            self.lost += 1
            return
        self._values.append(value)
        self._arrived.set()

    def end(self, reason: str) -> None:
        """The link is gone; what came before is still taken."""
        self._end = self._end or reason
        self._arrived.set()

    async def take(self) -> Sequence[ReceivedValue]:
        """The next values, some hundred at most; TransportClosedError behind the last one."""
        while not self._values:
            if self._end:
                raise TransportClosedError(self._end)
            self._arrived.clear()
            await self._arrived.wait()
        return [self._values.popleft() for _ in range(min(_A_TURN, len(self._values)))]
