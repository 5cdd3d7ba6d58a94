"""The two checksums of device lines: third-party check values, and what they notice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.framing.crc import GOOD_FCS16, checksum_octets, crc_mcrf4xx, fcs16
from tests.vectors_folder import needs_vectors, phd

VECTORS = [vector for vector in phd()["vectors"] if vector["category"] == "crc"]
FUNCTIONS = {"crc_hex": crc_mcrf4xx, "fcs_hex": fcs16}


@needs_vectors
def test_the_vectors_hold_both_kinds() -> None:
    assert {vector["decoder"] for vector in VECTORS} == set(FUNCTIONS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["id"]))
def test_a_published_check_value_is_met(vector: dict[str, Any]) -> None:
    checksum = FUNCTIONS[vector["decoder"]](bytes.fromhex(vector["hex"]))
    assert checksum == int(vector["expect"], 16)


def test_the_catalogue_check_values_are_met() -> None:
    assert (fcs16(b"123456789"), crc_mcrf4xx(b"123456789")) == (0x906E, 0x6F91)
    assert (fcs16(b""), crc_mcrf4xx(b"")) == (0x0000, 0xFFFF)


def test_a_checksum_goes_out_least_significant_octet_first() -> None:
    assert checksum_octets(0x906E) == bytes.fromhex("6e90")


@settings(max_examples=50)
@given(st.binary(max_size=60))
def test_a_whole_frame_with_its_checksum_has_one_known_sum(octets: bytes) -> None:
    assert fcs16(octets + checksum_octets(fcs16(octets))) == GOOD_FCS16
    assert crc_mcrf4xx(octets + checksum_octets(crc_mcrf4xx(octets))) == 0


@settings(max_examples=50)
@given(st.binary(min_size=1, max_size=60), st.data())
def test_one_two_or_three_wrong_bits_are_seen(octets: bytes, data: st.DataObject) -> None:
    bits = data.draw(st.sets(st.integers(0, 8 * len(octets) - 1), min_size=1, max_size=3))
    changed = bytearray(octets)
    for bit in bits:
        changed[bit // 8] ^= 1 << bit % 8
    assert fcs16(changed) != fcs16(octets)
    assert crc_mcrf4xx(changed) != crc_mcrf4xx(octets)


@settings(max_examples=25)
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_a_frame_may_be_summed_in_portions(first: bytes, second: bytes) -> None:
    assert fcs16(second, after=fcs16(first)) == fcs16(first + second)
