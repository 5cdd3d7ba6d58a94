"""The PIN that opens the page: kept as a scrypt hash, and slow to guess."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.crew.folder import write_durably
from edge.errors import SettingsError

FILE_NAME: Final = "pin"
# 16 MB and some 50 ms a guess on a small board; a reader of the file pays the same.
_COST: Final = 1 << 14
_BLOCK: Final = 8
_PARALLEL: Final = 1
_MEMORY: Final = 64 << 20
_SALT_OCTETS: Final = 16
LEAST_DIGITS: Final = 4
MOST_DIGITS: Final = 12
FREE_GUESSES: Final = 3
MOST_WAIT: Final = 60.0


@dataclass(frozen=True, slots=True)
class PinStore:
    """The PIN's hash in the crew's folder. Every call may block: keep it off the event loop."""

    folder: Path

    @property
    def is_set(self) -> bool:
        """Whether there is a PIN that can be read; without one the page shows nothing."""
        return self._path.is_file() and os.access(self._path, os.R_OK)

    def set(self, pin: str) -> None:
        """Keep a PIN of 4 to 12 digits; SettingsError for anything else."""
        if not (LEAST_DIGITS <= len(pin) <= MOST_DIGITS and pin.isascii() and pin.isdecimal()):
            raise SettingsError(
                f"a PIN has {LEAST_DIGITS} to {MOST_DIGITS} digits", mend="Choose another one"
            )
        salt = secrets.token_bytes(_SALT_OCTETS)
        document = {"scrypt": _hash(pin, salt).hex(), "salt": salt.hex()}
        write_durably(self._path, json.dumps(document).encode())

    def matches(self, pin: str) -> bool:
        """Whether this is the PIN; False as well while none is set or the file is spoilt."""
        try:
            document = json.loads(self._path.read_bytes())
            salt, kept = bytes.fromhex(document["salt"]), bytes.fromhex(document["scrypt"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return secrets.compare_digest(_hash(pin[:MOST_DIGITS], salt), kept)

    @property
    def _path(self) -> Path:
        return self.folder / FILE_NAME


@dataclass(slots=True)
class PinThrottle:
    """Growing waits between wrong guesses, over all screens, and over a restart too.

    Three are free; then 2 s, doubled each time, never over a minute: half of all four-digit PINs
    take days. A screen that is open already is not held up.
    """

    folder: Path
    monotonic: Callable[[], float]
    failures: int = field(init=False)
    _open_at: float = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.failures = min(int(self._path.read_text(encoding="ascii")), 1000)
        except (OSError, ValueError):
            self.failures = 0
        # How long ago the last guess was, nobody knows after a restart: wait the whole time.
        self._open_at = self.monotonic() + self._wait

    @property
    def seconds_left(self) -> float:
        """How long no guess is looked at; 0 when one may be made."""
        return max(0.0, self._open_at - self.monotonic())

    def fail(self) -> None:
        """A wrong guess."""
        self.failures += 1
        self._open_at = self.monotonic() + self._wait
        self._keep()

    def succeed(self) -> None:
        """The right one: guesses are free again."""
        if self.failures:
            self.failures = 0
            self._open_at = self.monotonic()
            self._keep()

    @property
    def _wait(self) -> float:
        over = self.failures - FREE_GUESSES
        return 0.0 if over < 0 else min(2.0 * 2.0 ** min(over, 16), MOST_WAIT)

    def _keep(self) -> None:
        write_durably(self._path, str(self.failures).encode())

    @property
    def _path(self) -> Path:
        return self.folder / "pin-failures"


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        pin.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, maxmem=_MEMORY, dklen=32
    )
