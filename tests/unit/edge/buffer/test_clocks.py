"""Rows stamped by a clock nobody could trust go up with right times, whatever happens between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest import TempPathFactory  # noqa: PT013 - the type alone

from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import open_store
from edge.buffer.rows import Stream
from edge.buffer.store import ObservationStore
from edge.clock import Clock, ClockKeeper
from protocols.model.observation import NumericObservation
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink.messages import UplinkRow
from tests.unit.edge.making import NOON, ack_of, spo2

POLICY = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)
IN_1970 = datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Box:
    """A gateway's machine: the true time, what its wall clock shows, and its store."""

    folder: Path
    true: datetime = NOON
    off: timedelta = timedelta(0)
    synchronised: bool = False
    boot: str = "first"
    began: datetime = NOON - MINUTE
    store: ObservationStore | None = None
    keeper: ClockKeeper | None = None
    number: int = 0

    @property
    def wall(self) -> datetime:
        return self.true + self.off

    def start(self) -> ObservationStore:
        """The gateway starts; kill -9 before needs nothing."""
        seconds = lambda: (self.true - self.began).total_seconds()  # noqa: E731 - one expression
        clock = Clock(
            monotonic=seconds, utc=lambda: self.wall, is_synchronised=lambda: self.synchronised
        )
        self.store = open_store(
            self.folder, policy=POLICY, vehicle_id="v", now=self.wall, machine_boot=self.boot
        ).store
        self.keeper = ClockKeeper(clock)
        self.look()
        return self.store

    def power_cut(self, *, for_: timedelta, off: timedelta) -> None:
        """The machine begins again."""
        self.stop()
        self.true += for_
        self.began, self.boot, self.off = self.true, f"{self.boot}+", off
        self.synchronised = False

    def stop(self) -> None:
        if self.store is not None:
            self.store.close()
            self.store = None

    def look(self) -> None:
        assert self.store is not None
        assert self.keeper is not None
        self.store.note_clock(self.keeper.look(), now=self.wall)

    def capture(self) -> None:
        """A live reading of a device without a clock; its number says when it truly was."""
        assert self.store is not None
        assert self.keeper is not None
        self.number += 1
        at = ObservedTime(self.wall, TimeQuality.RECEIVED)
        true_us = spo2(round((self.true - NOON).total_seconds() * 1000)).observation_id
        reading = replace(spo2(self.number), observed_at=at, observation_id=true_us)
        with self.store.transaction():
            packed = pack_rows([reading], captured_at=self.wall)
            self.store.append(packed, self.keeper.look())

    def claim(self, *, waits: bool = True) -> list[UplinkRow]:
        """Everything that goes up now."""
        assert self.store is not None
        self.look()
        rows: list[UplinkRow] = []
        while (
            claim := self.store.claim(limit=50, octets=1 << 20, now=self.wall, waits=waits)
        ) is not None:
            rows += claim.rows
            with self.store.transaction():
                self.store.settle(ack_of(claim), now=self.wall)
        return rows


def times(rows: list[UplinkRow]) -> list[datetime]:
    found = []
    for row in rows:
        assert isinstance(row.content, NumericObservation)
        assert row.content.observed_at.at == row.captured_at
        found.append(row.captured_at)
    return found


def qualities(rows: list[UplinkRow]) -> set[TimeQuality]:
    return {
        row.content.observed_at.quality
        for row in rows
        if isinstance(row.content, NumericObservation)
    }


def captured(box: Box, readings: int) -> list[datetime]:
    """Take readings, one a second; their true times."""
    true = []
    for _ in range(readings):
        box.true += timedelta(seconds=1)
        box.capture()
        true.append(box.true)
    return true


