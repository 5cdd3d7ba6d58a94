"""FLOAT-Type and SFLOAT-Type <-> Decimal, exact (20601 Annex F, MDER).

FLOAT-Type: exponent (8 bits) then mantissa (24 bits). SFLOAT-Type: exponent (4) then mantissa
(12). Both parts are signed; the value is mantissa x 10^exponent. The exponent of the Decimal is
the one on the wire, so the digits a device sent survive: 0xE16C is 3.64, 0xFF000172 is 37.0.

Five codes stand for no number. They count only when the exponent is zero: 0xF7FF is 204.7.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final

import construct as cs

from protocols.errors import DecodeError, EncodeError
from protocols.mder.records import Wire
from protocols.model.quantity import SpecialValue

Number = Decimal | SpecialValue


class _Format:
    """One of the two number formats: how many bits mantissa and exponent have."""

    def __init__(self, name: str, mantissa_bits: int, exponent_bits: int) -> None:
        self.name = name
        self.bits = mantissa_bits
        self.octets = (mantissa_bits + exponent_bits) // 8
        self.top = 1 << (mantissa_bits - 1)
        self.lowest_exponent = -(1 << (exponent_bits - 1))
        self.highest_exponent = (1 << (exponent_bits - 1)) - 1
        # Annex F.8: counted from the middle of the mantissa's range.
        self.special_of_code = {
            self.top - 1: SpecialValue.NAN,
            self.top: SpecialValue.NRES,
            self.top - 2: SpecialValue.POSITIVE_INFINITY,
            self.top + 2: SpecialValue.NEGATIVE_INFINITY,
            self.top + 1: SpecialValue.RESERVED,
        }
        self.code_of_special = {value: code for code, value in self.special_of_code.items()}

    def decode(self, raw: int) -> Number:
        """The number of a raw code."""
        special = self.special_of_code.get(raw)
        if special is not None:
            return special
        mantissa = raw & (2 * self.top - 1)
        if mantissa >= self.top:
            mantissa -= 2 * self.top
        exponent = raw >> self.bits
        if exponent > self.highest_exponent:
            exponent += 2 * self.lowest_exponent
        digits = tuple(int(digit) for digit in str(abs(mantissa)))
        return Decimal((int(mantissa < 0), digits, exponent))

    def encode(self, value: Number) -> int:
        """The raw code of a number, rounded half to even where it has too many digits."""
        if isinstance(value, SpecialValue):
            return self.code_of_special[value]
        if not value.is_finite():
            raise EncodeError(f"{self.name} carries finite numbers and the five special values")
        mantissa, exponent = self._fit(value)
        return ((exponent & (2 * self.highest_exponent + 1)) << self.bits) | (
            mantissa & (2 * self.top - 1)
        )

    def _fit(self, value: Decimal) -> tuple[int, int]:
        """Mantissa and exponent: the value's own exponent, or the next that holds it."""
        sign, digits, exponent_of_finite = value.as_tuple()
        own = int(exponent_of_finite)
        if not value:
            return 0, min(max(own, self.lowest_exponent), self.highest_exponent)
        if value.adjusted() > self.highest_exponent + len(str(self.top)):
            raise EncodeError(f"{value} is too large for {self.name}")
        if value.adjusted() < self.lowest_exponent - 1:
            return 0, self.lowest_exponent
        whole = int("".join(map(str, digits)))
        start = min(max(own, self.lowest_exponent), self.highest_exponent)
        for exponent in range(start, self.highest_exponent + 1):
            mantissa = _shifted(whole, own - exponent)
            mantissa = -mantissa if sign else mantissa
            if self._holds(mantissa, exponent):
                return mantissa, exponent
        raise EncodeError(f"{value} is too large for {self.name}")

    def _holds(self, mantissa: int, exponent: int) -> bool:
        if exponent == 0:
            # The codes next to the middle mean no number here.
            return -self.top + 3 <= mantissa <= self.top - 3
        return -self.top <= mantissa < self.top


def _shifted(whole: int, places: int) -> int:
    """`whole` x 10^places, rounded half to even where digits are lost."""
    step: int = 10 ** abs(places)
    if places >= 0:
        return whole * step
    quotient, rest = divmod(whole, step)
    return quotient + (2 * rest > step or (2 * rest == step and quotient % 2 == 1))


_FLOAT: Final = _Format("FLOAT-Type", 24, 8)
_SFLOAT: Final = _Format("SFLOAT-Type", 12, 4)


def float_from_raw(raw: int) -> Number:
    """The number of a 32-bit FLOAT-Type code."""
    return _FLOAT.decode(raw)


@lru_cache(maxsize=1 << 16)
def sfloat_from_raw(raw: int) -> Number:
    """The number of a 16-bit SFLOAT-Type code."""
    return _SFLOAT.decode(raw)


def float_to_raw(value: Number) -> int:
    """The FLOAT-Type code of a number; EncodeError when it is too large."""
    return _FLOAT.encode(value)


def sfloat_to_raw(value: Number) -> int:
    """The SFLOAT-Type code of a number; EncodeError when it is too large."""
    return _SFLOAT.encode(value)


def decode_float(octets: bytes) -> Number:
    """The number of four octets in network order."""
    return float_from_raw(_raw(octets, _FLOAT))


def decode_sfloat(octets: bytes) -> Number:
    """The number of two octets in network order."""
    return sfloat_from_raw(_raw(octets, _SFLOAT))


def encode_float(value: Number) -> bytes:
    """Four octets in network order; EncodeError when the value is too large."""
    return float_to_raw(value).to_bytes(4, "big")


def encode_sfloat(value: Number) -> bytes:
    """Two octets in network order; EncodeError when the value is too large."""
    return sfloat_to_raw(value).to_bytes(2, "big")


def _raw(octets: bytes, form: _Format) -> int:
    if len(octets) != form.octets:
        raise DecodeError(
            f"{form.name} has {form.octets} octets, not {len(octets)}", clause="20601 Annex F.8"
        )
    return int.from_bytes(octets, "big")


FLOAT_TYPE: Final[Wire] = cs.ExprAdapter(
    cs.Int32ub, lambda raw, _: float_from_raw(raw), lambda value, _: float_to_raw(value)
)
SFLOAT_TYPE: Final[Wire] = cs.ExprAdapter(
    cs.Int16ub, lambda raw, _: sfloat_from_raw(raw), lambda value, _: sfloat_to_raw(value)
)
