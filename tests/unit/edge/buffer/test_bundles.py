"""Rows that were appended together: one record, out of which each leaves for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.buffer.answers import Appended
from edge.buffer.bundles import Bundle, record_of
from edge.buffer.held import bundle_at, first_in, remove, remove_through, rows_of, shrink
from edge.buffer.lanes import FIRST_GENERATION, Span
from edge.buffer.packing import MOST_OCTETS, PackedRow, pack_rows, portion_of, portioned
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import open_store
from edge.buffer.repeats import Recent
from edge.buffer.rows import Stream
from edge.buffer.store import ObservationStore
from protocols.uplink.messages import Content
from tests.fixtures.kept_rows import rows_in
from tests.unit.edge.making import NOON, ack_of, alarm, device_info, ecg, spo2

POLICY = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)
LANE = Stream.NUMERICS.value


def bundle(*bodies: bytes) -> Bundle:
    portion = portion_of(Stream.NUMERICS, [PackedRow(Stream.NUMERICS, None, one) for one in bodies])
    record: tuple[Any, ...] = record_of(portion, (100, LANE, 7, 11), 5, "line-1@0+58", 0)
    assert record[0] == len(bodies)
    return Bundle(*record[1:])


def opened(folder: Path) -> ObservationStore:
    return open_store(folder, policy=POLICY, vehicle_id="v", now=NOON).store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObservationStore]:
    store = opened(tmp_path)
    yield store
    store.close()


def append(store: ObservationStore, first: int, count: int) -> Appended:
    contents = [spo2(number) for number in range(first, first + count)]
    with store.transaction():
        return store.append(pack_rows(contents, captured_at=NOON))


def waiting(store: ObservationStore) -> list[int]:
    return [row.sequence for _, row in rows_in(store._database)]


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=12), st.data())
def test_rows_leave_in_any_order_and_the_others_stay_as_they_were(
    bodies: list[bytes], data: st.DataObject
) -> None:
    left: Bundle | None = bundle(*bodies)
    model = {100 + index: body for index, body in enumerate(bodies)}
    while model:
        assert left is not None
        rows = left.rows()
        assert {row.row_id: row.body for row in rows} == model
        assert [row.row_id for row in rows] == left.ids() == sorted(model)
        assert all(row.is_whole and row.sequence == row.row_id - 89 for row in rows)
        assert max(model) <= left.last
        gone = data.draw(st.sets(st.sampled_from(sorted(model)), min_size=1))
        left = left.without(gone)
        model = {row_id: body for row_id, body in model.items() if row_id not in gone}
    assert left is None


@pytest.mark.parametrize(
    "other", [{"stream": 1}, {"boot_epoch": 8}, {"sequence": 12}, {"octets": None}, {"crc": 1}]
)
def test_a_key_that_is_another_makes_all_of_it_one_damaged_row(other: dict[str, int]) -> None:
    other_one = bundle(b"one", b"two")._replace(**other)  # type: ignore[arg-type]  # one field each
    assert not other_one.is_legible
    assert [row.is_whole for row in other_one.rows()] == [False]
    assert other_one.ids() == [100]
    assert other_one.without({101}) is other_one
    assert other_one.without({100}) is None


def test_an_octet_that_is_another_costs_its_row_and_stays_damaged() -> None:
    spoilt = bundle(b"one", b"two", b"six")._replace(body=b"onetWosix")
    assert [row.is_whole for row in spoilt.rows()] == [True, False, True]
    left = spoilt.without({100})
    assert left is not None
    assert [(row.row_id, row.is_whole) for row in left.rows()] == [(101, False), (102, True)]
    short = spoilt._replace(body=b"one")
    assert [row.is_whole for row in short.rows()] == [True, False, False]


def test_a_bundle_fills_a_page_and_one_large_row_is_alone() -> None:
    contents: list[Content] = [*map(spo2, range(100)), ecg(1, samples=3000), spo2(200)]
    packed = pack_rows(contents, captured_at=NOON).rows
    rows = [row._replace(stream=Stream.NUMERICS) for row in packed]
    found = list(portioned(rows))
    assert [row for portion in found for row in portion] == rows
    sizes = [sum(len(row.body) + 8 for row in portion) for portion in found]
    assert [size > MOST_OCTETS for size in sizes] == [False, False, False, False, True, False]
    assert len(found[-1]) == len(found[-2]) == 1


def test_a_claim_that_ends_inside_a_bundle_frees_its_rows_alone(store: ObservationStore) -> None:
    append(store, 0, 10)
    first, second = (store.claim(limit=4, octets=1 << 20, now=NOON) for _ in range(2))
    assert first is not None
    assert second is not None
    assert [row.sequence for row in second.rows] == [5, 6, 7, 8]
    with store.transaction():
        store.settle(ack_of(second, 6), now=NOON)
    assert waiting(store) == [1, 2, 3, 4, 9, 10]
    assert store.counts().waiting["numerics"] == 6
    with store.transaction():
        assert store.settle(ack_of(first), now=NOON).settled == 4
    last = store.claim(limit=4, octets=1 << 20, now=NOON)
    assert last is not None
    assert ([row.sequence for row in last.rows], last.floor) == ([9, 10], 9)
    with store.transaction():
        assert store.settle(ack_of(last), now=NOON).settled == 2
    assert store._database.execute("SELECT count(*) FROM held").fetchone() == (0,)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=6), st.tuples(st.floats(0, 1), st.floats(0, 1))
)
@settings(max_examples=30, deadline=None)
def test_a_stretch_of_rows_leaves_and_those_around_it_stay(
    counts: list[int], cuts: tuple[float, float]
) -> None:
    with TemporaryDirectory() as folder, closing(opened(Path(folder))) as store:
        for turn, count in enumerate(counts):
            append(store, 10 * turn, count)
        database, total = store._database, sum(counts)
        ids = [row.row_id for _, row in rows_in(database)]
        begin, end = sorted(round(cut * total) for cut in cuts)
        assert remove(database, ids[begin:end], LANE) == end - begin
        assert waiting(store) == [*range(1, begin + 1), *range(end + 1, total + 1)]
        left = database.execute("SELECT coalesce(sum(rows), 0) FROM held").fetchone()[0]
        assert left == total - end + begin


def test_rows_that_are_not_there_are_not_removed(store: ObservationStore) -> None:
    append(store, 0, 3)
    database = store._database
    [(bundle, _), *_] = rows_in(database)
    ids = bundle.ids()
    assert remove(database, [], LANE) == 0
    assert remove(database, ids[1:2], LANE) == 1
    assert remove(database, ids[1:2], LANE) == 0
    assert remove(database, ids, Stream.EVENTS.value) == 0
    assert [row.row_id for _, row in rows_of(database, ids, LANE)] == [ids[0], ids[2]]
    assert shrink(database, ids[-1] + 1, frozenset(), rows=0) == 0
    assert bundle_at(database, ids[-1] + 1) is None
    run = Span(ids[0] - 1, ids[-1])
    assert remove_through(database, run, LANE, store.boot_epoch, 2) == 1
    assert first_in(database, run, LANE) == (ids[2], bundle.captured_us)
    assert remove_through(database, run, LANE, store.boot_epoch, 3) == 1
    assert first_in(database, run, LANE) is None


def test_a_repeat_is_known_after_a_restart_in_every_lane(tmp_path: Path) -> None:
    store = opened(tmp_path)
    contents = (device_info(), spo2(1), ecg(1), alarm(1))
    with store.transaction():
        store.append(pack_rows(contents, captured_at=NOON))
    store.close()
    again = opened(tmp_path)
    with again.transaction():
        assert again.append(pack_rows(contents, captured_at=NOON)) == Appended(1, 3)
    again.close()


def test_what_is_remembered_is_bounded_and_the_last_is_known(store: ObservationStore) -> None:
    store._recent = Recent(store._database, most=20)
    for first in range(0, 100, 10):
        append(store, first, 10)
    assert append(store, 80, 20) == Appended(0, 20)
    assert append(store, 0, 10) == Appended(10, 0), "the cloud tells repeats apart"
    recent = Recent(store._database, most=60)
    recent.load(store._layout.spans)
    known = [
        number
        for number in range(100)
        if not recent.knows_none([spo2(number).observation_id.bytes])
    ]
    assert {*range(90, 100), *range(10)} <= {*known} < {*range(100)}, "of the last ones"


def test_ids_of_what_was_salvaged_lie_below_those_of_any_start(store: ObservationStore) -> None:
    append(store, 0, 1)
    [(bundle, _)] = rows_in(store._database)
    assert bundle.row_id > FIRST_GENERATION
