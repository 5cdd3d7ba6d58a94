"""How often a password may be guessed, without a way to lock anybody out.

Failures count, successes do not, and what is counted decides who waits:

- a browser on which the person signed in before has a count of its own (`device`). Nobody else's
  guesses touch it, so no stranger can keep its owner out;
- a strange browser is counted by account and address range: five failures in a quarter of an
  hour, and only that range waits for that account;
- once an account has had many failures from everywhere, each range that has no known browser gets
  one guess a quarter of an hour instead of five. A guess is never refused unheard: the right
  password from a new place still opens, while thousands of machines get little further;
- a range is counted over all accounts too, against one common password tried on everybody.

An attempt is counted before the password is checked and taken back when it was right: attempts
at the same moment do not slip through together. Kept by each process for itself.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud.core.kernel.addresses import read_address
from cloud.core.kernel.errors import ThrottledError

WINDOW: Final = timedelta(minutes=15)
_MOST_KEYS: Final = 100_000
_V4_PREFIX: Final = 24
_V6_PREFIX: Final = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPolicy:
    """Failures within `WINDOW`. `besieged` of an account leave `when_besieged` to each range."""

    of_device: int = 10
    of_account_and_range: int = 5
    of_range: int = 60
    besieged: int = 50
    when_besieged: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Who knocks where; `device` is empty for a strange browser."""

    account: str
    address: str
    device: str = ""


class SignInLimit:
    """Counts the failures of the present window; safe to call from any thread."""

    def __init__(self, policy: SignInPolicy | None = None, *, most_keys: int = _MOST_KEYS) -> None:
        self._policy = policy or SignInPolicy()
        self._most_keys = most_keys
        self._lock = threading.Lock()
        self._window = -1
        self._failures: OrderedDict[tuple[str, ...], int] = OrderedDict()

    def admit(self, attempt: Attempt, *, now: datetime) -> None:
        """Count an attempt as failed until it is `forgiven`; ThrottledError for one too many."""
        with self._lock:
            self._turn(now)
            allowed = self._allowed(attempt)
            if any(self._failures.get(key, 0) >= most for key, most in allowed.items()):
                raise ThrottledError(
                    "too_many_sign_ins",
                    "Wait some minutes, then try again.",
                    retry_after=_rest(now),
                )
            for key in self._counted(attempt):
                self._failures[key] = self._failures.pop(key, 0) + 1
            while len(self._failures) > self._most_keys:
                self._failures.popitem(last=False)

    def forgive(self, attempt: Attempt, *, now: datetime) -> None:
        """The password was right: the attempt is no failure, and the place starts afresh."""
        with self._lock:
            self._turn(now)
            first, *others = self._counted(attempt)
            self._failures.pop(first, None)
            for key in others:
                if self._failures.get(key, 0) > 0:
                    self._failures[key] -= 1

    def _allowed(self, attempt: Attempt) -> dict[tuple[str, ...], int]:
        policy = self._policy
        counted = self._counted(attempt)
        if attempt.device:
            return {counted[0]: policy.of_device}
        is_besieged = self._failures.get(("account", attempt.account), 0) >= policy.besieged
        return {
            counted[0]: policy.when_besieged if is_besieged else policy.of_account_and_range,
            counted[1]: policy.of_range,
        }

    def _counted(self, attempt: Attempt) -> list[tuple[str, ...]]:
        if attempt.device:
            return [("device", attempt.account, attempt.device)]
        origin = range_of(attempt.address)
        return [
            ("pair", attempt.account, origin),
            ("range", origin),
            ("account", attempt.account),
        ]

    def _turn(self, now: datetime) -> None:
        window = int(now.timestamp() // WINDOW.total_seconds())
        if window != self._window:
            self._window = window
            self._failures.clear()


def range_of(address: str) -> str:
    """The network an address is counted with: those of one network are one attacker's."""
    found = read_address(address)
    if found is None:
        return "unknown"
    prefix = _V4_PREFIX if found.version == 4 else _V6_PREFIX
    return str(ipaddress.ip_network(f"{found}/{prefix}", strict=False))


def _rest(now: datetime) -> int:
    """Seconds until the present window ends, at least one."""
    seconds = WINDOW.total_seconds()
    return max(1, int(seconds - now.timestamp() % seconds))
