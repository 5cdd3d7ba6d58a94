"""What ids were named by is kept with the rows, so that ids need not travel after any restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import open_store
from edge.buffer.rows import says_the_same
from edge.buffer.times import corrected_body
from edge.recorder.decoded import Made
from protocols.model.identifiers import Naming
from protocols.model.observation import Observation
from protocols.uplink.codec import decode_row, encode_captured
from protocols.uplink.gathered import GatheredRows
from protocols.uplink.kept_rows import named_by_of
from tests.fixtures.vehicle_rows import Vehicle
from tests.unit.edge.making import NOON, ack_of

POLICY = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)
ROWS = [row for second in Vehicle(5).numerics(4) for row in second]
CLOCKLESS = [row for row in ROWS if named_by_of(row)]


def clockless() -> Observation:
    content = CLOCKLESS[0].content
    assert isinstance(content, Observation)
    return content


def test_a_claim_after_a_restart_knows_every_id(tmp_path: Path) -> None:
    store = open_store(tmp_path, policy=POLICY, vehicle_id="v", now=NOON).store
    with store.transaction():
        for row in ROWS:
            store.append(pack_rows([row.content], captured_at=row.captured_at))
    store.close()
    store = open_store(tmp_path, policy=POLICY, vehicle_id="v", now=NOON).store
    known, counted = 0, 0
    while (claim := store.claim(limit=5, octets=1 << 20, now=NOON)) is not None:
        assert isinstance(claim.rows, GatheredRows)
        ids = claim.rows.columns.known_ids
        assert (ids.is_stamped | (ids.counters >= 0)).all()
        known, counted = known + len(claim.rows), counted + int((ids.counters >= 0).sum())
        with store.transaction():
            store.settle(ack_of(claim), now=NOON)
    store.close()
    assert (known, counted) == (len(ROWS), len(CLOCKLESS))


def test_a_row_whose_times_are_moved_keeps_what_its_id_was_named_by() -> None:
    body = encode_captured(clockless(), NOON)
    moved = decode_row(corrected_body(body, timedelta(days=9), is_estimate=False))
    assert moved.captured_at == NOON + timedelta(days=9)
    assert named_by_of(moved) == clockless().named_by


def test_a_reading_that_older_programs_kept_is_the_same_reading() -> None:
    old = encode_captured(replace(clockless(), named_by=None), NOON)
    assert says_the_same(old, encode_captured(clockless(), NOON))


def test_what_is_recorded_of_a_reading_says_nothing_of_its_name() -> None:
    other = Naming(datetime.min.replace(tzinfo=NOON.tzinfo), 0)
    made = {
        Made.of(replace(clockless(), named_by=named_by))
        for named_by in (None, other, clockless().named_by)
    }
    assert len(made) == 1
