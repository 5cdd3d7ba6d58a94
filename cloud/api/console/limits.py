"""From where on a number is marked on the board. Display limits, not alarms.

The one place that holds them: the tiles are marked by it and the page states it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayLimit:
    """A number below `low` or above `high`, in `unit`, is marked with a word.

    `at_zero` is the word for nought, where that means something else than low. `of` names what is
    compared where the tile shows more than one number.
    """

    tile: str
    of: str
    unit: str
    low: Decimal | None = None
    high: Decimal | None = None
    at_zero: str = ""

    def mark(self, number: Decimal) -> str:
        """The word for a number, empty when there is nothing to mark."""
        if number == 0 and self.at_zero:
            return self.at_zero
        if self.low is not None and number < self.low:
            return "low"
        if self.high is not None and number > self.high:
            return "high"
        return ""

    @property
    def sentence(self) -> str:
        """The limit as the page states it."""
        parts = ["0"] if self.at_zero else []
        if self.low is not None:
            parts.append(f"below {self.low}")
        if self.high is not None:
            parts.append(f"above {self.high}")
        return f"{self.of} {' or '.join(parts)} {self.unit}"


DISPLAY_LIMITS: Final = (
    DisplayLimit(
        tile="hr",
        of="HR",
        unit="/min",
        low=Decimal(40),
        high=Decimal(130),
        at_zero="no heart rate",
    ),
    DisplayLimit(tile="spo2", of="SpO\u2082", unit="%", low=Decimal(90)),
    DisplayLimit(tile="nibp", of="systolic", unit="mmHg", low=Decimal(90)),
    DisplayLimit(tile="nibp", of="systolic", unit="kPa", low=Decimal(12)),
)


def mark_of(tile: str, number: Decimal | None, unit: str) -> str:
    """The word for a tile's number in a unit; empty without a number or a limit for the unit."""
    if number is None:
        return ""
    fitting = (one for one in DISPLAY_LIMITS if (one.tile, one.unit) == (tile, unit))
    return next((one.mark(number) for one in fitting), "")
