"""Where names lead: asked anew each time, on a thread of its own, so that nobody waits for ever."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import Final

from cloud.core.kernel.addresses import Address
from cloud.core.kernel.outbound.errors import NO_SUCH_NAME, SLOW_LOOKUP, LookupFailedError

Resolver = Callable[[str, float], Sequence[Address]]
"""Every address of a name, within so many seconds; LookupFailedError when there is none."""

MOST_AT_ONCE: Final = 128
IDLE_SECONDS: Final = 10.0


def ask_system(host: str) -> list[Address]:
    """What this machine's resolver says, in its order; OSError or UnicodeError for no answer."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    texts = dict.fromkeys(str(item[4][0]).partition("%")[0] for item in found)
    return [ip_address(text) for text in texts]


class _Question:
    """One name being looked up, and whoever waits for it."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.is_over = threading.Event()
        self.addresses: Sequence[Address] = ()


class Lookups:
    """Look-ups that end in time, safe for many threads.

    The system's resolver knows no limit of ours and cannot be stopped: its thread goes on alone. A
    name whose look-up hangs is not asked for again meanwhile, so that it holds one of the
    `most_at_once` places and no more. Threads that have nothing to do are used again for a while.
    """

    def __init__(
        self,
        ask: Callable[[str], Sequence[Address]] = ask_system,
        *,
        most_at_once: int = MOST_AT_ONCE,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._ask = ask
        self._places = threading.BoundedSemaphore(most_at_once)
        self._lock = threading.Lock()
        self._open: dict[str, _Question] = {}
        self._most = most_at_once
        self._asked_for: SimpleQueue[_Question] = SimpleQueue()
        self._idle = 0
        self._idle_seconds = idle_seconds

    def __call__(self, host: str, seconds: float) -> Sequence[Address]:
        """Every address of the name; LookupFailedError when there is none or nobody says so."""
        ends_at = time.monotonic() + seconds
        question = self._asked(host, seconds)
        if not question.is_over.wait(max(ends_at - time.monotonic(), 0)):
            raise LookupFailedError("the name cannot be looked up in time", SLOW_LOOKUP)
        if not question.addresses:
            raise LookupFailedError("the name cannot be looked up", NO_SUCH_NAME)
        return question.addresses

    @property
    def hanging(self) -> int:
        """How many look-ups are open."""
        with self._lock:
            return len(self._open)

    @property
    def has_room(self) -> bool:
        """Whether another name can be looked up without waiting."""
        return self.hanging < self._most

    def _asked(self, host: str, seconds: float) -> _Question:
        with self._lock:
            question = self._open.get(host)
        if question is not None:
            return question
        if not self._places.acquire(timeout=max(seconds, 0)):
            raise LookupFailedError("the name cannot be looked up in time", SLOW_LOOKUP)
        with self._lock:
            # Someone else may have asked while we waited for a place.
            question = self._open.get(host)
            if question is not None:
                self._places.release()
                return question
            question = self._open[host] = _Question(host)
            has_idle = self._idle > 0
            self._idle -= has_idle
        self._asked_for.put(question)
        if not has_idle:
            threading.Thread(target=self._work, name="lookup", daemon=True).start()
        return question

    def _work(self) -> None:
        while True:
            try:
                question = self._asked_for.get(timeout=self._idle_seconds)
            except Empty:
                with self._lock:
                    # Otherwise somebody counts on this thread, and is about to ask.
                    if self._idle:
                        self._idle -= 1
                        return
                continue
            self._answer(question)

    def _answer(self, question: _Question) -> None:
        try:
            question.addresses = self._ask(question.host)
        except (OSError, UnicodeError):
            question.addresses = ()
        finally:
            with self._lock:
                del self._open[question.host]
                self._idle += 1
            self._places.release()
            question.is_over.set()


look_up: Final = Lookups()
"""The look-ups of this process."""
