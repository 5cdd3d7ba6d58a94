"""Unique device identifications."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError, EncodeError
from protocols.gatt.ghs_device_id import UNIQUE_DEVICE_ID, UniqueDeviceId


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("00", UniqueDeviceId()),
        ("03 284100 3100", UniqueDeviceId(label="(A", device_identifier="1")),
        ("0C 4700 4600", UniqueDeviceId(issuer="G", authority="F")),
    ],
)
def test_texts_stand_behind_their_flags(text: str, record: UniqueDeviceId) -> None:
    octets = bytes.fromhex(text)
    assert UNIQUE_DEVICE_ID.decode(octets) == record
    assert UNIQUE_DEVICE_ID.encode(record) == octets


@pytest.mark.parametrize("text", ["", "01", "01 41", "01 FF00", "00 00"])
def test_texts_without_an_end_or_a_meaning_are_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="UDI"):
        UNIQUE_DEVICE_ID.decode(bytes.fromhex(text))


def test_a_text_with_a_zero_in_it_has_no_wire_form() -> None:
    with pytest.raises(EncodeError, match="zero"):
        UNIQUE_DEVICE_ID.encode(UniqueDeviceId(label="a\0b"))
