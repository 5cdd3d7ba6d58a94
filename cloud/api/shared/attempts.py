"""A bound on attempts that prove nothing yet: so many a minute from one address, and from all."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from cloud.core.kernel.errors import ThrottledError

A_MINUTE: Final = 60.0
MOST_FROM_ONE: Final = 10
MOST_FROM_ALL: Final = 120
_MOST_KNOWN: Final = 4096


class AttemptLimit:
    """Counts the attempts of the present minute; safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = -1
        self._total = 0
        self._by_address: OrderedDict[str, int] = OrderedDict()

    def count(self, address: str, *, now: float) -> None:
        """Count one attempt at monotonic `now`; ThrottledError when there were too many."""
        with self._lock:
            minute = int(now // A_MINUTE)
            if minute != self._minute:
                self._minute, self._total = minute, 0
                self._by_address.clear()
            self._total += 1
            count = self._by_address[address] = self._by_address.get(address, 0) + 1
            if len(self._by_address) > _MOST_KNOWN:
                self._by_address.popitem(last=False)
            is_too_many = count > MOST_FROM_ONE or self._total > MOST_FROM_ALL
        if is_too_many:
            raise ThrottledError("too_many_attempts", "Wait a minute.", retry_after=int(A_MINUTE))
