"""Blocking calls that must not hold up the end of the program."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def on_a_thread_of_its_own(act: Callable[[], T]) -> T:
    """What may wait for the network for long; the program's end does not wait for it.

    It does wait for the threads of `asyncio.to_thread`.
    """
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()

    def work() -> None:
        try:
            value = act()
        except Exception as exc:  # noqa: BLE001 - handed to the caller through the future
            done.set_exception(exc)
        else:
            done.set_result(value)

    threading.Thread(target=work, name="uplink call", daemon=True).start()
    return await asyncio.wrap_future(done)
