"""Fields: exact, bounded, and written back octet for octet."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.gatt.fields import (
    DATE_TIME_OCTETS,
    DateTime,
    FieldReader,
    FieldWriter,
    mirrored,
    whole_number,
)
from protocols.mder.records import LENIENT
from protocols.model.quantity import SpecialValue
from tests.unit.protocols.gatt.link import few

CLAUSE = "GSS, a field"


def reader(octets: str) -> FieldReader:
    return FieldReader(bytes.fromhex(octets), clause=CLAUSE)


def test_numbers_are_read_little_endian_one_behind_the_other() -> None:
    fields = reader("01 0201 030201 04030201 0504030201 060504030201 0807060504030201")
    assert fields.u8() == 0x01
    assert fields.u16() == 0x0102
    assert fields.u24() == 0x010203
    assert fields.u32() == 0x01020304
    assert fields.u40() == 0x0102030405
    assert fields.u48() == 0x010203040506
    assert fields.u64() == 0x0102030405060708
    assert fields.remaining == 0
    fields.finish()


def test_signed_numbers_are_twos_complement() -> None:
    fields = reader("ff feff")
    assert (fields.s8(), fields.s16()) == (-1, -2)


def test_measured_numbers_are_exact_and_specials_stay_specials() -> None:
    fields = reader("01fe ff07 b00e00fe ffff7f00")
    assert fields.sfloat() == Decimal("-51.1")
    assert fields.sfloat() is SpecialValue.NAN
    assert str(fields.float32()) == "37.60"
    assert fields.float32() is SpecialValue.NAN


def test_too_few_octets_name_the_document_and_the_offset() -> None:
    fields = reader("0102 03")
    fields.u16()
    with pytest.raises(DecodeError) as caught:
        fields.u16()
    assert caught.value.clause == CLAUSE
    assert caught.value.offset == 2
    assert fields.rest() == b"\x03"


def test_surplus_octets_are_refused_unless_forgiven_with_a_note() -> None:
    with pytest.raises(DecodeError, match="1 surplus octets"):
        reader("01").finish()
    notes: list[str] = []
    FieldReader(b"\x01", clause=CLAUSE, leniency=LENIENT, notes=notes).finish()
    assert notes == [f"1 surplus octets dropped ({CLAUSE})"]
    FieldReader(b"\x01", clause=CLAUSE, leniency=LENIENT).finish()


def test_text_is_utf_8_and_foreign_octets_are_forgiven_only_when_lenient() -> None:
    assert reader("c2b5").text() == "µ"
    with pytest.raises(DecodeError) as caught:
        reader("41b5").text()
    assert caught.value.offset == 1
    notes: list[str] = []
    fields = FieldReader(b"A\xb5", clause=CLAUSE, leniency=LENIENT, notes=notes)
    assert fields.text() == "A\ufffd"
    assert notes == [f"text that is not UTF-8 ({CLAUSE})"]


def test_a_text_of_a_known_length_ends_there() -> None:
    fields = reader("41 42 43")
    assert (fields.text(2), fields.u8()) == ("AB", 0x43)
    with pytest.raises(DecodeError, match="0 octets where 1"):
        fields.text(1)


def test_a_date_with_a_year_that_is_not_known_is_no_time_but_keeps_its_parts() -> None:
    time = reader("0000 04 11 14 29 3b").date_time()
    assert str(time) == "0000-04-17T20:41:59"
    assert time.at is None


@pytest.mark.parametrize(
    "octets", ["e9070d01000000", "e9070100000000", "e9070101180000", "07000101000000"]
)
def test_a_date_that_does_not_exist_is_no_time(octets: str) -> None:
    assert reader(octets).date_time().at is None


def test_a_date_time_is_a_naive_time() -> None:
    at = datetime(2018, 4, 17, 15, 51)  # noqa: DTZ001 - a device's local time has no zone
    assert reader("e20704110f3300").date_time() == DateTime.of(at)
    assert DateTime.of(at).at == at
    with pytest.raises(EncodeError):
        DateTime.of(at.replace(tzinfo=UTC))


def copy(octets: bytes) -> bytes:
    """Every kind of field read and written again."""
    fields, writer = FieldReader(octets, clause=CLAUSE), FieldWriter(clause=CLAUSE)
    writer.u8(fields.u8())
    writer.u16(fields.u16())
    writer.u24(fields.u24())
    writer.u32(fields.u32())
    writer.u40(fields.u40())
    writer.u48(fields.u48())
    writer.u64(fields.u64())
    writer.s8(fields.s8())
    writer.s16(fields.s16())
    writer.signed(fields.signed(3), 3)
    writer.date_time(fields.date_time())
    writer.put(fields.rest())
    return writer.octets


def test_every_kind_of_field_is_written_back() -> None:
    octets = bytes(range(0xD0, 0x100))
    assert copy(octets) == octets


@given(octets=st.binary(min_size=48, max_size=48))
@few
def test_whatever_was_read_is_written_back(octets: bytes) -> None:
    assert copy(octets) == octets


def test_a_number_is_written_in_both_formats() -> None:
    writer = FieldWriter(clause=CLAUSE)
    writer.sfloat(Decimal("-51.1"))
    writer.float32(Decimal("37.60"))
    assert writer.octets == bytes.fromhex("01feb00e00fe")


@given(raw=st.integers(0, 0xFFFF))
@few
def test_numbers_keep_their_digits_on_the_way_back(raw: int) -> None:
    number = FieldReader(raw.to_bytes(2, "little"), clause=CLAUSE).sfloat()
    writer = FieldWriter(clause=CLAUSE)
    writer.sfloat(number)
    writer.float32(number)
    fields = FieldReader(writer.octets, clause=CLAUSE)
    assert str(fields.sfloat()) == str(number) == str(fields.float32())


def test_what_does_not_fit_is_not_written() -> None:
    writer = FieldWriter(clause=CLAUSE)
    for value in (256, -1):
        with pytest.raises(EncodeError):
            writer.u8(value)
    with pytest.raises(EncodeError):
        writer.s8(128)
    with pytest.raises(EncodeError):
        writer.text("\ud800")
    writer.text("µ")
    assert writer.octets.hex() == "c2b5"


def test_a_date_time_has_seven_octets() -> None:
    writer = FieldWriter(clause=CLAUSE)
    writer.date_time(DateTime(0, 0, 0, 0, 0, 0))
    assert len(writer.octets) == DATE_TIME_OCTETS


def test_scaled_numbers_have_the_digits_of_their_step() -> None:
    step = Decimal("0.005")
    weight = reader("b036").scaled(2, step)
    assert str(weight) == "70.000"
    writer = FieldWriter(clause=CLAUSE)
    writer.scaled(weight, 2, step)
    writer.scaled(Decimal("0.0124"), 2, step)
    assert writer.octets == bytes.fromhex("b0360200")
    with pytest.raises(EncodeError):
        writer.scaled(Decimal(-1), 2, step)


def test_an_integer_is_a_number_and_none_is_absent_data() -> None:
    assert whole_number(97) == Decimal(97)
    assert whole_number(None) is SpecialValue.NAN


def test_bits_counted_from_the_lowest_become_bits_counted_from_the_highest() -> None:
    assert mirrored(0x0001, 16) == 0x8000
    assert mirrored(0x10026, 16) == 0x6400
    assert mirrored(0x5, 3) == 0x5
