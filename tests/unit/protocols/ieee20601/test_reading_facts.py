"""Status and duration of a reading."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.ieee20601.reading_facts import duration_us_of, is_device_test, status_of
from protocols.mder.numbers import Number
from protocols.model.codes import MdcCode
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue


def test_reserved_bits_of_a_status_are_dropped() -> None:
    assert status_of(0x8301, False) is MeasurementStatus.INVALID
    assert status_of(0, False) is MeasurementStatus.VALID


def test_a_test_association_marks_every_status() -> None:
    marked = MeasurementStatus.QUESTIONABLE | MeasurementStatus.TEST_DATA
    assert status_of(0x4000, True) == marked


def test_a_control_solution_is_measured_to_test_the_meter() -> None:
    assert is_device_test(MdcCode(2, 29136))
    assert not is_device_test(MdcCode(2, 29112))


@pytest.mark.parametrize(
    ("active", "microseconds"),
    [
        (Decimal("1.5"), 1_500_000),
        (Decimal(0), 0),
        (Decimal(-1), 0),
        (Decimal("1e6"), 0),
        (SpecialValue.NAN, 0),
        (None, 0),
    ],
)
def test_an_impossible_period_is_none(active: Number | None, microseconds: int) -> None:
    assert duration_us_of(active) == microseconds
