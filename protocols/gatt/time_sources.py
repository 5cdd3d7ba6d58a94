"""Where a device's clock has its time from: the numbers Current and Elapsed Time Service share."""

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
_QUARTER_HOUR: Final = timedelta(minutes=15)
_ZONES: Final = range(-48, 61)
"""Quarters of an hour from the westernmost zone to the easternmost, daylight saving included."""


def local_offset(quarters: int) -> timedelta | None:
    """Local time minus UTC from the quarters of an hour of a field; None for no place on earth."""
    return quarters * _QUARTER_HOUR if quarters in _ZONES else None


def is_synchronised(source: int) -> bool:
    """Whether the clock follows something outside; a clock somebody set by hand does not."""
    return source in _OUTSIDE
