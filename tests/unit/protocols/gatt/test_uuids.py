"""UUIDs in short and long form, read and written."""

from __future__ import annotations

from uuid import UUID

import pytest

from protocols.errors import DecodeError
from protocols.gatt.uuids import assigned_number, assigned_uuid, parse_uuid, short_text

SPOT = UUID("00002a5e-0000-1000-8000-00805f9b34fb")
VENDOR = UUID("46a970e0-0d5f-11e2-8b5e-0002a5d5c51b")


def test_an_assigned_number_stands_for_a_member_of_the_base_range() -> None:
    assert assigned_uuid(0x2A5E) == SPOT
    assert assigned_number(SPOT) == 0x2A5E
    assert assigned_number(VENDOR) is None


@pytest.mark.parametrize("number", [-1, 1 << 32])
def test_a_number_of_more_than_32_bits_is_refused(number: int) -> None:
    with pytest.raises(DecodeError):
        assigned_uuid(number)


@pytest.mark.parametrize("text", ["2A5E", "0x2a5e", " 00002A5E", str(SPOT), SPOT.hex.upper()])
def test_a_uuid_is_read_in_every_writing(text: str) -> None:
    assert parse_uuid(text) == SPOT


@pytest.mark.parametrize("text", ["", "2A5", "zzzz", "2A5E2A5E2A5E"])
def test_what_is_no_uuid_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        parse_uuid(text)


def test_people_see_the_short_form_where_there_is_one() -> None:
    assert short_text(SPOT) == "2A5E"
    assert short_text(VENDOR) == str(VENDOR)
