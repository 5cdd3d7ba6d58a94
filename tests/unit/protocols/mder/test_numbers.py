"""FLOAT and SFLOAT: exact both ways, specials told apart."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import DecodeError, EncodeError
from protocols.mder.numbers import (
    decode_float,
    decode_sfloat,
    encode_float,
    encode_sfloat,
    float_from_raw,
    float_to_raw,
    sfloat_from_raw,
    sfloat_to_raw,
)
from protocols.model.quantity import SpecialValue

SFLOAT_SPECIALS = {
    0x07FF: SpecialValue.NAN,
    0x0800: SpecialValue.NRES,
    0x07FE: SpecialValue.POSITIVE_INFINITY,
    0x0802: SpecialValue.NEGATIVE_INFINITY,
    0x0801: SpecialValue.RESERVED,
}
FLOAT_SPECIALS = {
    0x007FFFFF: SpecialValue.NAN,
    0x00800000: SpecialValue.NRES,
    0x007FFFFE: SpecialValue.POSITIVE_INFINITY,
    0x00800002: SpecialValue.NEGATIVE_INFINITY,
    0x00800001: SpecialValue.RESERVED,
}


def test_every_sfloat_code_is_its_mantissa_times_ten_to_its_exponent() -> None:
    for raw in range(0x10000):
        value = sfloat_from_raw(raw)
        if raw in SFLOAT_SPECIALS:
            assert value is SFLOAT_SPECIALS[raw]
            continue
        # Another way to the same number: sign bits as weights, the value as a text.
        bits = [raw >> place & 1 for place in range(16)]
        mantissa = sum(bit << place for place, bit in enumerate(bits[:11])) - 2048 * bits[11]
        exponent = sum(bit << place for place, bit in enumerate(bits[12:15])) - 8 * bits[15]
        assert isinstance(value, Decimal)
        assert str(value) == str(Decimal(f"{mantissa}E{exponent}"))


def test_every_sfloat_code_is_written_back_as_it_was() -> None:
    for raw in range(0x10000):
        assert sfloat_to_raw(sfloat_from_raw(raw)) == raw


@pytest.mark.parametrize(("raw", "special"), FLOAT_SPECIALS.items())
def test_the_five_special_floats_are_told_apart(raw: int, special: SpecialValue) -> None:
    assert float_from_raw(raw) is special
    assert float_to_raw(special) == raw


@pytest.mark.parametrize("raw", [0xFF7FFFFF, 0xFF800000, 0x017FFFFE, 0xFF800001, 0x80800002])
def test_a_special_mantissa_with_an_exponent_is_an_ordinary_float(raw: int) -> None:
    value = float_from_raw(raw)
    assert isinstance(value, Decimal)
    assert float_to_raw(value) == raw


def test_the_digits_a_device_sent_survive() -> None:
    assert str(decode_float(bytes.fromhex("FE001C5C"))) == "72.60"
    assert str(decode_sfloat(bytes.fromhex("F16C"))) == "36.4"
    assert str(decode_sfloat(bytes.fromhex("E168"))) == "3.60"


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("0", "0000"),
        ("-0", "0000"),
        ("97.5", "F3CF"),
        ("-1", "0FFF"),
        ("2045", "07FD"),
        ("-2045", "0803"),
        ("2047E1", "17FF"),
        # 2046 and 2047 are no numbers at exponent 0: the next exponent, rounded half to even.
        ("2046", "10CD"),
        ("2047", "10CD"),
        ("-2048", "1F33"),
        ("123.45", "F4D2"),
        ("123.55", "F4D4"),
        ("1E8", "700A"),
        ("2047E7", "77FF"),
        ("1E-8", "8001"),
        ("0.449E-8", "8000"),
        ("1E-30", "8000"),
        ("0E-30", "8000"),
        ("0E30", "7000"),
    ],
)
def test_an_sfloat_is_rounded_to_what_fits(text: str, octets: str) -> None:
    assert encode_sfloat(Decimal(text)).hex().upper() == octets


@pytest.mark.parametrize("text", ["2048E7", "1E11", "-1E12", "1E999999", "NaN", "Infinity"])
def test_what_no_sfloat_can_say_is_refused(text: str) -> None:
    with pytest.raises(EncodeError):
        encode_sfloat(Decimal(text))


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("36.60", "FE000E4C"),
        ("8388605", "007FFFFD"),
        ("8388606", "010CCCCD"),
        ("12.345678", "FB12D688"),
        ("-0.2", "FFFFFFFE"),
        ("1E127", "7F000001"),
        ("1E130", "7F0003E8"),
        ("1E-200", "80000000"),
        ("1." + "0" * 40 + "1", "FA0F4240"),
    ],
)
def test_a_float_is_rounded_to_what_fits(text: str, octets: str) -> None:
    assert encode_float(Decimal(text)).hex().upper() == octets


def test_a_float_too_large_is_refused() -> None:
    with pytest.raises(EncodeError, match="too large"):
        encode_float(Decimal("1E134"))


@pytest.mark.parametrize("octets", [b"", b"\0", b"\0\0\0"])
def test_a_wrong_number_of_octets_is_a_decode_error(octets: bytes) -> None:
    with pytest.raises(DecodeError, match=r"Annex F\.8"):
        decode_sfloat(octets)
    with pytest.raises(DecodeError):
        decode_float(octets)
