"""How often one caller may ask: counted in memory, told in `RateLimit-*` and `Retry-After`.

Each process counts for itself. The memory is bounded: when too many callers are known the one
known longest is forgotten, which can only let somebody through, never lock anybody out.
"""

from __future__ import annotations

import ipaddress
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from cloud.api.shared.peer import caller_address
from cloud.core.kernel.errors import ThrottledError
from cloud.core.kernel.work import Clock

TOKENS_BY_ADDRESS: Final = "tokens_by_address"
TOKENS_BY_CLIENT: Final = "tokens_by_client"
ADMINISTRATION: Final = "administration"
OPERATIONS: Final = "operations"
LOGIN_BY_ADDRESS: Final = "login_by_address"
STATE: Final = "rate_limit"
MOST_KNOWN: Final = 20_000
_WHOLE_HOST: Final = 32
_ONE_SITE: Final = 64


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands: so many of `limit` are left, and all again in `reset` seconds."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """As the answer tells it."""
        return {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": str(self.reset),
        }


class CountsInMemory(Storage):
    """Counters of `limits` by our own clock, at most `most` of them."""

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock, most: int = MOST_KNOWN) -> None:
        super().__init__()
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """Nothing here can fail."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, in a window of `expiry` seconds that begins with the first; the new count."""
        now = self._clock().timestamp()
        with self._lock:
            count, ends = self._counts.get(key, (0, 0.0))
            if ends <= now:
                self._counts.pop(key, None)
                count, ends = 0, now + expiry
            self._counts[key] = (count + amount, ends)
            if len(self._counts) > self._most:
                self._counts.popitem(last=False)
            return count + amount

    def get(self, key: str) -> int:
        """The count of the window that is open, 0 without one."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > self._clock().timestamp() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends (seconds since 1970); now without one."""
        now = self._clock().timestamp()
        return max(now, self._counts.get(key, (0, now))[1])

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int | None:
        """Forget everybody."""
        with self._lock:
            known = len(self._counts)
            self._counts.clear()
        return known

    def clear(self, key: str) -> None:
        """Forget one caller."""
        with self._lock:
            self._counts.pop(key, None)

    def __len__(self) -> int:
        return len(self._counts)


class RateLimits:
    """The limits by name, each as `limits` spells it (`60/minute`); an empty one limits nothing."""

    def __init__(
        self, spelled: Mapping[str, str], clock: Clock, *, counts: CountsInMemory | None = None
    ) -> None:
        self._clock = clock
        self._counts = CountsInMemory(clock) if counts is None else counts
        self._windows = FixedWindowRateLimiter(self._counts)
        self._items: dict[str, RateLimitItem] = {
            name: parse(text) for name, text in spelled.items() if text
        }

    def hit(self, request: Request, name: str, *who: str) -> None:
        """Count one call of this caller; ThrottledError when it is one too many.

        Where the caller stands goes into the answer's headers.
        """
        item = self._items.get(name)
        if item is not None:
            allowed = self._windows.hit(item, name, *who)
            self._tell(request, item, name, who, allowed=allowed)

    def count(self, request: Request, name: str, *who: str) -> None:
        """Count what was done already and so is not refused any more."""
        item = self._items.get(name)
        if item is not None:
            self._windows.hit(item, name, *who)
            self._tell(request, item, name, who, allowed=True)

    def look(self, request: Request, name: str, *who: str) -> None:
        """The same, without counting."""
        item = self._items.get(name)
        if item is not None and not self._windows.test(item, name, *who):
            self._tell(request, item, name, who, allowed=False)

    def _tell(
        self,
        request: Request,
        item: RateLimitItem,
        name: str,
        who: tuple[str, ...],
        *,
        allowed: bool,
    ) -> None:
        stats = self._windows.get_window_stats(item, name, *who)
        seconds = max(1, math.ceil(stats.reset_time - self._clock().timestamp()))
        setattr(request.state, STATE, Standing(item.amount, stats.remaining, seconds))
        if not allowed:
            raise ThrottledError(
                "too_many_requests", "Wait as long as Retry-After says.", retry_after=seconds
            )


def site_of(request: Request) -> str:
    """What counts as one address: an IPv4 address, the /64 of an IPv6 one."""
    text = caller_address(request)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    length = _WHOLE_HOST if address.version == 4 else _ONE_SITE
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False).network_address)
