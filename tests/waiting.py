"""Wait for a real neighbour to reach a state, bounded in time."""

from __future__ import annotations

import select
import time
from collections.abc import Callable


def wait_until(
    predicate: Callable[[], bool], *, timeout: float, what: str, every: float = 0.05
) -> None:
    """Return once `predicate()` is true; AssertionError naming `what` after `timeout` seconds.

    For processes, sockets and files outside this interpreter only: code of ours takes the time
    as an argument.
    """
    deadline = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up after {timeout} s waiting for {what}")
        select.select([], [], [], every)
