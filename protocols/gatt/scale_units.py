"""Masses and lengths of scales: steps of the metric system, or of the imperial one.

Weight Scale and Body Composition Service say which by one bit. All ones is no measurement.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from protocols.gatt import terms
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.mder.numbers import Number
from protocols.model.codes import UnitCode
from protocols.model.quantity import SpecialValue

_UNSUCCESSFUL: Final = 0xFFFF
_TENTH: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class UnitSystem:
    """What one step of a mass and of a length is."""

    mass_step: Decimal
    mass_unit: UnitCode
    length_step: Decimal
    length_unit: UnitCode


# A length counts millimetres or tenths of an inch.
METRIC: Final = UnitSystem(Decimal("0.005"), terms.KILOGRAM, _TENTH, terms.CENTIMETRE)
IMPERIAL: Final = UnitSystem(Decimal("0.01"), terms.POUND, _TENTH, terms.INCH)


def system_of(is_imperial: bool) -> UnitSystem:
    """The system the units bit says."""
    return IMPERIAL if is_imperial else METRIC


def read_steps(reader: FieldReader, step: Decimal) -> Number:
    """A number of 16 bits in steps; NaN where the scale says that it measured nothing."""
    count = reader.u16()
    return SpecialValue.NAN if count == _UNSUCCESSFUL else count * step


def write_steps(value: Number, writer: FieldWriter, step: Decimal) -> None:
    """The mirror of `read_steps`; every special value is "measured nothing"."""
    if isinstance(value, SpecialValue):
        writer.u16(_UNSUCCESSFUL)
    else:
        writer.scaled(value, 2, step)
