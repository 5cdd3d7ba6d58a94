"""FHIR JSON keeps every digit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cloud.fhir.json import dumps, element


@pytest.mark.parametrize(
    "digits", ["36.60", "2.0", "2.00", "0.000", "-0.10", "72", "1E+2", "12345678901234567890.123"]
)
def test_a_decimal_is_written_with_the_digits_it_was_measured_with(digits: str) -> None:
    assert dumps({"value": Decimal(digits)}) == f'{{"value":{digits}}}'.encode()


def test_absent_elements_are_left_out_and_false_is_kept() -> None:
    assert element(class_="x", none=None, empty=[], text="", no=False, zero=0) == {
        "class": "x",
        "no": False,
        "zero": 0,
    }
