"""Which version of the contract a way's batches are written in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from edge.errors import UplinkRejectedError
from edge.uplink.contract import DOUBT_AFTER, FEW_ROWS, NOT_WRITTEN, Contract
from protocols.uplink import records as rec
from protocols.uplink.channels import NEWEST_VERSION
from protocols.uplink.codec import decode_batch
from protocols.uplink.kept_rows import KeptRow
from protocols.uplink.messages import UplinkAck, UplinkBatch
from tests.fixtures.vehicle_rows import Vehicle, batch_of

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
BATCH = batch_of([row for second in Vehicle(5).numerics(20) for row in second])
FEW = replace(BATCH, rows=BATCH.rows[:FEW_ROWS])


def ack(accepts: int) -> UplinkAck:
    return UplinkAck(batch_id=BATCH.batch_id, stored=1, repeated=0, accepts=accepts)


def version(contract: Contract, batch: UplinkBatch = FEW) -> int:
    number, octets = contract.encode(batch)
    assert decode_batch(octets, gateway_id=batch.gateway_id).rows == batch.rows
    return number


def test_the_cloud_says_what_it_reads_and_newer_than_ours_is_as_good_as_ours() -> None:
    contract = Contract()
    assert version(contract) == 1
    for accepts, expected in ((1, 1), (2, 2), (99, NEWEST_VERSION)):
        contract.learn(ack(accepts))
        assert version(contract) == expected


def test_after_silences_a_small_batch_is_tried_in_the_form_every_cloud_reads() -> None:
    contract = Contract()
    contract.learn(ack(2))
    contract.silences = DOUBT_AFTER
    assert version(contract) == 1
    assert version(contract, BATCH) == 2, "a large one would cost too much"
    contract.learn(ack(2))
    assert version(contract) == 2


def test_a_refused_version_is_not_written_again() -> None:
    contract = Contract()
    contract.learn(ack(2))
    contract.refuse()
    assert version(contract) == 1


def test_a_batch_that_cannot_be_written_is_refused_like_one_the_cloud_refuses() -> None:
    contract = Contract()
    contract.learn(ack(2))
    common = rec.CommonRecord(UUID(int=1), 1 << 40, rec.TimeRecord(NOON, "device"), b"device-1")
    record = rec.CodedRecord(common, 7)
    spoilt = KeptRow(sequence=1, captured_at=NOON, record=record)
    with pytest.raises(UplinkRejectedError) as caught:
        contract.encode(replace(BATCH, rows=(spoilt,)))
    assert caught.value.reason == NOT_WRITTEN
