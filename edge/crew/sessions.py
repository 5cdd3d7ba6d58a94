"""Who has unlocked the page, and for how long nobody has touched it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

COOKIE: Final = "vitalwire_crew"
MOST_SESSIONS: Final = 32
_TOKEN_OCTETS: Final = 32


@dataclass(slots=True)
class Session:
    """One unlocked screen. `member` is who works on it, empty until they sign in."""

    touched_at: float
    member: str = ""
    is_open: bool = True


@dataclass(slots=True)
class Sessions:
    """All unlocked screens. Kept in memory alone: a restart locks every one of them."""

    lock_seconds: float
    monotonic: Callable[[], float]
    _by_digest: dict[bytes, Session] = field(default_factory=dict)

    def begin(self, member: str = "") -> str:
        """Unlock a screen; its token, which is kept here only as a digest."""
        self._sweep()
        while len(self._by_digest) >= MOST_SESSIONS:
            oldest = min(self._by_digest, key=lambda one: self._by_digest[one].touched_at)
            self._by_digest.pop(oldest).is_open = False
        token = secrets.token_urlsafe(_TOKEN_OCTETS)
        self._by_digest[_digest(token)] = Session(self.monotonic(), member)
        return token

    def find(self, token: str) -> Session | None:
        """The open session of a token, None when there is none or it has locked itself."""
        self._sweep()
        return self._by_digest.get(_digest(token)) if token else None

    def touch(self, session: Session) -> None:
        """Somebody works on that screen."""
        session.touched_at = self.monotonic()

    def is_live(self, session: Session) -> bool:
        """Whether a session is still open."""
        self._sweep()
        return session.is_open

    def end(self, token: str) -> None:
        """Lock one screen."""
        session = self._by_digest.pop(_digest(token), None)
        if session is not None:
            session.is_open = False

    def end_all(self) -> None:
        """Lock every screen."""
        for session in self._by_digest.values():
            session.is_open = False
        self._by_digest.clear()

    def __len__(self) -> int:
        self._sweep()
        return len(self._by_digest)

    def _sweep(self) -> None:
        oldest = self.monotonic() - self.lock_seconds
        for digest in [one for one, kept in self._by_digest.items() if kept.touched_at < oldest]:
            self._by_digest.pop(digest).is_open = False


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
