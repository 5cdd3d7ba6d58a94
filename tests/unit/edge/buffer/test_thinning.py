"""When there is no room waveforms give way: every second stretch of the past first, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.buffer.lanes import Span
from edge.buffer.packing import pack_rows
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.recovery import open_store
from edge.buffer.rows import Stream
from edge.buffer.store import ObservationStore
from edge.buffer.thinning import Dropped, middle_of, still_held, waveform_of
from edge.errors import BufferFullError
from edge.pipeline.happenings import happening
from protocols.model.codes import MdcCode
from protocols.model.crew import AttachmentPart
from protocols.model.identifiers import marked_id
from protocols.model.observation import SampleArrayObservation
from protocols.uplink.messages import Content
from tests.fixtures.kept_rows import rows_in
from tests.unit.edge.making import NOON, OXIMETER, ack_of, alarm, ecg, spo2

POLICY = BufferPolicy(
    max_bytes=256 * PAGE_OCTETS, quota_reserve_bytes=8 * PAGE_OCTETS, disk_reserve_bytes=0
)
PLETH = MdcCode(2, 19380)


class Told:
    """What was said of rows that gave way."""

    def __init__(self) -> None:
        self.dropped: list[Dropped] = []

    def __call__(self, dropped: Dropped, at: datetime) -> Content:
        self.dropped.append(replace(dropped))
        return happening(str(len(self.dropped)), gateway=OXIMETER, at=at)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def store(tmp_path: Path, told: Told) -> Iterator[ObservationStore]:
    store = opened(tmp_path, told)
    yield store
    store.close()


def opened(folder: Path, told: Told) -> ObservationStore:
    return open_store(folder, policy=POLICY, vehicle_id="v", now=NOON, tell=told).store


def pleth(number: int) -> SampleArrayObservation:
    wave = ecg(number)
    return replace(wave, type=PLETH, observation_id=marked_id(wave.observation_id, "pleth"))


def append(store: ObservationStore, *contents: Content, second: int = 0) -> None:
    with store.transaction():
        store.append(pack_rows(contents, captured_at=NOON + timedelta(seconds=second)))


def fill_until_told(store: ObservationStore, told: Told, times: int = 1, first: int = 0) -> int:
    """Two waveforms a second until rows gave way; the second after."""
    second = first
    while len(told.dropped) < times:
        with store.transaction():
            for _ in range(5):
                at = NOON + timedelta(seconds=second)
                store.append(pack_rows([ecg(second), pleth(second)], captured_at=at))
                second += 1
    return second


def waveform_ids(store: ObservationStore) -> list[int]:
    found = rows_in(store._database)
    return [row.row_id for bundle, row in found if bundle.stream == Stream.WAVEFORMS]


def held(store: ObservationStore) -> list[Content]:
    ids = waveform_ids(store)
    contents = {}
    while (claim := store.claim(limit=500, octets=1 << 24, now=NOON)) is not None:
        contents.update(dict(zip(claim.row_ids, claim.rows, strict=True)))
    return [contents[number].content for number in ids]


def seconds_of(contents: list[Content], wave: MdcCode) -> list[int]:
    return [
        round((item.observed_at.at - NOON).total_seconds())
        for item in contents
        if isinstance(item, SampleArrayObservation) and item.type == wave
    ]


def test_every_second_stretch_of_each_waveform_goes_in_the_older_half(
    store: ObservationStore, told: Told
) -> None:
    seconds = fill_until_told(store, told)
    contents = held(store)
    for wave in (PLETH, ecg(0).type):
        kept = seconds_of(contents, wave)
        gone = sorted(set(range(seconds)) - set(kept))
        assert gone == list(range(1, 2 * len(gone), 2)), "every second one, from the oldest on"
        assert gone[-1] < seconds / 2, "the newer half is whole"
    assert [item.is_thinned for item in told.dropped] == [True]


def test_when_the_past_is_thinned_out_its_oldest_goes(store: ObservationStore, told: Told) -> None:
    seconds = 0
    while all(item.is_thinned for item in told.dropped):
        seconds = fill_until_told(store, told, len(told.dropped) + 1, seconds)
    kept = seconds_of(held(store), PLETH)
    assert kept[0] > 0
    assert kept[-1] == seconds - 1
    steps = [after - before for before, after in pairwise(kept)]
    assert steps == sorted(steps, reverse=True), "the past is thinner than what is new"
    assert set(steps) == {1, 2}, "thinned once, never twice"
    assert kept[steps.index(1)] <= (kept[0] + seconds) / 2 + 1, "the newer half is whole"


def test_every_row_that_went_is_counted_and_told_in_the_lane_of_events(
    store: ObservationStore, told: Told
) -> None:
    seconds = fill_until_told(store, told, 12)
    counts = store.counts()
    gone = 2 * seconds - counts.waiting["waveforms"]
    assert sum(item.rows for item in told.dropped) == gone
    assert counts.totals["thinned"] + counts.totals.get("dropped", 0) == gone
    assert counts.waiting["events"] == len(told.dropped)
    first = told.dropped[0]
    assert first.first_us < first.last_us
    assert first.octets >= first.rows * 500


def test_numbers_and_events_never_go(store: ObservationStore, told: Told) -> None:
    fill_until_told(store, told)
    number = fill_until_refused(store, alarm)
    waiting = store.counts().waiting
    assert waiting["waveforms"] < 30, "too few to make room for twenty more"
    assert waiting["numerics"] == number
    said = waiting["events"] - number
    assert len(told.dropped) - 2 <= said <= len(told.dropped), "but what the refused one said"


def fill_until_refused(store: ObservationStore, *also: Callable[[int], Content]) -> int:
    """Numbers until one is refused; how many were taken."""
    for first in range(0, 100_000, 20):
        numbers = range(first, first + 20)
        try:
            append(store, *(make(number) for number in numbers for make in (spo2, *also)))
        except BufferFullError:
            return first
    raise AssertionError("the store took everything")


def test_pieces_of_photographs_and_rows_on_their_way_stay(store: ObservationStore) -> None:
    piece = AttachmentPart(attachment_id=UUID(int=8), part=0, parts=1, octets=bytes(5000))
    append(store, piece, *(ecg(number) for number in range(20)))
    claim = store.claim(limit=10, octets=1 << 20, now=NOON)
    assert claim is not None
    fill_until_refused(store)
    assert waveform_ids(store) == list(claim.row_ids)
    assert claim.rows[0].content == piece
    with store.transaction():
        assert store.settle(ack_of(claim), now=NOON).settled == 10


def test_a_start_goes_on_thinning_where_the_last_one_stopped(tmp_path: Path, told: Told) -> None:
    store = opened(tmp_path, told)
    seconds = fill_until_told(store, told)
    before = store._thinning.places.thinned_to
    store.close()
    again = opened(tmp_path, told)
    assert again._thinning.places.thinned_to == before > 0
    fill_until_told(again, told, 2, seconds)
    kept = seconds_of(held(again), PLETH)
    assert kept[:4] == [0, 2, 4, 6], "what was thinned once is not thinned again"
    again.close()


def test_a_commit_that_fails_lets_nothing_go(store: ObservationStore, told: Told) -> None:
    seconds = fill_until_told(store, told)
    before, places = store.counts(), store._thinning.places.copy()

    def fail() -> None:
        with store.transaction():
            assert store.thin(now=NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.counts() == before
    assert store._thinning.places == places
    assert seconds > 0


def test_a_full_disk_is_no_reason_when_no_waveform_is_held(store: ObservationStore) -> None:
    append(store, spo2(1))
    with store.transaction():
        assert not store.thin(now=NOON)


def test_only_stretches_of_samples_are_waveforms() -> None:
    assert waveform_of(pack_rows([ecg(1)], captured_at=NOON).rows[0].body) is not None
    assert waveform_of(pack_rows([spo2(1)], captured_at=NOON).rows[0].body) is None
    assert waveform_of(b"\xff") is None
    assert waveform_of(b"\x90") is None


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=5))
def test_the_middle_has_as_many_rows_below_as_above(widths: list[tuple[int, int]]) -> None:
    spans, end = [], 0
    for gap, width in widths:
        spans.append(Span(end + gap, end + gap + width))
        end += gap + width
    ids = [number for span in spans for number in range(span.after + 1, span.through + 1)]
    below = [number for number in ids if number <= middle_of(spans)]
    assert len(below) == len(ids) // 2
    first, last = ids[len(ids) // 3], ids[-1]
    inside = still_held(spans, first, last)
    assert [n for s in inside for n in range(s.after + 1, s.through + 1)] == ids[len(ids) // 3 :]
