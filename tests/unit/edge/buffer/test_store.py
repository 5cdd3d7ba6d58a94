"""The store: durable appends, claims by urgency, and rows that leave only when acknowledged."""

from __future__ import annotations

import gc
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge.buffer.answers import Appended, Settled
from edge.buffer.claims import Claim
from edge.buffer.database import connect
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.quarantine import DAMAGED_REASON
from edge.buffer.recovery import FILE_NAME, open_store
from edge.buffer.rows import Stream
from edge.buffer.schema import downgrade, upgrade
from edge.buffer.store import ObservationStore
from edge.errors import BufferFullError
from protocols.uplink.messages import Content
from tests.fixtures.kept_rows import rows_in
from tests.unit.edge.making import NOON, ack_of, alarm, device_info, ecg, spo2

POLICY = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)


def opened(folder: Path, policy: BufferPolicy = POLICY) -> ObservationStore:
    return open_store(folder, policy=policy, vehicle_id="ambulance-1", now=NOON).store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObservationStore]:
    store = opened(tmp_path)
    yield store
    store.close()


def append(store: ObservationStore, *contents: Content) -> Appended:
    with store.transaction():
        return store.append(pack_rows(contents, captured_at=NOON))


def fill(store: ObservationStore) -> int:
    """Append until the store refuses; the number of the reading it refused."""
    for number in range(1, 10_000):
        try:
            append(store, spo2(number))
        except BufferFullError as exc:
            if "buffer.max_bytes" not in str(exc):
                raise
            return number
    raise AssertionError("the store took everything")


def fail_in_the_middle(store: ObservationStore) -> None:
    with store.transaction():
        store.append(pack_rows([spo2(2), spo2(3)], captured_at=NOON))
        raise ZeroDivisionError


def sequences(store: ObservationStore, limit: int = 100) -> list[int]:
    claim = store.claim(limit=limit, octets=1 << 20, now=NOON)
    return [] if claim is None else [row.sequence for row in claim.rows]


def test_rows_come_back_as_they_were_in_the_order_of_capture(store: ObservationStore) -> None:
    contents = (device_info(), spo2(1), spo2(2))
    assert append(store, *contents) == Appended(stored=3, repeated=0)
    claim = store.claim(limit=10, octets=1 << 20, now=NOON)
    assert claim is not None
    assert tuple(row.content for row in claim.rows) == contents
    assert [row.sequence for row in claim.rows] == [1, 2, 3]
    assert {row.captured_at for row in claim.rows} == {NOON}
    assert (claim.stream.label, claim.vehicle_id) == ("numerics", "ambulance-1")


def test_a_reading_that_waits_already_is_not_stored_twice(store: ObservationStore) -> None:
    append(store, spo2(1))
    assert append(store, spo2(1), spo2(2), spo2(2)) == Appended(stored=1, repeated=2)
    assert sequences(store) == [1, 2], "a repeat leaves no gap in the sequence"


def test_a_reading_may_come_again_after_it_was_settled(store: ObservationStore) -> None:
    append(store, spo2(1))
    claim = store.claim(limit=10, octets=1 << 20, now=NOON)
    assert claim is not None
    with store.transaction():
        store.settle(ack_of(claim), now=NOON)
    assert append(store, spo2(1)).stored == 1, "the cloud tells repeats apart"


def test_numbers_and_devices_are_claimed_before_waveforms(store: ObservationStore) -> None:
    append(store, ecg(1), ecg(2), device_info(), spo2(1))
    first = store.claim(limit=10, octets=1 << 20, now=NOON)
    second = store.claim(limit=10, octets=1 << 20, now=NOON)
    assert first is not None
    assert second is not None
    assert (first.stream, second.stream) == (Stream.NUMERICS, Stream.WAVEFORMS)
    assert [row.sequence for row in second.rows] == [1, 2], "each lane counts for itself"
    assert store.claim(limit=10, octets=1 << 20, now=NOON) is None


def test_a_claim_is_bounded_in_rows_and_in_octets(store: ObservationStore) -> None:
    append(store, *(ecg(number) for number in range(6)))
    assert len(sequences(store, limit=2)) == 2
    small = store.claim(limit=100, octets=1, now=NOON)
    assert small is not None
    assert len(small.rows) == 1, "one row travels even when it alone is over the bound"


