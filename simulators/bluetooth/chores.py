"""Background work with an owner: nothing is lost when it fails, nothing runs on afterwards.

A task group would end everything with the first failure; a daemon goes on when one call fails.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Final, TypeVar

_LOG: Final = logging.getLogger(__name__)
T = TypeVar("T")


class Chores:
    """The background work of one owner; `name` stands in the log of what failed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Do it in the background until it ends or `close`."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do it after so many seconds, unless closed before."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            act()

        self.start(wait())

    def _ended(self, task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _LOG.warning("background work of %s ended", self._name, exc_info=task.exception())

    async def close(self) -> None:
        """Cancel everything and wait until it has ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
