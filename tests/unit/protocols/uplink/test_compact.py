"""Batches of version 2: lossless, small, and never larger unpacked than they may be."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.uplink.column_reader import MOST_ROWS
from protocols.uplink.compact import (
    decode_compact,
    encode_columns,
    encode_compact,
    is_compact,
    prepare_rows,
    read_compact,
)
from protocols.uplink.dictionary import DICTIONARIES, PARAMETERS
from protocols.uplink.frames import MOST_OCTETS
from protocols.uplink.messages import UplinkBatch
from protocols.uplink.row_codec import encode_row
from tests.fixtures import strategies
from tests.fixtures.vehicle_rows import Vehicle, batch_of

GATEWAY = "gw_1"
NUMERICS = batch_of([row for second in Vehicle(5).numerics(60) for row in second])
LEADS = batch_of(Vehicle(5).twelve_leads(2), "waveforms")


def wrapped(columns: bytes, *, size: int | None = None, **more: int) -> bytes:
    """Columns in a frame, with another size told if need be."""
    packer = zstandard.ZstdCompressor(compression_params=PARAMETERS, dict_data=DICTIONARIES[1])
    told = len(columns) if size is None else size
    return (
        bytes((2, more.get("dictionary", 1))) + told.to_bytes(3, "big") + packer.compress(columns)
    )


@given(strategies.batches)
@settings(max_examples=60)
def test_a_batch_comes_back_as_it_was(batch: UplinkBatch) -> None:
    octets = encode_compact(batch)
    assert is_compact(octets)
    assert decode_compact(octets, gateway_id=batch.gateway_id) == batch


@given(strategies.batches)
@settings(max_examples=30)
def test_a_batch_that_is_left_in_columns_holds_the_same_rows(batch: UplinkBatch) -> None:
    read = read_compact(encode_compact(batch), gateway_id=batch.gateway_id)
    assert sorted(read.sequences) == sorted(row.sequence for row in batch.rows)
    assert set(read.in_rows().rows) == set(batch.rows)
    assert replace(read.in_rows(), rows=()) == replace(batch, rows=())


@pytest.mark.parametrize("batch", [NUMERICS, LEADS], ids=["numerics", "twelve leads"])
def test_what_a_vehicle_sends_comes_back_as_it_was(batch: UplinkBatch) -> None:
    octets = encode_compact(batch)
    assert decode_compact(octets, gateway_id=batch.gateway_id) == batch


def test_a_minute_of_a_vehicle_costs_two_octets_an_observation() -> None:
    assert len(encode_compact(NUMERICS)) <= 2 * len(NUMERICS.rows)


def test_ten_seconds_of_twelve_leads_cost_at_most_25_kilobytes() -> None:
    ten = batch_of(Vehicle(5).twelve_leads(10), "waveforms")
    assert len(encode_compact(ten)) <= 25_000


def test_a_name_of_its_own_travels() -> None:
    named = replace(NUMERICS, batch_id=UUID(int=5))
    read = decode_compact(encode_compact(named), gateway_id=named.gateway_id)
    assert read.batch_id == UUID(int=5)


def test_an_unreadable_row_of_version_1_among_them_is_named_and_the_batch_keeps_its_name() -> None:
    octets = encode_columns(replace(NUMERICS, rows=NUMERICS.rows[:2]))
    document = msgspec.msgpack.decode(octets)
    strange = msgspec.msgpack.encode([3, NUMERICS.sent_at, ["z", "a kind of the future"], ""])
    good = encode_row(NUMERICS.rows[3])
    document[7] = [*document[7], 0, 0]
    document[14] = [msgspec.Raw(strange), msgspec.Raw(good)]
    document[0] = b""
    read = decode_compact(wrapped(msgspec.msgpack.encode(document)), gateway_id=GATEWAY)
    assert [row.sequence for row in read.rows] == [1, 2, 4]
    assert read.unreadable == (3,)
    assert read.batch_id == batch_of(NUMERICS.rows[:4]).batch_id


def test_too_large_a_batch_is_not_written() -> None:
    rows = (NUMERICS.rows[0],) * (MOST_ROWS + 1)
    with pytest.raises(EncodeError):
        encode_compact(replace(NUMERICS, rows=rows))


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_noise_raises_nothing_but_decode_error(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_compact(octets, gateway_id=GATEWAY)
    with pytest.raises(DecodeError):
        decode_compact(wrapped(octets), gateway_id=GATEWAY)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = b"\0" * (64 << 20)
    packed = wrapped(bomb, size=1000)
    assert len(packed) < 10_000
    with pytest.raises(DecodeError):
        decode_compact(packed, gateway_id=GATEWAY)
    with pytest.raises(DecodeError, match="too large"):
        decode_compact(wrapped(b"\0", size=MOST_OCTETS + 1), gateway_id=GATEWAY)


def test_a_frame_that_tells_its_own_size_is_refused() -> None:
    told = zstandard.ZstdCompressor(
        dict_data=DICTIONARIES[1],
        compression_params=zstandard.ZstdCompressionParameters.from_level(
            3, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=True
        ),
    ).compress(encode_columns(NUMERICS))
    size = len(encode_columns(NUMERICS)).to_bytes(3, "big")
    with pytest.raises(DecodeError, match="its own size"):
        decode_compact(b"\2\1" + size + told, gateway_id=GATEWAY)


@pytest.mark.parametrize("change", ["dictionary", "shorter", "longer", "cut", "name"])
def test_what_is_not_whole_is_refused(change: str) -> None:
    columns = encode_columns(NUMERICS)
    octets = wrapped(columns)
    if change == "dictionary":
        octets = wrapped(columns, dictionary=77)
    elif change == "shorter":
        octets = wrapped(columns, size=len(columns) - 1)
    elif change == "longer":
        octets = wrapped(columns, size=len(columns) + 1)
    elif change == "cut":
        octets = octets[:-3]
    else:
        document = msgspec.msgpack.decode(columns)
        document[0] = b"short"
        octets = wrapped(msgspec.msgpack.encode(document))
    with pytest.raises(DecodeError):
        decode_compact(octets, gateway_id=GATEWAY)


def test_rows_written_ahead_give_the_batch_of_the_time_it_is_sent() -> None:
    rows = prepare_rows(NUMERICS)
    octets = encode_compact(replace(NUMERICS, rows=rows))
    assert decode_compact(octets, gateway_id=NUMERICS.gateway_id) == NUMERICS
    assert list(rows) == list(NUMERICS.rows)
