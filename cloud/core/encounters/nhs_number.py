"""The NHS number: ten digits of which the last checks the others (modulus 11)."""

from __future__ import annotations

from typing import Final

DIGITS: Final = 10


def read_nhs_number(text: str) -> str | None:
    """The ten digits without blanks and dashes; None when they are none, or one is mistyped."""
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    return digits if int(digits[-1]) == _check_digit(digits) else None


def _check_digit(digits: str) -> int:
    """10 stands for no digit at all: no number has it."""
    weighed = sum(int(digit) * (DIGITS - place) for place, digit in enumerate(digits[:-1]))
    return -weighed % 11
