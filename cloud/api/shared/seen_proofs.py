"""DPoP proofs that API calls brought, so that each is good once (RFC 9449, 11.1).

Kept by each process for itself: a proof stolen within its two minutes could be played once more
at another process, for the same method and address and with the same token.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from typing import Final

MOST: Final = 100_000


class SeenProofs:
    """Safe to call from any thread; holds at most `most`, the oldest give way."""

    def __init__(self, most: int = MOST) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._until: OrderedDict[str, datetime] = OrderedDict()

    def is_first(self, name: str, *, now: datetime, until: datetime) -> bool:
        """Whether this is the first sight of a proof that is fresh `until` then."""
        with self._lock:
            while self._until and next(iter(self._until.values())) <= now:
                self._until.popitem(last=False)
            if name in self._until:
                return False
            self._until[name] = until
            if len(self._until) > self._most:
                self._until.popitem(last=False)
            return True
