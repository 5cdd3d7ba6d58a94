"""What of a row is its series' and what its own."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings

from protocols.model.quantity import SpecialValue
from protocols.uplink import records as rec
from protocols.uplink.readings import to_decimal
from protocols.uplink.series import Digits, parts_of
from tests.fixtures import strategies

COMMON = rec.CommonRecord(
    UUID(int=1), 150456, rec.TimeRecord(datetime(2026, 1, 1, tzinfo=UTC), "device"), b"device"
)


def quantity(text: str) -> rec.QuantityRecord:
    return rec.QuantityRecord(text, 544)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("97", (97, 0)),
        ("36.60", (3660, -2)),
        ("-0.5", (-5, -1)),
        ("0", (0, 0)),
        ("0.00", (0, -2)),
        ("1E+2", (1, 2)),
        ("-0", None),
        ("+5", None),
        ("1e2", None),
        ("5" * 19, None),
        ("1E+40", None),
        ("Infinity", None),
        ("about 97", None),
    ],
)
def test_digits_give_back_the_very_text_or_are_none(
    text: str, digits: tuple[int, int] | None
) -> None:
    book = Digits()
    assert book.of(text) == digits
    assert book.of(text) == digits


@pytest.mark.parametrize("special", SpecialValue)
def test_no_special_value_is_taken_for_digits(special: SpecialValue) -> None:
    assert Digits().of(special.value) is None


@given(strategies.decimals)
@settings(max_examples=100)
def test_every_decimal_of_a_device_is_two_integers(value: Decimal) -> None:
    digits = Digits().of(str(value))
    assert digits is not None
    assert str(to_decimal(*digits)) == str(value)


@pytest.mark.parametrize(
    ("content", "own"),
    [
        (rec.NumericRecord(COMMON, quantity("97.5")), (((0, 544, -1, ""),), (975,))),
        (rec.NumericRecord(COMMON, quantity("NaN")), (((0, 544, 0, "NaN"),), ())),
        (
            rec.CompoundRecord(COMMON, ((1, quantity("120")), (2, quantity("NRes")))),
            (((1, 544, 0, ""), (2, 544, 0, "NRes")), (120,)),
        ),
        (rec.CodedRecord(COMMON, 65_537), ((), (65_537,))),
        (rec.BitsRecord(COMMON, 0x8000, 16), (((0, 0, 16, ""),), (0x8000,))),
        (rec.SamplesRecord(COMMON, b"\0" * 8, 2, "1", "0", 1, 9), (((0, 9, 0, ""),), (4,))),
        (rec.SamplesRecord(COMMON, b"\0" * 8, 4, "1", "0", 1, 9, 7), (((0, 9, 0, ""),), (2, 7))),
        (rec.NumericRecord(COMMON, quantity("-0")), None),
        (rec.BitsRecord(COMMON, 1 << 62, 63), None),
        (rec.CompoundRecord(COMMON, ((1, quantity("120")), (2, quantity("-0")))), None),
        (rec.CodedRecord(COMMON, 1 << 62), None),
        (rec.SamplesRecord(COMMON, b"\0" * 8, 4, "1", "0", 1, 9, 1 << 62), None),
        (rec.TextRecord(COMMON, "asystole"), None),
        (rec.DeviceRecord(b"device"), None),
    ],
)
def test_parts(content: rec.ContentRecord, own: object) -> None:
    assert parts_of(content, Digits()) == own
