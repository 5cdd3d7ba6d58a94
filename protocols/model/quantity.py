"""Measured numbers: exact decimals with a unit, or one of the named special values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from protocols.errors import EncodeError
from protocols.model.codes import UnitCode


class SpecialValue(Enum):
    """What FLOAT and SFLOAT say instead of a number (20601 Annex F.8); never collapsed."""

    NAN = "NaN"
    NRES = "NRes"
    POSITIVE_INFINITY = "+INFINITY"
    NEGATIVE_INFINITY = "-INFINITY"
    RESERVED = "RESERVED"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measured value and its unit.

    `value` is a finite `Decimal` that keeps the digits the device sent (36.60 is not 36.6), or
    a `SpecialValue`. `unit` is an MDC unit term; unitless values carry MDC_DIM_DIMLESS.
    """

    value: Decimal | SpecialValue
    unit: UnitCode

    def __post_init__(self) -> None:
        if isinstance(self.value, Decimal) and not self.value.is_finite():
            raise EncodeError("a quantity is finite or a SpecialValue")

    @property
    def number(self) -> Decimal | None:
        """The number, or None for a special value."""
        return self.value if isinstance(self.value, Decimal) else None
