"""Which series a row is of, and the integers that are its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from protocols.uplink import records as rec
from protocols.uplink.readings import SPECIALS, Part, to_decimal

Own = tuple[tuple[Part, ...], tuple[int, ...]]
_LARGEST: Final = 2**62
_MOST_EXPONENT: Final = 32


@dataclass(slots=True)
class Digits:
    """Decimal texts as (digits, exponent), each text looked at once."""

    _known: dict[str, tuple[int, int] | None] = field(default_factory=dict)

    def of(self, text: str) -> tuple[int, int] | None:
        """None for a text these two do not give back as it was (-0, a long one)."""
        if text not in self._known:
            self._known[text] = _digits(text)
        return self._known[text]


def _digits(text: str) -> tuple[int, int] | None:
    try:
        sign, figures, exponent = Decimal(text).as_tuple()
    except InvalidOperation:
        return None
    if not isinstance(exponent, int) or abs(exponent) > _MOST_EXPONENT:
        return None
    digits = int("".join(map(str, figures)))
    if digits >= _LARGEST or str(to_decimal(-digits if sign else digits, exponent)) != text:
        return None
    return -digits if sign else digits, exponent


def parts_of(content: rec.ContentRecord, digits: Digits) -> Own | None:
    """What the row's series says of each number, and the row's own integers.

    None for a kind that has no columns, and for values that fit none.
    """
    match content:
        case rec.NumericRecord(value=rec.QuantityRecord(value=text, unit=unit)):
            number = digits.of(text)
            if number is not None:
                return ((0, unit, number[1], ""),), (number[0],)
            return (((0, unit, 0, text),), ()) if text in SPECIALS else None
        case rec.CompoundRecord(components=components):
            return _together(*components, digits=digits)
        case rec.CodedRecord(value=code):
            return ((), (code,)) if 0 <= code < _LARGEST else None
        case rec.BitsRecord(bits=bits, width=width):
            return (((0, 0, width, ""),), (bits,)) if 0 <= bits < _LARGEST else None
        case rec.SamplesRecord(sequence=sequence, unit=unit):
            count = len(content.samples) // content.width
            if sequence is None:
                return ((0, unit, 0, ""),), (count,)
            return (((0, unit, 0, ""),), (count, sequence)) if 0 <= sequence < _LARGEST else None
        case _:
            return None


def _together(*values: tuple[int, rec.QuantityRecord], digits: Digits) -> Own | None:
    parts: list[Part] = []
    own: list[int] = []
    for code, quantity in values:
        if quantity.value in SPECIALS:
            parts.append((code, quantity.unit, 0, quantity.value))
            continue
        number = digits.of(quantity.value)
        if number is None:
            return None
        own.append(number[0])
        parts.append((code, quantity.unit, number[1], ""))
    return tuple(parts), tuple(own)
