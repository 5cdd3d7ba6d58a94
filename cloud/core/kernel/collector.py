"""The cycle collector at rest while much is made that holds no cycles.

Python looks for cycles each time enough objects were made, through all there are: on a long answer
that costs as much as making it. What is made here is freed by its counts, as everything else: best
before the block ends, or it is gone through then. So a function that is `at_rest` as a whole, and
gives back less than it made, costs least.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_resting = 0


@contextlib.contextmanager
def at_rest() -> Iterator[None]:
    """No cycles are looked for until the last such block of all threads ends."""
    global _resting
    with _lock:
        _resting += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _resting -= 1
            if not _resting:
                gc.enable()
