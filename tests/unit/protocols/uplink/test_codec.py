"""The uplink contract's two forms say the same, and say no clearly."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import NumericObservation
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.uplink import codec
from protocols.uplink.messages import Receipt, RejectedRow, UplinkAck, UplinkBatch, UplinkRow
from tests.fixtures import strategies

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
READING = NumericObservation(
    observation_id=UUID(int=7),
    type=MdcCode(2, 19292),
    observed_at=ObservedTime(
        NOON, TimeQuality.DEVICE, DeviceTime("absolute", "2026-11-23T11:59:00.00")
    ),
    device=SystemId.parse("00-11-22-FF-FE-33-44-55"),
    value=Quantity(Decimal("36.60"), UnitCode(6048)),
)
BATCH = UplinkBatch(
    batch_id=UUID(int=1),
    gateway_id="gw_1",
    vehicle_id="A-12",
    stream="numerics",
    boot_epoch=3,
    sent_at=NOON,
    rows=(UplinkRow(sequence=9, captured_at=NOON, content=READING),),
)


@given(strategies.batches)
@settings(max_examples=60)
def test_a_batch_comes_back_as_it_was_from_both_forms(batch: UplinkBatch) -> None:
    assert codec.decode_batch(codec.encode_batch(batch)) == batch
    assert codec.decode_batch_json(codec.encode_batch_json(batch)) == batch


@given(strategies.rows)
@settings(max_examples=60)
def test_a_kept_row_comes_back_as_it_was(row: UplinkRow) -> None:
    assert codec.decode_row(codec.encode_row(row)) == row


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_noise_raises_nothing_but_decode_error(data: bytes) -> None:
    for decode in (
        codec.decode_batch,
        codec.decode_batch_json,
        codec.decode_ack,
        codec.decode_ack_json,
        codec.decode_row,
    ):
        with pytest.raises(DecodeError):
            decode(data)


def test_a_text_that_is_no_text_raises_nothing_but_decode_error() -> None:
    octets = codec.encode_batch(BATCH).replace(b"A-12", b"A\xff12")
    with pytest.raises(DecodeError):
        codec.decode_batch(octets)
    row = codec.encode_row(BATCH.rows[0]).replace(b"absolute", b"absolute"[:7] + b"\xff")
    with pytest.raises(DecodeError):
        codec.decode_row(row)


def test_the_digits_the_device_sent_are_kept() -> None:
    document = json.loads(codec.encode_batch_json(BATCH))
    assert document[7][0][2][2] == ["36.60", 6048]
    row = codec.decode_batch(codec.encode_batch(BATCH)).rows[0].content
    assert isinstance(row, NumericObservation)
    assert str(row.value.value) == "36.60"


def test_special_values_stay_apart() -> None:
    for special in SpecialValue:
        reading = NumericObservation(
            observation_id=READING.observation_id,
            type=READING.type,
            observed_at=READING.observed_at,
            device=READING.device,
            value=Quantity(special, UnitCode(6048)),
        )
        row = UplinkRow(sequence=1, captured_at=NOON, content=reading)
        assert codec.decode_row(codec.encode_row(row)) == row


def test_a_version_of_the_future_is_refused_by_its_number() -> None:
    document = json.loads(codec.encode_batch_json(BATCH))
    document[0] = 3
    with pytest.raises(DecodeError, match="version 3 is not known"):
        codec.decode_batch_json(json.dumps(document).encode())


@pytest.mark.parametrize(
    "content",
    [
        ["z", "a kind of the future"],
        ["n", [str(UUID(int=1)), 150456, ["2026-11-23T12:00:00Z", "device"], "", 0], ["x", 1]],
        ["w", [str(UUID(int=1)), 1, ["2026-11-23T12:00:00Z", "device"], "MTI=", 0], "MQ==", 2],
    ],
    ids=["unknown kind", "not a number", "half a sample"],
)
def test_one_unreadable_row_is_named_and_its_neighbours_are_kept(content: list[object]) -> None:
    document = json.loads(codec.encode_batch_json(BATCH))
    document[7].append([10, "2026-11-23T12:00:01Z", content])
    batch = codec.decode_batch_json(json.dumps(document).encode())
    assert [row.sequence for row in batch.rows] == [9]
    assert batch.unreadable == (10,)


def test_a_time_without_zone_is_refused() -> None:
    document = json.loads(codec.encode_batch_json(BATCH))
    document[6] = "2026-11-23T12:00:00"
    with pytest.raises(DecodeError, match="zone"):
        codec.decode_batch_json(json.dumps(document).encode())


def test_a_row_captured_at_a_time_without_zone_is_unreadable() -> None:
    document = json.loads(codec.encode_batch_json(BATCH))
    document[7].append([10, "2026-11-23T12:00:01", document[7][0][2]])
    assert codec.decode_batch_json(json.dumps(document).encode()).unreadable == (10,)


def test_fields_added_at_the_end_by_a_newer_writer_are_ignored() -> None:
    document = msgspec.msgpack.decode(codec.encode_batch(BATCH))
    document.append("something new")
    assert codec.decode_batch(msgspec.msgpack.encode(document)) == BATCH


@given(strategies.batches)
@settings(max_examples=20)
def test_a_batch_of_version_2_is_told_by_its_first_octet(batch: UplinkBatch) -> None:
    octets = codec.encode_batch(batch, 2)
    assert codec.decode_batch(octets, gateway_id=batch.gateway_id) == batch


def test_a_batch_may_be_left_as_it_travelled() -> None:
    for version in (1, 2):
        read = codec.read_batch(codec.encode_batch(BATCH, version), gateway_id="gw_1")
        assert read.in_rows() == BATCH
        assert len(read.readings) == (version - 1) * len(BATCH.rows)


def test_an_acknowledgement_of_an_older_cloud_reads_version_1_alone() -> None:
    document = msgspec.msgpack.decode(
        codec.encode_ack(UplinkAck(batch_id=UUID(int=1), stored=4, repeated=2))
    )
    assert codec.decode_ack(msgspec.msgpack.encode(document[:5])).accepts == 1
    assert codec.decode_ack(msgspec.msgpack.encode(document)).accepts == 2


def test_a_receipt_comes_back_as_it_was_from_both_forms() -> None:
    receipt = Receipt(stream="numerics", boot_epoch=3, through=900)
    ack = UplinkAck(batch_id=UUID(int=1), stored=4, repeated=2, receipt=receipt)
    assert codec.decode_ack(codec.encode_ack(ack)).receipt == receipt
    assert codec.decode_ack_json(codec.encode_ack_json(ack)).receipt == receipt


def test_an_acknowledgement_comes_back_as_it_was_from_both_forms() -> None:
    ack = UplinkAck(
        batch_id=UUID(int=1),
        stored=4,
        repeated=2,
        rejected=(RejectedRow(sequence=3, reason="unreadable_row"),),
    )
    assert codec.decode_ack(codec.encode_ack(ack)) == ack
    assert codec.decode_ack_json(codec.encode_ack_json(ack)) == ack