def test_a_box_that_boots_in_1970_ends_with_right_times(tmp_path: Path) -> None:
    box = Box(tmp_path, off=IN_1970 - NOON)
    box.start()
    true = captured(box, 5)
    assert box.claim() == [], "nothing goes up under a time that is certainly wrong"
    box.off = timedelta(0)
    true += captured(box, 2)
    rows = box.claim()
    assert sorted(times(rows)) == true
    assert qualities(rows) == {TimeQuality.RECEIVED}
    box.stop()


def test_the_right_time_is_found_after_kill_9_too(tmp_path: Path) -> None:
    box = Box(tmp_path, off=IN_1970 - NOON)
    box.start()
    true = captured(box, 3)
    box.stop()
    box.true += MINUTE
    box.start()
    true += captured(box, 3)
    box.off = timedelta(0)
    assert sorted(times(box.claim())) == true
    box.stop()


def test_what_was_corrected_stays_so_when_power_goes_before_it_is_sent(tmp_path: Path) -> None:
    box = Box(tmp_path, off=IN_1970 - NOON)
    box.start()
    true = captured(box, 3)
    box.off = timedelta(0)
    box.look()
    box.power_cut(for_=MINUTE, off=IN_1970 - NOON - MINUTE)
    box.start()
    assert times(box.claim()) == true
    box.stop()


def test_rows_of_a_run_whose_clock_was_never_set_are_put_before_the_next_one(
    tmp_path: Path,
) -> None:
    box = Box(tmp_path, off=IN_1970 - NOON)
    box.start()
    true = captured(box, 3)
    box.power_cut(for_=10 * MINUTE, off=timedelta(0))
    box.start()
    rows = box.claim()
    late = [at - right for at, right in zip(times(rows), true, strict=True)]
    assert set(late) == {10 * MINUTE}, "as late as they can have been, in their order and distance"
    assert qualities(rows) == {TimeQuality.UNKNOWN}
    box.stop()


@pytest.mark.parametrize("off", [timedelta(0), IN_1970 - NOON])
def test_a_run_without_a_name_is_never_taken_for_an_earlier_one(
    tmp_path: Path, off: timedelta
) -> None:
    """A kernel that hides its `boot_id` names every run alike: power went for three hours."""
    box = Box(tmp_path, boot="", off=off)
    box.start()
    true = captured(box, 3)
    box.power_cut(for_=180 * MINUTE, off=timedelta(0))
    box.boot = ""
    box.start()
    box.synchronised = True
    box.true += MINUTE
    rows = box.claim()
    late = {at - right for at, right in zip(times(rows), true, strict=True)}
    if off:
        assert late == {180 * MINUTE}, "as late as they can have been"
        assert qualities(rows) == {TimeQuality.UNKNOWN}
    else:
        assert late == {timedelta(0)}, "a plausible time is left as it is"
    box.stop()


def test_a_run_without_a_name_still_mends_the_times_of_its_own(tmp_path: Path) -> None:
    box = Box(tmp_path, boot="", off=IN_1970 - NOON)
    box.start()
    true = captured(box, 3)
    box.off = timedelta(0)
    assert times(box.claim()) == true
    box.stop()


def test_a_clock_that_is_never_set_does_not_hold_rows_for_ever(tmp_path: Path) -> None:
    box = Box(tmp_path, off=IN_1970 - NOON)
    box.start()
    captured(box, 3)
    rows = box.claim(waits=False)
    assert len(rows) == 3
    assert qualities(rows) == {TimeQuality.UNKNOWN}
    box.stop()


def test_a_plausible_clock_found_off_by_synchronisation_is_corrected(tmp_path: Path) -> None:
    box = Box(tmp_path, off=5 * MINUTE)
    box.start()
    true = captured(box, 3)
    box.off, box.synchronised = timedelta(0), True
    true += captured(box, 1)
    assert sorted(times(box.claim())) == true
    box.stop()


