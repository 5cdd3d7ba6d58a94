"""A quantity is finite, or says by name why there is no number."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import EncodeError
from protocols.model.codes import UnitCode
from protocols.model.quantity import Quantity, SpecialValue

PERCENT = UnitCode(544)


def test_the_digits_of_a_number_are_kept() -> None:
    assert str(Quantity(Decimal("97.0"), PERCENT).number) == "97.0"


@pytest.mark.parametrize("special", SpecialValue)
def test_a_special_value_is_no_number(special: SpecialValue) -> None:
    assert Quantity(special, PERCENT).number is None


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_has_a_name_of_its_own(text: str) -> None:
    with pytest.raises(EncodeError):
        Quantity(Decimal(text), PERCENT)
