"""Times as FHIR writes them: always UTC, never rounded."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(at: datetime) -> str:
    """An aware time with milliseconds, or microseconds where there are any."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    if at.microsecond % 1000:
        return at.isoformat(timespec="microseconds")[:-6] + "Z"
    return at.isoformat(timespec="milliseconds")[:-6] + "Z"


def clock_time(at: datetime) -> str:
    """The time of day for a narrative, to the second."""
    return f"{at.astimezone(UTC):%H:%M:%S} UTC"
