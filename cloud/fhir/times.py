"""Times as FHIR writes them: always UTC, never rounded."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(at: datetime) -> str:
    """An aware time with milliseconds, or microseconds where there are any."""
    text = at.astimezone(UTC).isoformat(timespec="microseconds")
    return text.removesuffix("+00:00").removesuffix("000") + "Z"


def clock_time(at: datetime) -> str:
    """The time of day for a narrative, to the second."""
    return f"{at.astimezone(UTC):%H:%M:%S} UTC"
