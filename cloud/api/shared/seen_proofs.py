"""DPoP proofs that API calls brought, so that each is good once (RFC 9449, 11.1).

Kept by each process for itself, so that a check reads no database: a proof stolen within its two
minutes could be played once more at another process, for the same method and address and with the
same token. What changes something is remembered in the store besides; so that leaves reading.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from typing import Final

MOST: Final = 100_000


class SeenProofs:
    """Safe to call from any thread; holds at most `most`, the oldest give way.

    `since` is when this process began: what was made before, the one before it may have seen.
    """

    def __init__(self, *, since: datetime, most: int = MOST) -> None:
        # Proofs tell their time in whole seconds.
        self._since = since.replace(microsecond=0)
        self._lock = threading.Lock()
        self._most = most
        self._until: OrderedDict[str, datetime] = OrderedDict()

    def is_first(self, name: str, *, made_at: datetime, now: datetime, until: datetime) -> bool:
        """Whether this is surely the first sight of a proof that is fresh `until` then."""
        if made_at < self._since:
            return False
        with self._lock:
            while self._until and next(iter(self._until.values())) <= now:
                self._until.popitem(last=False)
            if name in self._until:
                return False
            self._until[name] = until
            if len(self._until) > self._most:
                self._until.popitem(last=False)
            return True