def test_claims_wait_again_after_a_restart_under_a_new_epoch(tmp_path: Path) -> None:
    store = opened(tmp_path)
    append(store, spo2(1), spo2(2))
    assert sequences(store) == [1, 2]
    epoch = store.boot_epoch
    store.close()
    again = opened(tmp_path)
    append(again, spo2(3))
    assert again.boot_epoch > epoch
    new = again.claim(limit=10, octets=1 << 20, now=NOON)
    old = again.claim(limit=10, octets=1 << 20, now=NOON)
    assert old is not None
    assert new is not None
    assert (old.boot_epoch, [row.sequence for row in old.rows]) == (epoch, [1, 2])
    assert (new.boot_epoch, [row.sequence for row in new.rows]) == (again.boot_epoch, [1])
    again.close()


def append_at(store: ObservationStore, at: datetime, *contents: Content) -> None:
    with store.transaction():
        store.append(pack_rows(contents, captured_at=at))


def claimed(store: ObservationStore, now: datetime, *lanes: Stream) -> Claim | None:
    return store.claim(limit=100, octets=1 << 20, now=now, streams=lanes or Stream)


def test_after_an_outage_the_newest_go_first_and_the_rest_in_order_behind(
    store: ObservationStore,
) -> None:
    second = timedelta(seconds=1)
    for number in range(60):
        append_at(store, NOON + number * second, spo2(number), ecg(number, samples=1))
    now = NOON + 60 * second
    live, backlog, waves = (claimed(store, now) for _ in range(3))
    assert live is not None
    assert backlog is not None
    assert waves is not None
    assert [row.sequence for row in live.rows] == [59, 60]
    assert [row.sequence for row in backlog.rows] == list(range(1, 59))
    assert (waves.stream, [row.sequence for row in waves.rows]) == (Stream.WAVEFORMS, [59, 60])
    append_at(store, now, spo2(60))
    fresh = claimed(store, now)
    assert fresh is not None
    assert [row.sequence for row in fresh.rows] == [61], "new rows pass what is left of the backlog"


def test_rows_that_grow_old_while_they_are_claimed_are_claimed_all_the_same(
    store: ObservationStore,
) -> None:
    append(store, *(spo2(number) for number in range(12)))
    for sequence in range(1, 8):
        assert sequences(store, limit=1) == [sequence]
    later = claimed(store, NOON + timedelta(minutes=1))
    assert later is not None, "they joined the backlog after its turn"
    assert [row.sequence for row in later.rows] == [8, 9, 10, 11, 12]


def test_a_lane_full_of_poison_holds_up_no_other(store: ObservationStore) -> None:
    append(store, alarm(1), spo2(1), ecg(1))
    poison = claimed(store, NOON)
    assert poison is not None
    assert poison.stream is Stream.EVENTS
    for _ in range(5):
        store.requeue(poison.batch_id)
        assert claimed(store, NOON, Stream.EVENTS) == poison, "it comes back as it was"
    others = [claimed(store, NOON), claimed(store, NOON)]
    assert {claim.stream for claim in others if claim} == {Stream.NUMERICS, Stream.WAVEFORMS}


def test_only_the_lanes_asked_for_are_claimed(store: ObservationStore) -> None:
    append(store, alarm(1), ecg(1))
    assert claimed(store, NOON, Stream.NUMERICS) is None
    claim = claimed(store, NOON, Stream.WAVEFORMS)
    assert claim is not None
    assert claim.stream is Stream.WAVEFORMS


def test_rows_keep_the_vehicle_they_were_captured_in(tmp_path: Path) -> None:
    store = opened(tmp_path)
    append(store, spo2(1))
    store.close()
    moved = open_store(tmp_path, policy=POLICY, vehicle_id="ambulance-2", now=NOON).store
    claim = moved.claim(limit=10, octets=1 << 20, now=NOON)
    assert claim is not None
    assert claim.vehicle_id == "ambulance-1"
    moved.close()


