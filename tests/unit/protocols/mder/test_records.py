"""The typed door to construct: whole buffers, one kind of error, what may be forgiven."""

from __future__ import annotations

from dataclasses import dataclass

import construct as cs
import pytest

from protocols.errors import DecodeError, EncodeError
from protocols.mder.codes import SYSTEM_ID, TYPE, UNIT
from protocols.mder.records import LENIENT, Codec, Leniency, wire
from protocols.mder.sequences import OCTET_STRING, SequenceOf, padded, text_of
from protocols.model.codes import MdcCode, SystemId, UnitCode


@dataclass(frozen=True, slots=True)
class Pair:
    """Two numbers."""

    first: int = wire(cs.Int8ub)
    second: int = wire(cs.Int16ub)


@dataclass(frozen=True, slots=True)
class Triple:
    """Three numbers, two of them named as a pair's."""

    first: int = wire(cs.Int8ub)
    second: int = wire(cs.Int8ub)
    third: int = wire(cs.Int8ub)


PAIR = Codec(Pair, clause="test clause")
PAIRS: Codec[tuple[Pair, ...]] = Codec(SequenceOf(Pair), clause="list clause")


def test_a_record_is_read_and_written() -> None:
    assert PAIR.decode(b"\x01\x02\x03") == Pair(1, 0x0203)
    assert PAIR.encode(Pair(1, 0x0203)) == b"\x01\x02\x03"


def test_too_few_octets_name_the_clause_and_the_place() -> None:
    with pytest.raises(DecodeError, match="test clause") as caught:
        PAIR.decode(b"\x01\x02")
    assert caught.value.clause == "test clause"
    assert caught.value.offset is not None


def test_surplus_octets_are_refused_unless_forgiven() -> None:
    with pytest.raises(DecodeError, match="1 surplus octets"):
        PAIR.decode(b"\x01\x02\x03\x04")
    notes: list[str] = []
    value = PAIR.decode(b"\x01\x02\x03\x04", leniency=Leniency(surplus=True), notes=notes)
    assert value == Pair(1, 0x0203)
    assert notes == ["tolerated surplus-octets: 1 surplus octets dropped (test clause)"]


def test_a_number_that_does_not_fit_is_an_encode_error() -> None:
    with pytest.raises(EncodeError, match="test clause"):
        PAIR.encode(Pair(256, 0))


def test_a_record_of_another_codec_is_an_encode_error() -> None:
    either: dict[int, Codec[Pair | Triple]] = {2: PAIR, 3: Codec(Triple, clause="of three")}
    assert either[3].encode(Triple(1, 2, 3)) == b"\1\2\3"
    with pytest.raises(EncodeError, match=r"Pair is no Triple.*of three"):
        either[3].encode(Pair(1, 2))


def test_a_list_carries_count_and_length() -> None:
    octets = bytes.fromhex("0002 0006 01 0002 03 0004")
    assert PAIRS.decode(octets) == (Pair(1, 2), Pair(3, 4))
    assert PAIRS.encode((Pair(1, 2), Pair(3, 4))) == octets
    assert PAIRS.decode(bytes(4)) == ()


@pytest.mark.parametrize("digits", ["0001 0006 01 0002 03 0004", "0003 0006 01 0002 03 0004"])
def test_a_count_that_disagrees_with_the_length_is_refused_or_noted(digits: str) -> None:
    octets = bytes.fromhex(digits)
    with pytest.raises(DecodeError):
        PAIRS.decode(octets)
    notes: list[str] = []
    assert PAIRS.decode(octets, leniency=LENIENT, notes=notes) == (Pair(1, 2), Pair(3, 4))
    assert notes == [f"tolerated list-count: a list announced {octets[1]} members and holds 2"]


def test_a_broken_member_is_refused_even_by_length() -> None:
    with pytest.raises(DecodeError):
        PAIRS.decode(bytes.fromhex("0002 0005 01 0002 03 00"), leniency=LENIENT)


def test_codes_units_and_system_ids_are_atoms() -> None:
    assert Codec[MdcCode](TYPE, clause="").decode(b"\x00\x02\x4b\xb8") == MdcCode(2, 19384)
    assert Codec[UnitCode](UNIT, clause="").encode(UnitCode(544)) == b"\x02\x20"
    assert Codec[SystemId](SYSTEM_ID, clause="").decode(b"\x00\x02ab") == SystemId(b"ab")


def test_an_empty_system_id_is_a_decode_error_with_a_clause() -> None:
    with pytest.raises(DecodeError, match="System-Id"):
        Codec[SystemId](SYSTEM_ID, clause="").decode(b"\x00\x00")


def test_octet_strings_may_be_odd_and_texts_never_raise() -> None:
    assert Codec[bytes](OCTET_STRING, clause="").decode(b"\x00\x03abc") == b"abc"
    assert text_of(b"TheScaleABC\0") == "TheScaleABC"
    assert text_of(b"\0\0") == ""
    assert text_of(b" a\xff ") == "a\N{REPLACEMENT CHARACTER}"
    assert text_of(b"a\x01b\r\n") == "a b"
    assert padded("abc") == b"abc\0"
    assert padded("ab") == b"ab"


def test_what_is_forgiven_need_not_be_told() -> None:
    assert PAIRS.decode(bytes.fromhex("0001 0006 01 0002 03 0004"), leniency=LENIENT) == (
        Pair(1, 2),
        Pair(3, 4),
    )
    assert PAIR.decode(b"\1\0\2\0", leniency=LENIENT) == Pair(1, 2)
