"""Numbers in the unit of their chart, whatever the device measures in."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from protocols.model.codes import UnitCode
from protocols.nomenclature.lookup import find_unit

MMHG_IN_KPA: Final = Decimal("7.50062")


def in_usual_unit(number: Decimal, unit: UnitCode) -> Decimal | None:
    """The number in mmHg or degrees Celsius where it is in kPa or Fahrenheit, else as it is; None
    for a unit nobody knows.
    """
    row = find_unit(unit)
    if row is None:
        return None
    if row.ucum == "kPa":
        return number * MMHG_IN_KPA
    if row.ucum == "[degF]":
        return (number - 32) * 5 / 9
    return number
