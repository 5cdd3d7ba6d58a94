"""Wait for a real neighbour to reach a state, bounded in time."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import Final

BUSY: Final = 60.0
"""So long a busy machine may keep anything waiting; what comes sooner is not waited for longer."""


def wait_until(
    predicate: Callable[[], bool], *, timeout: float, what: str, every: float = 0.05
) -> None:
    """Return once `predicate()` is true; AssertionError naming `what` after `timeout` seconds, or
    what a busy machine takes where that is more.

    For processes, sockets and files outside this interpreter only: code of ours takes the time
    as an argument.
    """
    timeout = max(timeout, BUSY)
    deadline = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up after {timeout} s waiting for {what}")
        select.select([], [], [], every)
