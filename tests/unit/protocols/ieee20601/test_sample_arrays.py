"""Samples on the wire and in the model: widths, signs, scales."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from protocols.errors import DecodeError, EncodeError
from protocols.ieee20601.attribute_values import SaFlags, SampleSpecification, ScaleAndRange
from protocols.ieee20601.sample_arrays import (
    SampleDecoder,
    Samples,
    encode_samples,
    physical_samples,
    sample_period_us,
)

SIGNED = 255


def layout(count: int, bits: int, significant: int | None = None) -> SampleSpecification:
    return SampleSpecification(count, bits, bits if significant is None else significant, 0)


def decode_samples(
    octets: bytes, specification: SampleSpecification | None, scale: ScaleAndRange | None
) -> Samples:
    return SampleDecoder(specification, scale).decode(octets)


def whole(octets: bytes) -> list[int]:
    numbers: list[int] = np.frombuffer(octets, "<i4").tolist()
    return numbers


@pytest.mark.parametrize(
    ("specification", "digits", "samples"),
    [
        (layout(3, 8), "0080ff", [0, 128, 255]),
        (layout(3, 8, SIGNED), "0080ff", [0, -128, -1]),
        (layout(2, 16), "8000ffff", [32768, 65535]),
        (layout(2, 16, SIGNED), "8000ffff", [-32768, -1]),
        (layout(2, 16, 12), "f0010fff", [1, 4095]),
        (layout(1, 32), "7fffffff", [2147483647]),
        (layout(1, 32, SIGNED), "ffffffff", [-1]),
        (layout(0, 16), "", []),
    ],
)
def test_samples_of_every_width_become_whole_numbers(
    specification: SampleSpecification, digits: str, samples: list[int]
) -> None:
    decoded = decode_samples(bytes.fromhex(digits), specification, None)
    assert whole(decoded.octets) == samples
    assert (decoded.scale, decoded.offset) == (Decimal(1), Decimal(0))


@pytest.mark.parametrize(
    ("significant", "flags", "digits", "has_odd_bits"),
    [
        (12, 0, "f0010fff", True),
        (12, SaFlags.SA_EXT_VAL_RANGE, "f0010fff", False),
        (12, SaFlags.SMOOTHED_CURVE | SaFlags.STATIC_SCALE, "00011000", True),
        (12, 0, "00010fff", False),
        (16, 0, "f0010fff", False),
        (SIGNED, 0, "f0010fff", False),
    ],
)
def test_bits_that_do_not_count_are_odd_unless_a_flag_says_they_hold_something_else(
    significant: int, flags: int, digits: str, has_odd_bits: bool
) -> None:
    specification = SampleSpecification(2, 16, significant, int(flags))
    decoded = decode_samples(bytes.fromhex(digits), specification, None)
    assert decoded.has_odd_bits is has_odd_bits
    if significant == 12:
        assert whole(decoded.octets) == [int(digits[:4], 16) & 0xFFF, int(digits[4:], 16) & 0xFFF]


def test_samples_above_the_models_range_move_its_zero_point() -> None:
    decoded = decode_samples(bytes.fromhex("ffffffff00000000"), layout(2, 32), None)
    values = [number * decoded.scale + decoded.offset for number in whole(decoded.octets)]
    assert values == [4294967295, 0]


def test_scale_and_offset_map_the_scaled_range_to_the_absolute_one() -> None:
    scale = ScaleAndRange(Decimal("-10"), Decimal("10"), 0, 4000)
    decoded = decode_samples(bytes.fromhex("000007d00fa0"), layout(3, 16), scale)
    values = [number * decoded.scale + decoded.offset for number in whole(decoded.octets)]
    assert values == [Decimal(-10), Decimal(0), Decimal(10)]


def test_bounds_of_signed_samples_are_signed_too() -> None:
    scale = ScaleAndRange(Decimal(-5), Decimal(5), 0xF830, 0x07D0)
    decoded = decode_samples(bytes.fromhex("f83007d0"), layout(2, 16, SIGNED), scale)
    assert decoded.scale == Decimal("0.0025")
    values = [number * decoded.scale + decoded.offset for number in whole(decoded.octets)]
    assert values == [Decimal(-5), Decimal(5)]


@pytest.mark.parametrize(
    ("octets", "specification", "scale"),
    [
        (b"\0\0", None, None),
        (b"\0\0\0", layout(2, 16), None),
        (b"\0\0", layout(2, 12), None),
        (b"\0\0", layout(1, 16), ScaleAndRange(Decimal(0), Decimal(1), 5, 5)),
        (b"\0\0", layout(1, 16), ScaleAndRange(Decimal(7), Decimal("7.0"), 0, 5)),
    ],
)
def test_samples_that_do_not_fit_their_specification_are_refused(
    octets: bytes, specification: SampleSpecification | None, scale: ScaleAndRange | None
) -> None:
    with pytest.raises(DecodeError):
        decode_samples(octets, specification, scale)


@pytest.mark.parametrize(
    ("specification", "samples"),
    [
        (layout(3, 8, SIGNED), [-128, 0, 127]),
        (layout(2, 16), [0, 65535]),
        (layout(2, 16, 12), [0, 4095]),
        (layout(2, 32, SIGNED), [-2147483648, 2147483647]),
    ],
)
def test_samples_are_written_back(specification: SampleSpecification, samples: list[int]) -> None:
    octets = encode_samples(samples, specification)
    assert whole(decode_samples(octets, specification, None).octets) == samples


@pytest.mark.parametrize(
    ("specification", "samples"),
    [
        (layout(2, 8), [1]),
        (layout(1, 8), [256]),
        (layout(1, 8, SIGNED), [128]),
        (layout(1, 16, 12), [4096]),
        (layout(1, 12), [0]),
    ],
)
def test_samples_without_a_wire_form_are_refused(
    specification: SampleSpecification, samples: list[int]
) -> None:
    with pytest.raises(EncodeError):
        encode_samples(samples, specification)


def test_physical_samples_are_a_view_for_display() -> None:
    scale = ScaleAndRange(Decimal(-5), Decimal(5), 0, 2000)
    decoded = decode_samples(bytes.fromhex("000003e807d0"), layout(3, 16), scale)
    assert physical_samples(decoded).tolist() == [-5.0, 0.0, 5.0]


def test_a_sample_period_is_told_in_ticks_of_125_us() -> None:
    assert sample_period_us(16) == 2000
    for nothing in (None, 0):
        with pytest.raises(DecodeError, match="without a sample period"):
            sample_period_us(nothing)