def test_between_two_plausible_clocks_every_row_keeps_its_own(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.start()
    true = captured(box, 2)
    box.off = 5 * MINUTE
    true += [at + box.off for at in captured(box, 2)]
    assert sorted(times(box.claim())) == true
    box.stop()


def test_the_cloud_can_vouch_for_the_time_too(tmp_path: Path) -> None:
    box = Box(tmp_path, off=IN_1970 - NOON)
    box.start()
    true = captured(box, 2)
    assert box.keeper is not None
    box.keeper.learn(box.true, within_seconds=1.0)
    true += captured(box, 1)
    assert sorted(times(box.claim())) == true, "while the wall clock still shows 1970"
    box.stop()


def test_a_devices_own_synchronised_time_is_not_moved(tmp_path: Path) -> None:
    box = Box(tmp_path, off=5 * MINUTE)
    store = box.start()
    assert box.keeper is not None
    with store.transaction():
        store.append(pack_rows([spo2(7)], captured_at=box.wall), box.keeper.look())
    box.off, box.synchronised = timedelta(0), True
    assert [row.content for row in box.claim()] == [spo2(7)]
    box.stop()


def test_a_time_proven_once_unmasks_a_clock_that_goes_back_behind_it(tmp_path: Path) -> None:
    box = Box(tmp_path, synchronised=True)
    store = box.start()
    captured(box, 1)
    box.look()
    assert store.clocks.proven_us() >= NOON.timestamp() * 1_000_000
    box.power_cut(for_=MINUTE, off=timedelta(days=-30))
    store = box.start()
    assert store.clocks.proven_us() > box.wall.timestamp() * 1_000_000
    box.stop()


jumps = st.sampled_from([0, 3, -3, 3600, -3600, 86_400 * 400])
acts = st.lists(
    st.one_of(
        st.tuples(st.just("capture"), st.integers(1, 3)),
        st.tuples(st.just("jump"), jumps),
        st.tuples(st.just("synchronise"), st.just(0)),
        st.tuples(st.just("kill"), st.just(0)),
        st.tuples(st.just("claim"), st.just(0)),
    ),
    max_size=14,
)


@given(acts)
@example([("synchronise", 0), ("capture", 1), ("jump", 3), ("claim", 0), ("capture", 1)])
@settings(max_examples=25, deadline=None)
def test_jumps_never_lose_repeat_or_reorder_rows_and_a_proven_clock_mends_what_waits(
    tmp_path_factory: TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    box = Box(tmp_path_factory.mktemp("box"))
    box.start()
    waiting: list[datetime] = []
    sent = 0
    for act, amount in [*acts, ("synchronise", 0), ("claim", 0)]:
        match act:
            case "capture":
                waiting += captured(box, amount)
            case "jump":
                box.off, box.synchronised = timedelta(seconds=amount), False
            case "synchronise":
                box.off, box.synchronised = timedelta(0), True
                box.true += timedelta(seconds=2)
            case "kill":
                box.stop()
                box.start()
            case _:
                rows = box.claim(waits=False)
                assert len(rows) == len(waiting), "each once"
                by_lane = [row.sequence for row in rows]
                assert len(set(by_lane)) <= len(by_lane)
                if box.synchronised:
                    off = {
                        at - right for at, right in zip(sorted(times(rows)), waiting, strict=True)
                    }
                    assert all(abs(by) <= timedelta(seconds=2) for by in off)
                sent += len(rows)
                waiting = []
    assert sent == box.number
    assert box.store is not None
    assert box.store.counts().waiting[Stream.NUMERICS.label] == 0
    box.stop()


def test_a_kept_clock_set_wrong_and_right_again_moves_no_reading(tmp_path: Path) -> None:
    """Readings come several times a second: every look at the clock is soon after another."""
    box = Box(tmp_path, synchronised=True)
    box.start()
    captured = []
    for off in (0, 81, 81, 0, 0):
        box.off, box.synchronised = timedelta(seconds=off), off == 0
        for _ in range(3):
            box.true += timedelta(milliseconds=200)
            box.capture()
            captured.append(box.true)
    assert sorted(times(box.claim())) == captured
    box.stop()
