"""Rows of version 1 one by one: a spoilt one is named and spoils no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Naming
from protocols.model.observation import CodedObservation
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink import records as rec
from protocols.uplink import row_codec
from protocols.uplink.kept_rows import named_by_of, record_of
from protocols.uplink.messages import UplinkRow
from tests.fixtures import strategies

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@given(strategies.rows)
@settings(max_examples=40)
def test_a_kept_row_comes_back_as_it_was(row: UplinkRow) -> None:
    found = row_codec.decode_row(row_codec.encode_row(row))
    assert found == row
    assert named_by_of(found) == named_by_of(row)


@given(strategies.rows)
@settings(max_examples=40)
def test_what_was_captured_is_kept_as_a_row_without_a_sequence(row: UplinkRow) -> None:
    kept = replace(row, sequence=0, octets="")
    assert row_codec.encode_captured(row.content, row.captured_at) == row_codec.encode_row(kept)


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


@given(strategies.rows)
@settings(max_examples=40)
def test_a_kept_row_may_travel_unopened(row: UplinkRow) -> None:
    octets = row_codec.encode_row(row)
    kept = row_codec.open_row(octets, sequence=row.sequence, place=row.octets)
    assert kept == row
    assert kept.named_by == named_by_of(row) == named_by_of(kept.made())
    assert row_codec.encode_row(kept) == octets


@given(st.lists(strategies.rows, max_size=4))
@settings(max_examples=20)
def test_of_many_octets_those_that_are_no_row_are_named(rows: list[UplinkRow]) -> None:
    bodies = [row_codec.encode_row(row) for row in rows]
    opened, none = row_codec.open_each([b"noise", *bodies, b""])
    assert none == [0, len(bodies) + 1]
    assert [one.captured_at for one in opened] == [row.captured_at for row in rows]
    assert [row_codec.BINARY.encode(one.content) for one in opened] == [
        row_codec.BINARY.encode(record_of(row)) for row in rows
    ]


def test_many_whole_rows_are_opened_in_one_go() -> None:
    bodies = [row_codec.BINARY.encode([1, NOON, content]) for content in (WHOLE, WHOLE)]
    opened, none = row_codec.open_each(bodies)
    assert ([one.content for one in opened], none) == ([WHOLE, WHOLE], [])


def test_among_many_rows_one_without_a_zone_is_named() -> None:
    zoneless = row_codec.BINARY.encode([1, NOON.replace(tzinfo=None), WHOLE])
    whole = row_codec.BINARY.encode([1, NOON, WHOLE])
    opened, none = row_codec.open_each([whole, zoneless, whole])
    assert ([one.content for one in opened], none) == ([WHOLE, WHOLE], [1])


NAMED = UplinkRow(
    sequence=3,
    captured_at=NOON,
    content=CodedObservation(
        observation_id=UUID(int=7),
        type=MdcCode(2, 1),
        observed_at=ObservedTime(NOON, TimeQuality.RECEIVED),
        device=SystemId(b"OX123456"),
        value=MdcCode(2, 2),
        named_by=Naming(NOON - timedelta(milliseconds=4), 9 << 16),
    ),
    octets="r1@0+5",
)


class RowBefore(msgspec.Struct, array_like=True, frozen=True):
    """A kept row as programs read and wrote it that knew nothing of what ids were named by."""

    sequence: int
    captured_at: datetime
    content: rec.ContentRecord
    octets: str = ""


def test_what_an_id_was_named_by_is_kept_behind_all_else_and_does_not_travel() -> None:
    kept = msgspec.msgpack.decode(row_codec.encode_row(NAMED))
    assert kept[4:] == [9 << 16, 4000]
    travels = msgspec.msgpack.encode(row_codec.to_row(NAMED, row_codec.BINARY))
    assert msgspec.msgpack.decode(travels) == kept[:4]


def test_a_program_of_before_reads_what_is_kept_now() -> None:
    octets = row_codec.encode_row(NAMED)
    before = msgspec.msgpack.decode(octets, type=RowBefore)
    assert before == RowBefore(3, NOON, record_of(NAMED), "r1@0+5")
    assert msgspec.msgpack.decode(octets, type=rec.RowRecord).octets == "r1@0+5"


def test_what_was_kept_before_is_read_now_and_says_nothing_of_a_name() -> None:
    octets = msgspec.msgpack.encode(RowBefore(3, NOON, record_of(NAMED), "r1@0+5"))
    row = row_codec.open_row(octets, sequence=3, place="r1@0+5")
    assert row == row_codec.decode_row(octets) == NAMED
    assert row.named_by is None
    assert row_codec.encode_row(row) == octets
    assert named_by_of(row_codec.decode_row(octets)) is None


def test_a_time_of_reception_that_cannot_be_is_none() -> None:
    record = record_of(NAMED)
    for lag_us in (1 << 60, -(1 << 60)):
        octets = row_codec.BINARY.encode(row_codec.OpenRow(3, NOON, record, "", 1, lag_us))
        assert row_codec.open_row(octets, sequence=3).named_by is None


def test_what_is_said_is_the_same_whatever_the_id_was_named_by() -> None:
    content = NAMED.content
    assert isinstance(content, CodedObservation)
    unnamed = replace(content, named_by=None)
    said = row_codec.encode_said(content, NOON)
    assert said == row_codec.encode_said(unnamed, NOON) == row_codec.encode_captured(unnamed, NOON)


def test_a_row_without_a_zone_is_not_decoded() -> None:
    zoneless = msgspec.msgpack.encode(RowBefore(3, NOON.replace(tzinfo=None), WHOLE))
    with pytest.raises(DecodeError):
        row_codec.decode_row(zoneless)


COMMON = rec.CommonRecord(UUID(int=7), 150456, rec.TimeRecord(NOON, "received"), b"OX123456")
ZONELESS = rec.TimeRecord(NOON.replace(tzinfo=None), "received")
WHOLE = rec.NumericRecord(COMMON, rec.QuantityRecord("1", 9))


@pytest.mark.parametrize(
    "content",
    [
        rec.NumericRecord(
            msgspec.structs.replace(COMMON, time=ZONELESS), rec.QuantityRecord("1", 9)
        ),
        rec.SamplesRecord(msgspec.structs.replace(COMMON, time=ZONELESS), b"", 2, "1", "0", 1, 9),
        rec.SamplesRecord(COMMON, b"abc", 2, "1", "0", 1, 9),
        rec.SamplesRecord(COMMON, b"abc", 3, "1", "0", 1, 9),
        rec.CrewEventRecord(UUID(int=1), "note", ZONELESS.at, "crew", "A-1"),
    ],
)
def test_what_no_batch_could_be_written_of_is_not_opened(content: rec.ContentRecord) -> None:
    kept = row_codec.BINARY.encode([1, NOON, content])
    with pytest.raises(DecodeError):
        row_codec.open_row(kept, sequence=1)


def test_a_row_without_the_time_of_its_capture_or_of_noise_is_not_opened() -> None:
    device = rec.DeviceRecord(b"OX123456")
    assert row_codec.open_row(row_codec.BINARY.encode([1, NOON, device]), sequence=1)
    for octets in (row_codec.BINARY.encode([1, ZONELESS.at, device]), b"noise"):
        with pytest.raises(DecodeError):
            row_codec.open_row(octets, sequence=1)
