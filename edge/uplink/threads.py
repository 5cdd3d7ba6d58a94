"""Blocking calls that must not hold up the end of the program."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future


async def on_a_thread_of_its_own(act: Callable[[], object]) -> None:
    """What may wait for the network for long; the program's end does not wait for it.

    It does wait for the threads of `asyncio.to_thread`.
    """
    done: Future[None] = Future()
    done.set_running_or_notify_cancel()

    def work() -> None:
        try:
            act()
        except Exception as exc:  # noqa: BLE001 - handed to the caller through the future
            done.set_exception(exc)
        else:
            done.set_result(None)

    threading.Thread(target=work, name="uplink call", daemon=True).start()
    await asyncio.wrap_future(done)