def test_only_an_acknowledgement_frees_rows(store: ObservationStore) -> None:
    append(store, spo2(1), spo2(2))
    claim = store.claim(limit=10, octets=1 << 20, now=NOON)
    assert claim is not None
    assert store.counts().waiting == {"events": 0, "numerics": 2, "waveforms": 0}
    with store.transaction():
        assert store.settle(ack_of(claim), now=NOON) == Settled(settled=2, quarantined=0)
    with store.transaction():
        assert store.settle(ack_of(claim), now=NOON) == Settled(0, 0), "a second one is harmless"
    assert store.counts().waiting == {"events": 0, "numerics": 0, "waveforms": 0}
    assert store.counts().totals == {"stored": 2, "settled": 2}


def test_what_came_is_counted_whatever_end_a_run_takes(tmp_path: Path) -> None:
    stored = 0
    for settles in (False, True, False, False):
        store = opened(tmp_path)
        assert store.counts().totals.get("stored", 0) == stored
        append(store, spo2(stored), ecg(stored))
        if settles:
            claim = store.claim(limit=2, octets=1 << 20, now=NOON)
            assert claim is not None
            with store.transaction():
                store.settle(ack_of(claim), now=NOON)
        append(store, alarm(stored))
        stored += 3
        assert store.counts().totals["stored"] == stored
        store._database.close()
    with closing(connect(tmp_path / FILE_NAME)) as database:
        downgrade(database, to=2)
        downgrade(database, to=1)
        totals = dict(database.execute("SELECT name, amount FROM totals"))
        assert totals["stored"] == stored
        upgrade(database)
    assert opened(tmp_path).counts().totals["stored"] == stored


def test_refused_rows_are_kept_with_the_reason(store: ObservationStore, tmp_path: Path) -> None:
    append(store, spo2(1), spo2(2), spo2(3))
    claim = store.claim(limit=10, octets=1 << 20, now=NOON)
    assert claim is not None
    with store.transaction():
        assert store.settle(ack_of(claim, 2), now=NOON) == Settled(settled=2, quarantined=1)
    assert store.counts().quarantine == 1
    assert sum(store.counts().quarantine_reasons.values()) == 1
    database = sqlite3.connect(tmp_path / FILE_NAME)
    assert database.execute("SELECT sequence, reason FROM quarantine").fetchall() == [
        (2, "unknown_kind")
    ]
    database.close()


def test_a_claim_given_back_is_sent_again_under_its_name(store: ObservationStore) -> None:
    append(store, spo2(1), spo2(2))
    claim = store.claim(limit=10, octets=1 << 20, now=NOON)
    assert claim is not None
    assert store.requeue(claim.batch_id)
    assert store.claim(limit=1, octets=1, now=NOON) == claim
    assert not store.requeue(replace(claim, batch_id=spo2(1).observation_id).batch_id)


def test_a_claim_splits_down_to_single_rows(store: ObservationStore) -> None:
    append(store, spo2(1), spo2(2), spo2(3))
    claim = store.claim(limit=10, octets=1 << 20, now=NOON)
    assert claim is not None
    assert store.split(claim.batch_id)
    first = store.claim(limit=10, octets=1 << 20, now=NOON)
    second = store.claim(limit=10, octets=1 << 20, now=NOON)
    assert first is not None
    assert second is not None
    assert (len(first.rows), len(second.rows)) == (1, 2)
    assert not store.split(first.batch_id)
    with store.transaction():
        store.quarantine(first.batch_id, "poison", now=NOON)
        store.settle(ack_of(second), now=NOON)
    assert store.counts().waiting["numerics"] == 0


def test_a_full_quota_stores_nothing_and_still_settles(tmp_path: Path) -> None:
    policy = BufferPolicy(max_bytes=64 * 4096, quota_reserve_bytes=8 * 4096, disk_reserve_bytes=0)
    store = opened(tmp_path, policy)
    number = fill(store)
    stored = store.counts().waiting["numerics"]
    assert stored == number - 1
    assert store.counts().is_full
    while (claim := store.claim(limit=50, octets=1 << 20, now=NOON)) is not None:
        with store.transaction():
            store.settle(ack_of(claim, claim.rows[0].sequence), now=NOON)
    assert not store.counts().is_full
    assert append(store, spo2(number)).stored == 1, "room came back"
    assert store.counts().totals["stored"] == stored + 1
    store.close()


