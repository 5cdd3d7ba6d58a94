"""Fields are taken within their bounds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import DecodeError
from protocols.monitors.octets import OctetReader, put_u16, put_u32


def reader(octets: str) -> OctetReader:
    return OctetReader(bytes.fromhex(octets), clause="a document")


def test_fields_are_taken_from_the_front_most_significant_octet_first() -> None:
    fields = reader("01 0203 04050607 FF00016C AABB")
    assert (fields.u8(), fields.u16(), fields.u32()) == (1, 0x0203, 0x04050607)
    assert fields.number() == Decimal("36.4")
    assert fields.left == 2
    assert fields.rest() == b"\xaa\xbb"
    assert fields.rest() == b""


def test_a_part_ends_where_its_length_says() -> None:
    fields = reader("0002 0102 03")
    part = fields.sized()
    assert part.rest() == b"\x01\x02"
    assert fields.left == 1
    count, entries = reader("0003 0001 FF").counted()
    assert (count, entries.rest()) == (3, b"\xff")


@pytest.mark.parametrize("octets", ["", "01", "0002 01"])
def test_what_is_not_there_cannot_be_taken(octets: str) -> None:
    with pytest.raises(DecodeError, match="a document"):
        reader(octets).sized()


def test_what_is_put_is_read_back() -> None:
    fields = OctetReader(put_u16(1, 0x0203) + put_u32(0x04050607, 8), clause="a document")
    assert [fields.u16(), fields.u16(), fields.u32(), fields.u32()] == [1, 0x0203, 0x04050607, 8]
    assert (fields.left, put_u16(), put_u32()) == (0, b"", b"")
