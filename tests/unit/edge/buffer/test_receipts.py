"""A cumulative receipt frees what it covers, and not a row more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.buffer.answers import Settled
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import open_store
from edge.buffer.rows import Stream
from edge.buffer.store import ObservationStore
from protocols.uplink.messages import Content
from tests.fixtures.kept_rows import rows_in
from tests.unit.edge.making import NOON, ack_of, alarm, ecg, spo2

POLICY = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)


def opened(folder: Path) -> ObservationStore:
    return open_store(folder, policy=POLICY, vehicle_id="v", now=NOON).store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObservationStore]:
    store = opened(tmp_path)
    yield store
    store.close()


def fill(store: ObservationStore, first: int, rows: int) -> None:
    with store.transaction():
        for number in range(first, first + rows):
            contents: list[Content] = [spo2(number), ecg(number, samples=1), alarm(number)]
            store.append(pack_rows(contents, captured_at=NOON))


def settle(store: ObservationStore, stream: Stream, epoch: int, sequence: int) -> int:
    with store.transaction():
        settled = store.settle_through(stream, epoch, sequence)
    assert settled.quarantined == 0
    return settled.settled


def waiting(store: ObservationStore) -> dict[str, int]:
    return store.counts().waiting


def left(store: ObservationStore, stream: Stream) -> list[int]:
    found: list[int] = []
    while (claim := store.claim(limit=100, octets=1 << 20, now=NOON)) is not None:
        if claim.stream is stream:
            found += [row.sequence for row in claim.rows]
    return found


def test_rows_up_to_the_sequence_leave_their_lane_alone(store: ObservationStore) -> None:
    fill(store, 0, 10)
    assert settle(store, Stream.NUMERICS, store.boot_epoch, 4) == 4
    assert waiting(store) == {"events": 10, "numerics": 6, "waveforms": 10}
    assert settle(store, Stream.NUMERICS, store.boot_epoch, 4) == 0, "a second one is harmless"
    assert store.counts().totals["settled"] == 4
    assert left(store, Stream.NUMERICS) == [5, 6, 7, 8, 9, 10]


def test_a_receipt_is_of_one_boot_epoch(tmp_path: Path) -> None:
    first = opened(tmp_path)
    fill(first, 0, 5)
    epoch = first.boot_epoch
    first.close()
    store = opened(tmp_path)
    fill(store, 5, 5)
    assert settle(store, Stream.EVENTS, epoch, 100) == 5, "more than there is, of that epoch alone"
    assert settle(store, Stream.EVENTS, epoch - 1, 100) == 0
    assert settle(store, Stream.EVENTS, store.boot_epoch, 2) == 2
    assert waiting(store)["events"] == 3
    store.close()


def test_a_receipt_for_an_empty_store_frees_nothing(store: ObservationStore) -> None:
    for stream in Stream:
        assert settle(store, stream, store.boot_epoch, 7) == 0


def test_a_batch_that_waits_to_be_sent_again_is_not_sent_when_covered(
    store: ObservationStore,
) -> None:
    fill(store, 0, 4)
    claim = store.claim(limit=2, octets=1 << 20, now=NOON)
    assert claim is not None
    assert claim.stream is Stream.EVENTS
    store.requeue(claim.batch_id)
    assert settle(store, Stream.EVENTS, store.boot_epoch, 2) == 2
    assert left(store, Stream.EVENTS) == [3, 4]


def test_a_batch_under_way_may_be_acknowledged_after_its_receipt(store: ObservationStore) -> None:
    fill(store, 0, 4)
    claim = store.claim(limit=3, octets=1 << 20, now=NOON)
    assert claim is not None
    assert settle(store, claim.stream, store.boot_epoch, 2) == 2
    with store.transaction():
        assert store.settle(ack_of(claim), now=NOON) == Settled(1, 0)
    assert waiting(store)["events"] == 1


@given(st.data())
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_receipts_and_acknowledgements_in_any_order_free_each_row_once(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("store")
    model: set[tuple[int, int]] = set()
    store = opened(folder)
    number = 0
    for _ in range(data.draw(st.integers(1, 8))):
        match data.draw(st.sampled_from(["fill", "receipt", "ack", "restart"])):
            case "fill":
                rows = data.draw(st.integers(1, 6))
                begin = store.counts().totals.get("stored", 0)
                fill(store, number, rows)
                assert store.counts().totals["stored"] == begin + 3 * rows
                number += rows
            case "receipt":
                epochs = sorted({epoch for epoch, _ in model} | {store.boot_epoch})
                epoch, upto = data.draw(st.sampled_from(epochs)), data.draw(st.integers(0, 12))
                before = held(store)
                settle(store, Stream.NUMERICS, epoch, upto)
                assert held(store) == {key for key in before if key[0] != epoch or key[1] > upto}
            case "ack":
                claim = store.claim(limit=4, octets=1 << 20, now=NOON)
                if claim is not None:
                    with store.transaction():
                        store.settle(ack_of(claim), now=NOON)
            case _:
                store.close()
                store = opened(folder)
        model = held(store)
        assert waiting(store)["numerics"] == len(model)
    store.close()


def held(store: ObservationStore) -> set[tuple[int, int]]:
    """What is in the file, read past the store."""
    return {
        (bundle.boot_epoch, row.sequence)
        for bundle, row in rows_in(store._database)
        if bundle.stream == Stream.NUMERICS
    }
