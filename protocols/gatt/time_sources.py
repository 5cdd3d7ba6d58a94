"""Where a device's clock has its time from and how far it is from UTC: numbers services share."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

UNKNOWN: Final = 0
NETWORK: Final = 1
SATELLITES: Final = 2
RADIO: Final = 3
MANUAL: Final = 4
ATOMIC_CLOCK: Final = 5
CELLULAR: Final = 6
NOT_SYNCHRONISED: Final = 7

_OUTSIDE: Final = frozenset({NETWORK, SATELLITES, RADIO, ATOMIC_CLOCK, CELLULAR})
_QUARTER_MINUTES: Final = 15
_TIME_ZONES: Final = range(-48, 57)
"""Quarters of an hour a zone may be from UTC; -128 is not known, the others are reserved."""
_SAVINGS: Final = frozenset({0, 2, 4, 8})
"""Quarters of an hour daylight saving may add; 255 is not known, the others are reserved."""
_PLACES: Final = range(-48, 61)
"""Quarters of an hour from the westernmost zone to the easternmost, daylight saving included."""


def zone_minutes(zone: int) -> int | None:
    """Standard local time minus UTC, in minutes (GSS, Time Zone); None when it is not known."""
    return zone * _QUARTER_MINUTES if zone in _TIME_ZONES else None


def saving_minutes(saving: int) -> int | None:
    """What daylight saving adds, in minutes (GSS, DST Offset); None when it is not known."""
    return saving * _QUARTER_MINUTES if saving in _SAVINGS else None


def zone_offset(zone: int, saving: int) -> timedelta | None:
    """Local time minus UTC by a zone and its daylight saving; None unless both are known."""
    standard, added = zone_minutes(zone), saving_minutes(saving)
    return None if standard is None or added is None else timedelta(minutes=standard + added)


def local_offset(quarters: int) -> timedelta | None:
    """Local time minus UTC where one field holds both; None for no place on earth."""
    return timedelta(minutes=quarters * _QUARTER_MINUTES) if quarters in _PLACES else None


def is_synchronised(source: int) -> bool:
    """Whether the clock follows something outside; a clock somebody set by hand does not."""
    return source in _OUTSIDE
