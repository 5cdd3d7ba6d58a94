"""What is written ahead of a backlog: sent in its turn, once, with right times, or read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import TempPathFactory  # noqa: PT013 - the type alone

from edge.buffer.ahead import MOST_OCTETS
from edge.buffer.claims import Claim
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import open_store
from edge.buffer.rows import Stream
from edge.buffer.store import ObservationStore
from protocols.uplink.compact import prepare_rows
from protocols.uplink.messages import UplinkBatch
from protocols.uplink.prepared import PreparedRows
from tests.unit.edge.buffer.test_clocks import Box
from tests.unit.edge.making import NOON, ack_of, spo2

POLICY = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)
SECOND = timedelta(seconds=1)
LATER = NOON + timedelta(minutes=5)
NUMERICS = Stream.NUMERICS


def opened(folder: Path) -> ObservationStore:
    return open_store(folder, policy=POLICY, vehicle_id="ambulance-1", now=NOON).store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObservationStore]:
    """A store with a backlog of sixty readings, one a second."""
    store = opened(tmp_path)
    for number in range(60):
        append_at(store, NOON + number * SECOND, number)
    yield store
    store.close()


def append_at(store: ObservationStore, at: datetime, *numbers: int) -> None:
    with store.transaction():
        store.append(pack_rows(map(spo2, numbers), captured_at=at))


def behind(
    store: ObservationStore, limit: int = 20, *, least: int = 1, now: datetime = LATER
) -> Claim | None:
    return store.claim_behind(NUMERICS, limit=limit, octets=1 << 20, least=least, now=now)


def claim(store: ObservationStore, limit: int = 100, *, now: datetime = LATER) -> Claim | None:
    return store.claim(limit=limit, octets=1 << 20, now=now, streams=(NUMERICS,))


def written(*claims: Claim) -> PreparedRows:
    first = claims[0]
    batch = UplinkBatch(
        batch_id=first.batch_id,
        gateway_id="",
        vehicle_id=first.vehicle_id,
        stream=first.stream.label,
        boot_epoch=first.boot_epoch,
        sent_at=NOON,
        rows=tuple(row for claim in claims for row in claim.rows),
    )
    return prepare_rows(batch)


def prepare(store: ObservationStore, *claims: Claim) -> bool:
    return store.prepare([one.batch_id for one in claims], written(*claims))


def taken(claim: Claim | None) -> Claim:
    assert claim is not None
    return claim


def prepared(store: ObservationStore, *limits: int) -> None:
    assert prepare(store, *(taken(behind(store, limit)) for limit in limits))


def sequences(claim: Claim | None) -> list[int]:
    return [] if claim is None else [row.sequence for row in claim.rows]


def settle(store: ObservationStore, claim: Claim | None) -> None:
    with store.transaction():
        store.settle(ack_of(taken(claim)), now=LATER)


def test_several_claims_become_one_that_goes_in_its_turn(store: ObservationStore) -> None:
    prepared(store, 10, 20)
    assert (store.counts().prepared, store.counts().claimed) == (30, 0)
    append_at(store, LATER, 60)
    assert sequences(claim(store)) == [61], "what is new goes first"
    sent = taken(claim(store))
    assert isinstance(sent.rows, PreparedRows)
    assert sequences(sent) == list(range(1, 31))
    assert (sent.floor, sent.left, sent.vehicle_id) == (1, 30, "ambulance-1")
    assert sequences(claim(store)) == list(range(31, 61)), "then what is behind it"
    settle(store, sent)
    counts = store.counts()
    assert (counts.prepared, counts.waiting["numerics"]) == (0, 31)


def test_it_is_rows_behind_the_live_ones_that_are_written(store: ObservationStore) -> None:
    now = NOON + 59 * SECOND
    rows = []
    while (one := behind(store, now=now)) is not None:
        rows += sequences(one)
    assert rows == list(range(1, 58)), "two seconds are left to go first"
    assert sequences(claim(store, now=now)) == [58, 59, 60]


def test_few_rows_are_left_alone(store: ObservationStore) -> None:
    assert behind(store, least=61) is None
    assert sequences(claim(store)) == list(range(1, 61))


def test_a_way_that_takes_little_gets_the_rows_in_smaller_batches(store: ObservationStore) -> None:
    prepared(store, 20, 20)
    prepared(store, 10)
    small = taken(claim(store, 1))
    assert sequences(small) == [1]
    assert store.counts().prepared == 10
    got = sequences(small)
    while (more := claim(store, 7)) is not None:
        got += sequences(more)
    assert got == list(range(1, 61))


def test_what_cannot_be_written_waits_again_in_its_place(store: ObservationStore) -> None:
    first, second, third = (taken(behind(store, 10)) for _ in range(3))
    assert store.requeue(second.batch_id), "who asked for it has gone"
    store.unread(UUID(int=1))
    assert prepare(store, first)
    assert sequences(behind(store, 10)) == list(range(11, 21))
    store.unread(third.batch_id)
    assert sequences(claim(store)) == list(range(1, 11))
    assert sequences(claim(store)) == list(range(21, 61))


def test_a_claim_that_is_not_out_any_more_is_not_kept(store: ObservationStore) -> None:
    first, second = taken(behind(store)), taken(behind(store))
    rows = written(first, second)
    settle(store, second)
    assert not store.prepare([first.batch_id, second.batch_id], rows)
    assert store.counts().prepared == 0
    assert [sequences(claim(store)) for _ in range(2)] == [[*range(1, 21)], [*range(41, 61)]]


def test_what_a_receipt_covers_is_not_sent(store: ObservationStore) -> None:
    prepared(store, 20)
    prepared(store, 20)
    with store.transaction():
        store.settle_through(NUMERICS, store.boot_epoch, 25)
    assert store.counts().prepared == 20
    assert sequences(claim(store)) == list(range(21, 41)), "some of it may still be wanted"


def test_one_that_is_refused_comes_apart_like_any_other(store: ObservationStore) -> None:
    prepared(store, 20)
    sent = taken(claim(store))
    assert store.split(sent.batch_id)
    assert [sequences(claim(store)) for _ in range(2)] == [[*range(1, 11)], [*range(11, 21)]]


def test_rows_it_refuses_are_set_apart(store: ObservationStore) -> None:
    prepared(store, 20)
    sent = taken(claim(store))
    with store.transaction():
        settled = store.settle(ack_of(sent, 3, 9), now=LATER)
    assert (settled.settled, settled.quarantined) == (18, 2)


def test_a_restart_loses_the_work_and_no_row(store: ObservationStore, tmp_path: Path) -> None:
    prepared(store, 40)
    store.close()
    again = opened(tmp_path)
    assert sequences(claim(again)) == list(range(1, 61))
    again.close()


def test_no_more_is_kept_than_there_is_room_for(store: ObservationStore) -> None:
    one = taken(behind(store))
    large = PreparedRows([row.sequence for row in one.rows], bytes(MOST_OCTETS), lambda _: ())
    assert store.prepare([one.batch_id], large)
    assert behind(store) is None


def test_rows_of_a_wrong_clock_are_not_written_before_their_time_is_known(tmp_path: Path) -> None:
    box = Box(tmp_path, off=-timedelta(days=20_000))
    store = box.start()
    box.capture()
    box.true += timedelta(minutes=1)
    assert behind(store, now=box.wall) is None
    box.off, box.synchronised = timedelta(0), True
    box.look()
    assert behind(store, now=box.wall) is None, "it was wrong, and is moved now"
    store.close()


@pytest.mark.parametrize(("off", "kept"), [(timedelta(0), 1), (timedelta(minutes=9), 0)])
def test_what_was_written_is_kept_while_its_times_are_right(
    tmp_path: Path, off: timedelta, kept: int
) -> None:
    box = Box(tmp_path, off=off)
    store = box.start()
    box.capture()
    box.true += timedelta(minutes=1)
    one, two = taken(behind(store, 1, now=box.wall)), None
    assert prepare(store, one)
    box.capture()
    box.true += timedelta(minutes=1)
    two = taken(behind(store, now=box.wall))
    box.off, box.synchronised = timedelta(0), True
    box.look()
    assert store.counts().prepared == kept
    assert prepare(store, two) == bool(kept), "what is being written is as wrong"
    store.close()


@dataclass(slots=True)
class Shift:
    """A store under whatever happens: every row is in one place at a time, and none is lost."""

    store: ObservationStore
    now: datetime = NOON
    number: int = 0
    out: list[Claim] = field(default_factory=list)
    drafts: list[Claim] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)

    def do(self, act: str, size: int) -> None:
        match act:
            case "append":
                append_at(self.store, self.now, *range(self.number, self.number + size))
                self.number += size
            case "wait":
                self.now += timedelta(seconds=4 * size)
            case "claim":
                one = claim(self.store, size, now=self.now)
                self.out += [one] if one is not None else []
            case "draft":
                one = behind(self.store, size, now=self.now)
                self.drafts += [one] if one is not None else []
            case "prepare" if self.drafts:
                assert prepare(self.store, *self.drafts[:size])
                del self.drafts[:size]
            case "unread" if self.drafts:
                self.store.unread(self.drafts.pop(size % len(self.drafts)).batch_id)
            case "give back" if self.out:
                assert self.store.requeue(self.out.pop().batch_id)
            case "split" if self.out and len(self.out[0].rows) > 1:
                assert self.store.split(self.out.pop(0).batch_id)
            case "acknowledge" if self.out:
                one = self.out.pop(0)
                settle(self.store, one)
                self.acknowledged += sequences(one)
        apart = [row for one in (*self.out, *self.drafts) for row in sequences(one)]
        assert len(apart) == len(set(apart)), "a row is on its way once"

    def drain(self) -> list[int]:
        for one in self.drafts:
            self.store.unread(one.batch_id)
        while self.out or claim_into(self):
            self.do("acknowledge", 0)
        return self.acknowledged


def claim_into(shift: Shift) -> bool:
    one = claim(shift.store, 50, now=shift.now)
    shift.out += [one] if one is not None else []
    return one is not None


ACTS = ["append", "wait", "claim", "draft", "prepare", "unread", "acknowledge"]
steps = st.lists(
    st.tuples(st.sampled_from([*ACTS, "give back", "split"]), st.integers(1, 9)), max_size=40
)


@given(steps)
@settings(max_examples=60, deadline=None)
def test_every_row_goes_up_once_whatever_is_written_ahead(
    tmp_path_factory: TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    shift = Shift(opened(tmp_path_factory.mktemp("shift")))
    for act, size in acts:
        shift.do(act, size)
    assert sorted(shift.drain()) == list(range(1, shift.number + 1))
    assert shift.store.counts().waiting["numerics"] == 0
    shift.store.close()
