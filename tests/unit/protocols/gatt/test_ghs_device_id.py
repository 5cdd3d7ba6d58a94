"""Unique device identifications."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError, EncodeError
from protocols.gatt.ghs_device_id import UNIQUE_DEVICE_ID, UniqueDeviceId
from protocols.mder.records import LENIENT


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


@pytest.mark.parametrize(("text", "reason"), [("a\0b", "zero"), ("\ud800", "UTF-8")])
def test_a_text_with_a_zero_or_half_a_character_in_it_has_no_wire_form(
    text: str, reason: str
) -> None:
    with pytest.raises(EncodeError, match=reason):
        UNIQUE_DEVICE_ID.encode(UniqueDeviceId(label=text))


def test_foreign_octets_are_refused_where_they_stand_and_forgiven_when_lenient() -> None:
    octets = bytes.fromhex("03 4100 42B500")
    with pytest.raises(DecodeError) as caught:
        UNIQUE_DEVICE_ID.decode(octets)
    assert caught.value.offset == 4
    record = UNIQUE_DEVICE_ID.decode(octets, leniency=LENIENT)
    assert record == UniqueDeviceId(label="A", device_identifier="B\ufffd")
