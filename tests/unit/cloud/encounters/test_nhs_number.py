"""NHS numbers: the check digit is worked out, never believed."""

from __future__ import annotations

import pytest

from cloud.core.encounters.nhs_number import read_nhs_number


@pytest.mark.parametrize("text", ["9434765919", "943 476 5919", "943-476-5919"])
def test_a_number_is_read_however_it_is_grouped(text: str) -> None:
    assert read_nhs_number(text) == "9434765919"


def test_of_ten_last_digits_one_fits() -> None:
    fitting = [last for last in range(10) if read_nhs_number(f"943476591{last}")]
    assert fitting == [9]


def test_a_number_whose_sum_needs_none_ends_in_zero() -> None:
    assert read_nhs_number("9990000050") == "9990000050"


def test_two_digits_exchanged_are_seen() -> None:
    assert read_nhs_number("9437465919") is None


@pytest.mark.parametrize(
    "text", ["", "943476591", "94347659191", "943476591X", "\uff19" * 10, "+434765919"]
)
def test_what_is_no_ten_digits_is_no_number(text: str) -> None:
    assert read_nhs_number(text) is None


def test_nine_digits_that_no_check_digit_fits_are_no_number() -> None:
    assert not any(read_nhs_number(f"400000008{last}") for last in range(10))
