"""Days, weeks and months of a place: where a figure's trend is cut.

A day is the place's own: the one on which clocks go forward has 23 hours, the other 25.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cloud.core.kernel.errors import InvalidError

LONGEST: Final = timedelta(days=366)
_DAYS: Final = timedelta(days=31)
_WEEKS: Final = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until before `end`, in a place."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    def buckets(self) -> Iterator[tuple[date, datetime, datetime]]:
        """Each bucket's first day and its ends in UTC, cut at the period's own: days up to 31 days,
        weeks from Monday up to 120, months beyond.
        """
        length = self.end - self.start
        day = self.start.astimezone(self.zone).date()
        if length > _WEEKS:
            day = day.replace(day=1)
        elif length > _DAYS:
            day -= timedelta(days=day.weekday())
        while True:
            following = _next(day, length)
            first, last = self._midnight(day), self._midnight(following)
            yield day, max(first, self.start), min(last, self.end)
            if last >= self.end:
                return
            day = following

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)


def _next(day: date, length: timedelta) -> date:
    if length <= _DAYS:
        return day + timedelta(days=1)
    if length <= _WEEKS:
        return day + timedelta(days=7)
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def period(start: datetime, end: datetime, zone: str) -> Period:
    """A checked period; InvalidError `invalid_period` when it is empty or longer than 366 days,
    `unknown_time_zone` for a place the zone database does not know.
    """
    if not start < end:
        raise InvalidError("invalid_period", "Send a beginning before the end.")
    if end - start > LONGEST:
        raise InvalidError("invalid_period", "Ask for at most 366 days at once.")
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise InvalidError(
            "unknown_time_zone", "Use a name of the zone database, like Europe/London."
        ) from exc
    return Period(start.astimezone(UTC), end.astimezone(UTC), place)
