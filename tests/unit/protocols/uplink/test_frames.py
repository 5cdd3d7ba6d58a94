"""Frames: what is packed is unpacked, and nothing else is."""

from __future__ import annotations

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.uplink.dictionary import DICTIONARIES, NEWEST
from protocols.uplink.frames import MOST_OCTETS, is_framed, pack, unpack


@given(st.binary(min_size=1, max_size=2000))
def test_what_is_packed_is_unpacked(plain: bytes) -> None:
    octets = pack(plain)
    assert is_framed(octets)
    assert octets[:5] == bytes((2, NEWEST)) + len(plain).to_bytes(3, "big")
    assert unpack(octets) == plain


@pytest.mark.parametrize("size", [0, MOST_OCTETS + 1])
def test_nothing_and_more_than_a_batch_may_be_are_not_packed(size: int) -> None:
    with pytest.raises(EncodeError, match="this size"):
        pack(bytes(size))


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "not a compact"),
        (pack(b"rows")[:5], "not a compact"),
        (b"\x01" + pack(b"rows")[1:], "not a compact"),
        (b"\x02\xff" + pack(b"rows")[2:], "dictionary"),
        (pack(b"rows")[:2] + b"\xff\xff\xff" + pack(b"rows")[5:], "too large"),
        (pack(b"rows")[:2] + b"\0\0\x09" + pack(b"rows")[5:], "as large"),
        (pack(b"rows")[:-1], "not a compact"),
    ],
)
def test_anything_else_is_refused(octets: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        unpack(octets)


def test_a_frame_that_says_its_own_size_is_refused() -> None:
    plain = b"rows" * 9
    told = zstandard.ZstdCompressor(dict_data=DICTIONARIES[NEWEST]).compress(plain)
    head = bytes((2, NEWEST)) + len(plain).to_bytes(3, "big")
    with pytest.raises(DecodeError, match="its own size"):
        unpack(head + told[4:])
