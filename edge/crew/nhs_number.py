"""The NHS number: ten digits, the last of them a check digit (modulus 11), written 3-3-4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_DIGITS: Final = 10
_MODULUS: Final = 11
_SEPARATORS: Final = str.maketrans("", "", " -\t\u00a0")


@dataclass(frozen=True, slots=True)
class NhsNumber:
    """A number whose check digit fits; `digits` are its ten digits without spaces."""

    digits: str

    def __str__(self) -> str:
        return f"{self.digits[:3]} {self.digits[3:6]} {self.digits[6:]}"


def parse_nhs_number(text: str) -> NhsNumber | None:
    """The number in a typed or scanned text; None when it is none, or its check digit is wrong.

    Spaces and hyphens between the digits are allowed, and nothing else.
    """
    digits = text.strip().translate(_SEPARATORS)
    if len(digits) != _DIGITS or not (digits.isascii() and digits.isdecimal()):
        return None
    # The data dictionary's rule: weights 10 to 2, eleven less the remainder; 11 counts as 0.
    total = sum(int(digit) * (_DIGITS - place) for place, digit in enumerate(digits[:-1]))
    check = (_MODULUS - total % _MODULUS) % _MODULUS
    # A check of 10 has no digit: such numbers are never issued, and no digit equals it.
    return NhsNumber(digits) if check == int(digits[-1]) else None