def change(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as database:
        assert database.execute(statement, values).rowcount > 0


def set_apart(folder: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(folder / FILE_NAME)) as database:
        return database.execute("SELECT sequence, reason FROM quarantine").fetchall()


def test_a_row_whose_octets_changed_on_disk_goes_to_quarantine_alone(tmp_path: Path) -> None:
    store = opened(tmp_path)
    append(store, spo2(1), spo2(2), spo2(3))
    append(store, spo2(4))
    [(bundle, _), (_, second), *_] = rows_in(store._database)
    store.close()
    body = bundle.body.replace(second.body, bytes(len(second.body)))
    change(tmp_path, "UPDATE held SET body = ? WHERE sequence = 1", body)
    change(tmp_path, "UPDATE held SET sequence = 9 WHERE sequence = 4")
    again = opened(tmp_path)
    assert sequences(again) == [1, 3]
    assert set_apart(tmp_path) == [(2, DAMAGED_REASON), (9, DAMAGED_REASON)]
    assert again.counts().waiting["numerics"] == 2
    again.close()


def test_a_head_that_changed_costs_its_bundle_and_no_other(tmp_path: Path) -> None:
    store = opened(tmp_path)
    append(store, spo2(1), spo2(2))
    append(store, spo2(3))
    store.close()
    change(tmp_path, "UPDATE held SET head = zeroblob(length(head)) WHERE sequence = 1")
    again = opened(tmp_path)
    assert sequences(again) == [3]
    assert set_apart(tmp_path) == [(1, DAMAGED_REASON)]
    assert again.counts().waiting["numerics"] == 1
    again.close()


def test_a_lane_of_nothing_but_damage_is_read_past(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for number in range(5):
        append(store, spo2(number))
    store.close()
    change(tmp_path, "UPDATE held SET crc = crc + 1 WHERE sequence < 5")
    again = opened(tmp_path)
    assert sequences(again, limit=2) == [5]
    again.close()


def test_quarantine_is_bounded_and_counts_what_it_drops(tmp_path: Path) -> None:
    store = opened(tmp_path, BufferPolicy(quarantine_rows=2, disk_reserve_bytes=0))
    append(store, *(spo2(number) for number in range(5)))
    claim = store.claim(limit=10, octets=1 << 20, now=NOON)
    assert claim is not None
    with store.transaction():
        store.quarantine(claim.batch_id, "poison", now=NOON)
    assert store.counts().quarantine == 2
    assert store.counts().totals["quarantine_dropped"] == 3
    store.close()


def test_a_failed_commit_leaves_no_trace(store: ObservationStore) -> None:
    append(store, spo2(1))
    with pytest.raises(ZeroDivisionError):
        fail_in_the_middle(store)
    append(store, spo2(4))
    assert sequences(store) == [1, 2], "the keys of the failed commit are used again"
    assert store.counts().totals == {"stored": 2}


def test_another_value_under_an_identity_already_held_is_told_and_counted(
    store: ObservationStore, caplog: pytest.LogCaptureFixture
) -> None:
    append(store, spo2(1))
    other = replace(spo2(1), value=spo2(2).value)
    assert append(store, spo2(1)) == Appended(0, 1)
    assert "conflicting" not in store.counts().totals
    assert not caplog.records
    assert append(store, other) == Appended(0, 1)
    assert store.counts().totals["conflicting"] == 1
    assert str(spo2(1).observation_id) in caplog.text


def test_two_values_under_one_identity_in_one_call_are_told_too(store: ObservationStore) -> None:
    append(store, spo2(1), replace(spo2(1), value=spo2(2).value))
    assert store.counts().totals == {"stored": 1, "conflicting": 1}


def test_a_store_that_nobody_holds_lets_its_file_go_at_once(tmp_path: Path) -> None:
    store = opened(tmp_path)
    append(store, spo2(1))
    assert sequences(store) == [1]
    gone = weakref.ref(store)
    gc.disable()
    try:
        del store
        assert gone() is None, "no circle keeps it"
    finally:
        gc.enable()
