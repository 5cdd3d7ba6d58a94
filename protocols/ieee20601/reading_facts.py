"""What a reading says beside its value: its status and how long it was measured (20601 6.3.3)."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final

from protocols.mder.numbers import Number
from protocols.model.observation import MeasurementStatus

_LONGEST_MEASUREMENT_S: Final = 1_000_000
_STATUS_BITS: Final = 0xFCE0
"""The bits of MeasurementStatus that have a meaning; the others are reserved and dropped."""


@lru_cache(maxsize=1 << 10)
def status_of(bits: int, test: bool) -> MeasurementStatus:
    """The status of MeasurementStatus bits; TEST_DATA with it in a test association."""
    status = MeasurementStatus(bits & _STATUS_BITS)
    return status | MeasurementStatus.TEST_DATA if test else status


def duration_us_of(active: Number | None) -> int:
    """Microseconds of a Measure-Active-Period in seconds; 0 for none and for an impossible one."""
    if isinstance(active, Decimal) and 0 < active < _LONGEST_MEASUREMENT_S:
        return int(active * 1_000_000)
    return 0
