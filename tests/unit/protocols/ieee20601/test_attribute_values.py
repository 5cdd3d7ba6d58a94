"""Values with parts: octets in, parts out, and what the parts mean."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    ProductSpecification,
    SampleSpecification,
    ScaleAndRange,
    SegmentElement,
    SegmentEntryMap,
    SystemModel,
    ValueMapEntry,
    map_octets,
)
from protocols.ieee20601.attributes import Attribute
from protocols.model.codes import MdcCode


def test_manufacturer_and_model_are_texts_without_their_padding() -> None:
    model = at.ID_MODEL.decode(bytes.fromhex("0006 41636D650000 0004 4F582D32"))
    assert model == SystemModel(b"Acme\0\0", b"OX-2")
    assert model.texts == ("Acme", "OX-2")


def test_a_production_fact_is_a_text_of_its_kind() -> None:
    (fact,) = at.ID_PROD_SPECN.decode(bytes.fromhex("0001 000A 0001 0000 0004 34373131"))
    assert fact == ProductSpecification(1, 0, b"4711")
    assert fact.text == "4711"


@pytest.mark.parametrize(
    ("significant", "signed"), [(255, True), (16, False), (12, False), (0, False)]
)
def test_255_significant_bits_say_that_samples_have_a_sign(significant: int, signed: bool) -> None:
    assert SampleSpecification(50, 16, significant, 0).signed is signed


@pytest.mark.parametrize(("bits", "octets"), [(8, 1), (16, 2), (32, 4), (24, 0), (0, 0)])
def test_samples_of_a_width_20601_does_not_have_have_no_octets(bits: int, octets: int) -> None:
    assert SampleSpecification(50, bits, bits, 0).sample_octets == octets


@pytest.mark.parametrize(
    ("kind", "digits"),
    [
        (at.SCALE_SPECN_I8, "FFFFFFF6 0000000A 00 FF"),
        (at.SCALE_SPECN_I16, "FFFFFFF6 0000000A 0000 00FF"),
        (at.SCALE_SPECN_I32, "FFFFFFF6 0000000A 00000000 000000FF"),
    ],
    ids=["8 bits", "16 bits", "32 bits"],
)
def test_a_scale_has_samples_as_wide_as_its_attribute_says(
    kind: Attribute[ScaleAndRange], digits: str
) -> None:
    octets = bytes.fromhex(digits)
    assert kind.decode(octets) == ScaleAndRange(Decimal("-1.0"), Decimal(10), 0, 255)
    assert kind.encode(kind.decode(octets)) == octets
    with pytest.raises(DecodeError):
        kind.decode(octets[:-1])


def test_the_layout_of_a_segments_entries_nests_maps_in_elements() -> None:
    octets = bytes.fromhex("8000 0001 0010 0006 00024BB8 0001 0001 0004 0A4C 0002")
    layout = at.PM_SEG_MAP.decode(octets)
    element = SegmentElement(6, MdcCode(2, 19384), 1, (ValueMapEntry(0x0A4C, 2),))
    assert layout == SegmentEntryMap(0x8000, (element,))
    assert at.PM_SEG_MAP.encode(layout) == octets


def test_a_value_map_announces_the_octets_of_its_slices() -> None:
    assert map_octets((ValueMapEntry(2636, 2), ValueMapEntry(2448, 8))) == 10
    assert map_octets(()) == 0
