"""Rows of version 1 one by one: a spoilt one is named and spoils no other."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.uplink import records as rec
from protocols.uplink import row_codec
from protocols.uplink.messages import UplinkRow
from tests.fixtures import strategies

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@given(strategies.rows)
@settings(max_examples=40)
def test_a_kept_row_comes_back_as_it_was(row: UplinkRow) -> None:
    assert row_codec.decode_row(row_codec.encode_row(row)) == row


@given(st.binary(max_size=60))
@settings(max_examples=60)
def test_noise_is_no_row(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        row_codec.decode_row(octets)
    with pytest.raises(DecodeError):
        row_codec.decode_record(msgspec.Raw(octets))


def test_an_envelope_is_read_with_its_content_closed() -> None:
    octets = msgspec.msgpack.encode([9, NOON, ["z", "a kind of the future"]])
    record = row_codec.decode_record(msgspec.Raw(octets))
    assert (record.sequence, record.captured_at) == (9, NOON)


def test_what_cannot_be_read_is_named() -> None:
    good = row_codec.to_row(
        row_codec.decode_row(
            row_codec.BINARY.encode([1, NOON, ["d", b"\x11\x22"]]),
        ),
        row_codec.BINARY,
    )
    strange = rec.RowRecord(2, NOON, msgspec.Raw(msgspec.msgpack.encode(["z"])))
    zoneless = rec.RowRecord(3, NOON.replace(tzinfo=None), good.content)
    read = row_codec.read_each([good, strange, zoneless], row_codec.CONTENT_BINARY)
    assert [row.sequence for row in read.rows] == [1]
    assert read.unreadable == (2, 3)
