"""The NHS number and its check digit."""

from __future__ import annotations

import pytest

from edge.crew.nhs_number import parse_nhs_number


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("943 476 5919", "943 476 5919"),
        ("9434765919", "943 476 5919"),
        ("943-476-5919", "943 476 5919"),
        ("4010232137", "401 023 2137"),
        ("9449304106", "944 930 4106"),
        ("0000000000", "000 000 0000"),
    ],
)
def test_a_number_whose_check_digit_fits_is_read(text: str, written: str) -> None:
    number = parse_nhs_number(text)
    assert number is not None
    assert str(number) == written
    assert number.digits == written.replace(" ", "")


@pytest.mark.parametrize(
    "text",
    ["", "943476591", "94347659190", "943 476 591X", "943.476.5919", "\u0669434765919"],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    assert parse_nhs_number(text) is None


def test_one_wrong_digit_or_two_swapped_are_noticed() -> None:
    good = "9434765919"
    for place in range(10):
        for digit in "0123456789":
            if digit != good[place]:
                assert parse_nhs_number(good[:place] + digit + good[place + 1 :]) is None
    for place in range(9):
        if good[place] != good[place + 1]:
            swapped = good[:place] + good[place + 1] + good[place] + good[place + 2 :]
            assert parse_nhs_number(swapped) is None


def test_a_check_of_ten_is_no_digit() -> None:
    assert [text for digit in range(10) if parse_nhs_number(text := f"100000001{digit}")] == []
