"""Rows written ahead: sent later they are the batch that would have been written then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import EncodeError
from protocols.uplink.codec import decode_batch, encode_batch
from protocols.uplink.compact import decode_compact, encode_compact, prepare_rows
from protocols.uplink.messages import UplinkBatch
from tests.fixtures import strategies
from tests.fixtures.vehicle_rows import Vehicle, batch_of

GATEWAY = "gw_1"
ROWS = [row for second in Vehicle(5).numerics(60) for row in second]
BATCH = batch_of(ROWS)
PREPARED = prepare_rows(BATCH)
LATER = replace(
    BATCH,
    batch_id=UUID(int=7),
    sent_at=BATCH.sent_at + timedelta(hours=2, milliseconds=7),
    floor=9,
    traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
    rows=PREPARED,
)


@given(strategies.batches, st.timedeltas(timedelta(), timedelta(days=3)))
@settings(max_examples=60)
def test_what_is_sent_later_is_the_batch_of_then(batch: UplinkBatch, waited: timedelta) -> None:
    rows = prepare_rows(batch)
    later = replace(batch, sent_at=batch.sent_at + waited, floor=3, rows=rows)
    read = decode_compact(encode_compact(later), gateway_id=batch.gateway_id)
    assert later.sent_at - timedelta(milliseconds=1) < read.sent_at <= later.sent_at
    assert replace(read, sent_at=later.sent_at) == replace(later, rows=tuple(batch.rows))


def test_its_name_its_floor_and_its_trace_are_those_of_the_sending() -> None:
    read = decode_batch(encode_batch(LATER, 2), gateway_id=GATEWAY)
    assert read.batch_id == UUID(int=7)
    assert (read.floor, read.traceparent) == (LATER.floor, LATER.traceparent)
    assert read.rows == tuple(ROWS)


def test_it_is_as_small_as_if_it_were_written_then() -> None:
    written = encode_compact(replace(LATER, rows=tuple(ROWS)))
    assert len(encode_compact(LATER)) <= len(written) * 1.02 + 8
    assert PREPARED.octets == pytest.approx(len(written), rel=0.05)


def test_a_cloud_that_reads_version_1_alone_gets_the_rows_one_by_one() -> None:
    assert decode_batch(encode_batch(LATER, 1)) == replace(LATER, rows=tuple(ROWS))


def test_the_rows_are_a_sequence_like_any_other() -> None:
    assert list(PREPARED) == ROWS
    assert len(PREPARED) == len(ROWS)
    assert (PREPARED[0], PREPARED[-1]) == (ROWS[0], ROWS[-1])
    assert PREPARED[2:5] == tuple(ROWS[2:5])


def test_sequences_without_a_gap_are_no_list() -> None:
    assert PREPARED.sequences == range(ROWS[0].sequence, ROWS[-1].sequence + 1)
    holed = [*ROWS[:4], *ROWS[6:]]
    rows = prepare_rows(replace(BATCH, rows=tuple(holed)))
    assert rows.sequences == tuple(row.sequence for row in holed)
    assert list(rows) == holed


@pytest.mark.parametrize("other", [{"stream": "events"}, {"boot_epoch": 99}, {"vehicle_id": "no"}])
def test_rows_go_in_no_batch_of_another_lane_or_vehicle(other: dict[str, object]) -> None:
    with pytest.raises(EncodeError, match="another batch"):
        encode_compact(replace(LATER, **other))  # type: ignore[arg-type]  # which field it is, is the case's


def test_nothing_can_be_prepared_too() -> None:
    rows = prepare_rows(replace(BATCH, rows=()))
    assert (len(rows), list(rows)) == (0, [])
