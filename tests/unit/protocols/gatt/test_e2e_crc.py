"""The checksum behind the values of continuous glucose monitors."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError
from protocols.gatt.e2e_crc import check_crc, read_optional_crc, write_optional_crc
from protocols.gatt.fields import FieldReader, FieldWriter

CHECKED = b"123456789"
CLAUSE = "CGMS"


def after_nine(octets: bytes) -> FieldReader:
    reader = FieldReader(octets, clause=CLAUSE)
    reader.take(len(CHECKED))
    return reader


def test_a_checksum_that_fits_is_read() -> None:
    assert read_optional_crc(after_nine(CHECKED + b"\x91\x6f")) == 0x6F91


def test_a_value_may_end_without_one() -> None:
    assert read_optional_crc(after_nine(CHECKED)) is None


def test_a_changed_octet_is_seen() -> None:
    with pytest.raises(DecodeError, match="CGMS") as caught:
        read_optional_crc(after_nine(b"123456780" + b"\x91\x6f"))
    assert caught.value.offset == len(CHECKED)
    with pytest.raises(DecodeError):
        check_crc(CHECKED, 0, clause=CLAUSE)


def test_it_is_written_over_what_stands_before_it() -> None:
    writer = FieldWriter(clause=CLAUSE)
    writer.put(CHECKED)
    write_optional_crc(None, writer)
    assert writer.octets == CHECKED
    write_optional_crc(0, writer)
    assert writer.octets == CHECKED + b"\x91\x6f"
