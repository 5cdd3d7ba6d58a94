"""Live first and the backlog behind it: every row once, each part in its order, no lane starved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.buffer.lanes import (
    MOST_URGENT_IN_A_ROW,
    SHARES,
    URGENT,
    Lane,
    Part,
    Queue,
    Span,
    Turns,
    base_of,
    run_of,
    sequence_in,
)
from edge.buffer.rows import Stream

WINDOW_US = 10_000_000
SECOND = 1_000_000


@dataclass(slots=True)
class Reading:
    """A lane with its rows, read as the store reads it."""

    before: int = 0
    captured: dict[int, int] = field(default_factory=dict)
    now_us: int = 0
    got: dict[Part, list[int]] = field(default_factory=lambda: {part: [] for part in Part})
    lane: Lane = field(init=False)

    def __post_init__(self) -> None:
        self.captured = dict.fromkeys(range(1, self.before + 1), -3600 * SECOND)
        self.lane = Lane(self.before, WINDOW_US)
        self.lane.add_backlog([Span(0, self.before)] if self.before else [])

    @property
    def last(self) -> int:
        return max(self.captured, default=0)

    def append(self, rows: int) -> None:
        self.lane.grew(after=self.last, captured_us=self.now_us)
        for _ in range(rows):
            self.captured[self.last + 1] = self.now_us

    def claim(self, part: Part, limit: int) -> list[int]:
        span = self.lane.span(part, last=self.last)
        if span is None:
            return []
        ids = [number for number in self.captured if span.after < number <= span.through][:limit]
        if part is Part.LIVE and ids:
            first_us = self.captured[ids[0]]
            if self.lane.cut_when_behind(first_us, now_us=self.now_us, last=self.last):
                return self.claim(part, limit)
        self.lane.read(part, ids[-1] if len(ids) == limit else span.through)
        self.got[part] += ids
        return ids


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5)),
        st.tuples(
            st.just("wait"), st.sampled_from([SECOND // 10, SECOND, 5 * SECOND, 60 * SECOND])
        ),
        st.tuples(st.sampled_from(["live", "backlog"]), st.integers(1, 4)),
    ),
    max_size=60,
)


@given(st.integers(0, 10), steps)
def test_every_row_is_read_once_and_each_part_in_the_order_of_capture(
    before: int, acts: list[tuple[str, int]]
) -> None:
    reading = Reading(before)
    for act, amount in acts:
        match act:
            case "append":
                reading.append(amount)
            case "wait":
                reading.now_us += amount
            case name:
                ids = reading.claim(Part(name), amount)
                if name == "live":
                    oldest = reading.now_us - WINDOW_US
                    assert all(reading.captured[number] >= oldest for number in ids)
    for part in Part:
        while reading.claim(part, 3):
            pass
    while reading.claim(Part.BACKLOG, 3):
        pass
    for part in Part:
        assert reading.got[part] == sorted(reading.got[part])
    assert Counter(reading.got[Part.LIVE] + reading.got[Part.BACKLOG]) == Counter(
        list(reading.captured)
    )


def test_what_was_there_at_the_start_is_backlog() -> None:
    reading = Reading(before=5)
    reading.append(2)
    assert reading.claim(Part.LIVE, 10) == [6, 7]
    assert reading.claim(Part.BACKLOG, 10) == [1, 2, 3, 4, 5]


def test_after_an_outage_the_newest_rows_come_first_and_the_rest_in_order_behind() -> None:
    reading = Reading()
    for _ in range(60):
        reading.append(1)
        reading.now_us += SECOND
    live = reading.claim(Part.LIVE, 100)
    assert live == [59, 60], "the last fifth of the window"
    assert reading.claim(Part.BACKLOG, 100) == list(range(1, 59))


def test_a_lane_that_keeps_up_is_never_cut() -> None:
    reading = Reading()
    for _ in range(100):
        reading.append(2)
        reading.now_us += SECOND
        assert len(reading.claim(Part.LIVE, 100)) == 2
    assert reading.claim(Part.BACKLOG, 100) == []


def test_a_lane_cut_twice_keeps_its_backlog_in_order() -> None:
    reading = Reading()
    for _ in range(2):
        for _ in range(20):
            reading.append(1)
            reading.now_us += SECOND
        reading.claim(Part.LIVE, 1)
    assert reading.claim(Part.LIVE, 100) == [40]
    backlog = reading.claim(Part.BACKLOG, 100) + reading.claim(Part.BACKLOG, 100)
    assert backlog == [number for number in range(1, 39) if number != 19]


def test_marks_are_bounded_by_the_window() -> None:
    lane = Lane(0, WINDOW_US)
    for number in range(100_000):
        lane.grew(after=number, captured_us=number * 1000)
    assert len(lane._marks) <= 51


def test_a_part_that_was_read_up_has_no_span() -> None:
    lane = Lane(0, WINDOW_US)
    assert lane.span(Part.LIVE, last=0) is None
    assert lane.span(Part.BACKLOG, last=0) is None


def test_spans_that_overlap_are_read_once() -> None:
    lane = Lane(9, WINDOW_US)
    lane.add_backlog([Span(5, 7), Span(0, 4), Span(2, 3), Span(6, 9)])
    assert lane.span(Part.BACKLOG, last=9) == Span(0, 4)
    lane.read(Part.BACKLOG, 4)
    assert lane.span(Part.BACKLOG, last=9) == Span(5, 9)


@given(st.integers(0, 2**50), st.sampled_from(list(Stream)), st.integers(1, 2**40 - 1))
def test_a_row_id_tells_generation_lane_and_sequence(
    highest: int, stream: Stream, sequence: int
) -> None:
    runs = {lane: run_of(base_of(lane, highest=highest)) for lane in Stream}
    ordered = sorted(runs.values())
    assert ordered[0].after >= highest
    assert all(one.through <= other.after for one, other in pairwise(ordered))
    assert sequence_in(runs[stream], sequence) == runs[stream].after + sequence
    assert sequence_in(Span(0, 70), sequence) == 70, "old ids do not tell"


def served(turns: Turns, waiting: frozenset[Queue], claims: int) -> Iterator[Queue]:
    """The queues as they are served while `waiting` never run empty; claims of one size."""
    for _ in range(claims):
        queue = next(queue for queue in turns.order() if queue in waiting)
        turns.took(queue, 1000)
        yield queue


@given(st.sets(st.sampled_from([*URGENT, *SHARES]), min_size=1))
def test_whoever_waits_is_served_whatever_the_others_hold(waiting: set[Queue]) -> None:
    counts = Counter(served(Turns(), frozenset(waiting), 2000))
    assert set(counts) == waiting
    most = (MOST_URGENT_IN_A_ROW + 1) * sum(SHARES.values())
    for queue in waiting & set(SHARES):
        assert counts[queue] >= 0.9 * 2000 * SHARES[queue] / most


def test_live_events_go_first_then_live_numbers() -> None:
    first = list(served(Turns(), frozenset([*URGENT, *SHARES]), MOST_URGENT_IN_A_ROW + 1))
    assert set(first[:-1]) == {URGENT[0]}
    assert first[-1] == URGENT[1], "one in eight is somebody else's"


def test_live_numbers_that_come_now_and_then_never_wait_for_a_backlog() -> None:
    turns, live = Turns(), URGENT[1]
    backlog = frozenset(SHARES) - {live}
    for _ in range(20):
        assert live not in served(turns, backlog, 10)
        assert list(served(turns, frozenset(SHARES), 1)) == [live]


def test_the_others_share_by_octets() -> None:
    shares = {queue: share for queue, share in SHARES.items() if queue not in URGENT}
    counts = Counter(served(Turns(), frozenset(shares), 170))
    assert dict(counts) == {queue: share * 10 for queue, share in shares.items()}


def test_a_queue_that_was_empty_does_not_save_up() -> None:
    turns = Turns()
    backlog = Queue(Stream.WAVEFORMS, Part.BACKLOG)
    assert set(served(turns, frozenset([backlog]), 100)) == {backlog}
    late = Queue(Stream.WAVEFORMS, Part.LIVE)
    counts = Counter(served(turns, frozenset([backlog, late]), 50))
    assert 9 <= counts[backlog] <= 10


def test_lanes_that_are_not_asked_for_are_not_offered() -> None:
    offered = list(Turns().order([Stream.NUMERICS]))
    assert set(offered) == {Queue(Stream.NUMERICS, part) for part in Part}
