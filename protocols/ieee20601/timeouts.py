"""Named timeouts and the set of timers that run.

All numbers are seconds; all times are monotonic seconds given by the driver. Defaults are those
of 20601 8.x as public implementations quote them.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from protocols.model.table_keys import TableKey

TICK_SECONDS: Final = 125e-6
"""One tick of RelativeTime (20601): 125 microseconds."""


def seconds_of(ticks: int | None) -> float | None:
    """A RelativeTime period in seconds; zero says no more than nothing: None."""
    return ticks * TICK_SECONDS if ticks else None


class Timer(TableKey):
    """Timers of an association that belong to no single request."""

    ASSOCIATE = "TO_assoc"
    CONFIG = "TO_config"
    RELEASE = "TO_release"
    TRANSFER = "TO_sp-pms"
    SEGMENT_AGAIN = "segment try-later"
    SILENCE = "watchdog of a steady device"


@dataclass(frozen=True, slots=True)
class ScanTimer:
    """The Reporting-Interval of the periodic scanner with this handle."""

    handle: int


@dataclass(frozen=True, slots=True)
class DataRequestTimer:
    """The period of the data request with this id."""

    req_id: int


TimerKey = Timer | ScanTimer | DataRequestTimer


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerTimeouts:
    """How long the manager waits, in seconds.

    `transfer` holds where the segment names no Transfer-Timeout of its own, `clear` where neither
    segment nor store names a Clear-Timeout. `segment_again` is the pause before a segment is
    asked for again that said try-later; it doubles each time, to `segment_again_most`.
    """

    config: float = 10.0
    release: float = 3.0
    get: float = 3.0
    set: float = 3.0
    action: float = 3.0
    data_request: float = 3.0
    transfer: float = 3.0
    clear: float = 3.0
    segment_again: float = 5.0
    segment_again_most: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTimeouts:
    """How long the agent waits, in seconds; `associate_retries` AARQs follow the first one."""

    associate: float = 10.0
    associate_retries: int = 3
    config: float = 10.0
    release: float = 3.0
    confirm: float = 3.0


KeyT = TypeVar("KeyT", bound=Hashable)


class Deadlines(Generic[KeyT]):
    """Running timers by key: one each, started, restarted and cancelled alone."""

    def __init__(self) -> None:
        self._at: dict[KeyT, float] = {}

    def start(self, key: KeyT, *, now: float, seconds: float) -> None:
        """Start or restart the timer of `key`."""
        self._at[key] = now + seconds

    def cancel(self, key: KeyT) -> None:
        """Stop the timer of `key`; nothing happens when it does not run."""
        self._at.pop(key, None)

    def clear(self) -> None:
        """Stop every timer."""
        self._at.clear()

    def next(self) -> float | None:
        """The earliest deadline, or None when no timer runs."""
        return min(self._at.values()) if self._at else None

    def take_expired(self, now: float) -> KeyT | None:
        """The key of the earliest timer that is due, its timer stopped; None when none is."""
        due = min(self._at, key=lambda key: self._at[key], default=None)
        if due is None or self._at[due] > now:
            return None
        del self._at[due]
        return due


def earliest(*deadlines: float | None) -> float | None:
    """The smallest of those that are set."""
    found: float | None = None
    for at in deadlines:  # asked after every report, of few: no generator is made for them
        if at is not None and (found is None or at < found):
            found = at
    return found
