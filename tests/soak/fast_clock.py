"""The clock of a program that lives faster: everything in it that waits, waits so much less.

Gateway and cloud take their clock as an argument; only that is given here. A gateway's wall clock
can be set wrong from outside: `set_clock_wrong` writes a file that it looks at now and then.
"""

from __future__ import annotations

import asyncio
import json
import selectors
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_LOOK_EVERY = 0.2
"""True seconds until somebody who set the clock is obeyed."""


class FastSelector(selectors.DefaultSelector):
    """Waits a part of what it is asked to."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As its parent, sooner."""
        return super().select(timeout if timeout is None else timeout / self._speed)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds are shorter."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        super().__init__(FastSelector(speed))

    def time(self) -> float:
        """Seconds that never step, faster than life."""
        return time.monotonic() * self._speed


class FastTime:
    """The time of day in a shift that began in the past and runs faster than life.

    `path` holds what `write_clock` wrote; a file of the same name with `.offset` how wrong it is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = timedelta(0)
        self.look()

    def look(self) -> None:
        """Read what time it is, and how wrong the clock is from now on."""
        self._next_look = time.monotonic() + _LOOK_EVERY
        told = json.loads(self._path.read_text(encoding="utf-8"))
        self._start_at = datetime.fromisoformat(told["start_at"])
        self._begins_at = datetime.fromisoformat(told["begins_at"])
        self.speed = float(told["speed"])
        offset = self._path.with_suffix(".offset")
        if offset.exists():
            self._offset = timedelta(seconds=float(offset.read_text()))

    @property
    def is_right(self) -> bool:
        """Whether the clock shows the right time."""
        self.right_utc()
        return not self._offset

    def utc(self) -> datetime:
        """The time of day, wrong as somebody set it."""
        now = self.right_utc()
        return now + self._offset

    def right_utc(self) -> datetime:
        """The time of day."""
        if time.monotonic() >= self._next_look:
            self.look()
        return self._start_at + (datetime.now(UTC) - self._begins_at) * self.speed

    def monotonic(self) -> float:
        """Seconds that never step."""
        return time.monotonic() * self.speed


def write_clock(path: Path, *, start_at: datetime, begins_at: datetime, speed: float) -> None:
    """Write what `FastTime` reads."""
    told = {"start_at": start_at.isoformat(), "begins_at": begins_at.isoformat(), "speed": speed}
    _replace(path, json.dumps(told))


def set_clock_wrong(path: Path, seconds: float) -> None:
    """How far the clock is wrong from now on; written whole or not at all."""
    _replace(path.with_suffix(".offset"), str(seconds))


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".fresh")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
