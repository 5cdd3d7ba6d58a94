"""Lists, octet strings and texts as MDER writes them."""

from __future__ import annotations

import construct as cs
import pytest

from protocols.errors import DecodeError
from protocols.mder.records import LENIENT, Codec
from protocols.mder.sequences import OCTET_STRING, SequenceOf, padded, text_of

NUMBERS: Codec[tuple[int, ...]] = Codec(SequenceOf(cs.Int16ub), clause="test clause")
STRINGS: Codec[tuple[bytes, ...]] = Codec(SequenceOf(OCTET_STRING), clause="test clause")


@pytest.mark.parametrize("members", [(), (1,), (1, 65535)])
def test_a_list_goes_there_and_back(members: tuple[int, ...]) -> None:
    octets = NUMBERS.encode(members)
    assert octets[:4] == bytes([0, len(members), 0, 2 * len(members)])
    assert NUMBERS.decode(octets) == members


def test_octet_strings_of_odd_length_are_read_as_they_are() -> None:
    assert STRINGS.decode(bytes.fromhex("0002 0007 0003 616263 0000")) == (b"abc", b"")


def test_a_list_longer_than_its_members_is_refused() -> None:
    with pytest.raises(DecodeError, match="leaves 2 of its 4 octets"):
        NUMBERS.decode(bytes.fromhex("0001 0004 0001 0002"))


def test_a_count_of_what_takes_no_octets_is_refused() -> None:
    nothings: Codec[tuple[bytes, ...]] = Codec(SequenceOf(cs.Bytes(0)), clause="test clause")
    with pytest.raises(DecodeError, match="a list member without octets"):
        nothings.decode(bytes.fromhex("FFFF 0000"))


def test_by_length_every_member_counts_and_the_note_has_the_tolerances_id() -> None:
    notes: list[str] = []
    octets = bytes.fromhex("0003 0004 0001 0002")
    assert NUMBERS.decode(octets, leniency=LENIENT, notes=notes) == (1, 2)
    assert notes == ["tolerated list-count: a list announced 3 members and holds 2"]
    assert NUMBERS.decode(b"\0\2" + octets[2:], leniency=LENIENT, notes=notes) == (1, 2)
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"Acme\0\0", "Acme"),
        (b" OX\t2 ", "OX 2"),
        ("Größe".encode(), "Größe"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
        (b"", ""),
    ],
)
def test_texts_end_at_their_padding_and_never_fail(octets: bytes, text: str) -> None:
    assert text_of(octets) == text


def test_texts_are_padded_to_an_even_length() -> None:
    assert padded("abc") == b"abc\0"
    assert padded("ab") == b"ab"
