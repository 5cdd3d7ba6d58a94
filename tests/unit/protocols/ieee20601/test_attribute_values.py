"""What the structured values of attributes say."""

from __future__ import annotations

import pytest

from protocols.ieee20601.attribute_values import (
    ProductSpecification,
    SampleSpecification,
    SystemModel,
)


def test_texts_lose_their_padding() -> None:
    assert SystemModel(b"Acme\0\0", b"OX-2 ").texts == ("Acme", "OX-2")
    assert ProductSpecification(1, 0, b"S123\0").text == "S123"


@pytest.mark.parametrize(("bits", "octets"), [(8, 1), (16, 2), (32, 4), (12, 0)])
def test_samples_have_whole_octets_or_none(bits: int, octets: int) -> None:
    assert SampleSpecification(1, bits, bits, 0).sample_octets == octets


@pytest.mark.parametrize(("significant", "signed"), [(255, True), (16, False)])
def test_255_significant_bits_mean_signed_samples(significant: int, signed: bool) -> None:
    assert SampleSpecification(1, 16, significant, 0).signed is signed
