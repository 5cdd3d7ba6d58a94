"""Ctrl-C while a program is still being loaded: nothing is under way, so it simply ends.

Only what every interpreter has loaded anyway is imported here: this comes before all else.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Within the block SIGINT ends the process as the system does it, without a traceback.

    A caller that handles or ignores the signal itself (tests, nohup) keeps its handler.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    except ValueError:  # not the main thread: the signal is somebody else's there
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
