"""The vehicle's local time: on every screen, in the handover and in its code alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo


@dataclass(frozen=True, slots=True)
class LocalTime:
    """One offset for all times that are read together: the one the vehicle's zone has now.

    `minutes` east of UTC. `name` is short, as `BST`, `UTC` or `UTC+05:30`.
    """

    minutes: int
    name: str

    @classmethod
    def of(cls, zone: tzinfo, now: datetime) -> LocalTime:
        """The zone's time at `now` (aware)."""
        local = now.astimezone(zone)
        minutes = (local.utcoffset() or timedelta(0)) // timedelta(minutes=1)
        name = local.tzname() or ""
        return cls(minutes, name if name.isalpha() else _offset(minutes))

    @property
    def label(self) -> str:
        """The zone as no reader can mistake it: `BST, UTC+01:00`."""
        if self.name == _offset(self.minutes):
            return self.name
        return f"{self.name}, {_offset(self.minutes) if self.minutes else 'UTC+00:00'}"

    def clock(self, at: datetime) -> str:
        """Hours and minutes of an aware time: `13:04`."""
        return f"{self._local(at):%H:%M}"

    def day_and_clock(self, at: datetime) -> str:
        """The same with its date: `2026-07-01 13:04`."""
        return f"{self._local(at):%Y-%m-%d %H:%M}"

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(timezone(timedelta(minutes=self.minutes)))


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}" if minutes else "UTC"
