"""Times as the data set wants them: to the second, with an offset in digits."""

from __future__ import annotations

from datetime import UTC, datetime


def date_time(at: datetime) -> str:
    """An aware time in UTC, `+00:00`."""
    return at.astimezone(UTC).isoformat(timespec="seconds")
