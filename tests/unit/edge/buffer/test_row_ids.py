"""A lane is read on from the last row seen, so a row's id must never come back."""

from __future__ import annotations

from pathlib import Path

from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import open_store
from tests.unit.edge.making import NOON, ack_of, ecg, spo2


def test_rows_stored_after_the_buffer_ran_empty_are_claimed(tmp_path: Path) -> None:
    policy = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)
    store = open_store(tmp_path, policy=policy, vehicle_id="ambulance-1", now=NOON).store
    for number in range(1, 4):
        with store.transaction():
            store.append(pack_rows([spo2(number), ecg(number)], captured_at=NOON))
        for _lane in range(2):
            claim = store.claim(limit=10, octets=1 << 20, now=NOON)
            assert claim is not None
            assert [row.sequence for row in claim.rows] == [number]
            with store.transaction():
                store.settle(ack_of(claim), now=NOON)
    store.close()
