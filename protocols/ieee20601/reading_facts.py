"""What a reading says beside its value: its status and how long it was measured (20601 6.3.3)."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final

from protocols.mder.numbers import Number
from protocols.model.codes import MdcCode
from protocols.model.observation import MeasurementStatus

_LONGEST_MEASUREMENT_S: Final = 1_000_000
_STATUS_BITS: Final = 0xFCE0
"""The bits of MeasurementStatus that have a meaning; the others are reserved and dropped."""

_CONTROL_SOLUTION: Final = MdcCode(2, 29136)
"""MDC_CONC_GLU_CONTROL: what a glucose meter measures of its own test solution (10417)."""


def is_device_test(type_code: MdcCode) -> bool:
    """Whether a reading of this type is of the device itself, never of the patient."""
    return type_code == _CONTROL_SOLUTION


@lru_cache(maxsize=1 << 10)
def status_of(bits: int, test: bool) -> MeasurementStatus:
    """The status of MeasurementStatus bits; TEST_DATA with it where it is a `test`.

    A test is every reading of a test association, and of a type that `is_device_test`.
    """
    status = MeasurementStatus(bits & _STATUS_BITS)
    return status | MeasurementStatus.TEST_DATA if test else status


def duration_us_of(active: Number | None) -> int:
    """Microseconds of a Measure-Active-Period in seconds; 0 for none and for an impossible one."""
    if isinstance(active, Decimal) and 0 < active < _LONGEST_MEASUREMENT_S:
        return int(active * 1_000_000)
    return 0
