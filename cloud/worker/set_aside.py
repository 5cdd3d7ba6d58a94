"""Events that could not be taken: left alone for a while, so that they hold up no others."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 200
"""When so many rest, it is not the events: nothing is taken until one of them is asked again."""
_FIRST_REST: Final = timedelta(seconds=1)
_LONGEST_REST: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Rest:
    failures: int
    until: datetime


class SetAside:
    """By their rows in the outbox, of this process alone: another one, or the next, asks anew.

    Each rests twice as long as before, ten minutes at most, and is never given up.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._rests: dict[int, _Rest] = {}

    def __len__(self) -> int:
        """How many could not be taken yet."""
        with self._lock:
            return len(self._rests)

    def resting(self, now: datetime) -> frozenset[int]:
        """Those that are not to be asked now."""
        with self._lock:
            return frozenset(row for row, rest in self._rests.items() if rest.until > now)

    def is_full(self, now: datetime) -> bool:
        """Whether too many rest for it to be their own fault."""
        return len(self.resting(now)) >= self._most

    def add(self, row_id: int, now: datetime) -> int:
        """One that failed once more; how often it did."""
        with self._lock:
            before = self._rests.get(row_id)
            failures = 1 if before is None else before.failures + 1
            # Bounded before it is multiplied: the count of failures is not.
            rest = min(_FIRST_REST * 2 ** min(failures - 1, 10), _LONGEST_REST)
            self._rests[row_id] = _Rest(failures, now + rest)
        return failures

    def taken(self, row_id: int) -> None:
        """One that is done."""
        with self._lock:
            self._rests.pop(row_id, None)
