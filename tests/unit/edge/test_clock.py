"""A wall clock that is set is noticed by the one that never steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.clock import (
    SYSTEM_CLOCK,
    Clock,
    ClockKeeper,
    ClockQuality,
    ClockWatch,
    kernel_is_synchronised,
    machine_boot,
)
from tests.unit.edge.making import NOON


def test_two_clocks_that_pass_alike_are_no_step() -> None:
    watch = ClockWatch()
    for second in range(5):
        assert not watch.observe(monotonic=second, utc=NOON + timedelta(seconds=second))
    assert watch.steps == 0


def test_a_clock_that_is_set_is_counted_with_its_size() -> None:
    watch = ClockWatch()
    watch.observe(monotonic=0, utc=NOON)
    assert watch.observe(monotonic=1, utc=NOON + timedelta(hours=1, seconds=1))
    assert watch.observe(monotonic=2, utc=NOON + timedelta(seconds=2))
    assert (watch.steps, watch.last_step_seconds) == (2, -3600)


def test_slow_drift_is_followed_without_a_step() -> None:
    watch = ClockWatch()
    for second in range(100):
        assert not watch.observe(monotonic=second, utc=NOON + timedelta(seconds=second * 1.1))


def test_the_real_clock_knows_its_zone() -> None:
    assert SYSTEM_CLOCK.utc().utcoffset() == timedelta(0)


@dataclass(slots=True)
class Box:
    """A machine whose wall clock can be set while its seconds go on."""

    wall: datetime = NOON
    up: float = 100.0
    synchronised: bool = False

    @property
    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: self.up,
            utc=lambda: self.wall,
            uptime=lambda: self.up,
            is_synchronised=lambda: self.synchronised,
        )

    def let_pass(self, seconds: float) -> None:
        self.up += seconds
        self.wall += timedelta(seconds=seconds)


IN_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def test_a_clock_before_its_floor_is_certainly_wrong() -> None:
    box = Box(IN_1970)
    reading = ClockKeeper(box.clock).look()
    assert reading.quality is ClockQuality.UNSET
    assert reading.truth_us is None
    behind = ClockKeeper(box.clock, floor=NOON)
    box.wall = NOON - timedelta(seconds=1)
    assert behind.look().quality is ClockQuality.UNSET, "earlier than what was proven before"


def test_a_clock_decades_ahead_is_certainly_wrong() -> None:
    box = Box(datetime(2079, 6, 1, tzinfo=UTC))
    assert ClockKeeper(box.clock).look().quality is ClockQuality.UNSET


def test_the_time_is_known_as_soon_as_anything_speaks_for_it() -> None:
    box = Box(IN_1970)
    keeper = ClockKeeper(box.clock)
    assert keeper.known_utc() is None
    keeper.learn(NOON, within_seconds=5)
    box.let_pass(10)
    assert keeper.known_utc() == NOON + timedelta(seconds=10), "and goes on by itself"
    assert ClockKeeper(Box().clock).known_utc() == NOON


def test_a_clock_that_nothing_vouches_for_is_plausible_and_the_best_there_is() -> None:
    reading = ClockKeeper(Box().clock).look()
    assert reading.quality is ClockQuality.PLAUSIBLE
    assert (reading.truth_us, reading.is_proven) == (reading.difference_us, False)


def test_what_was_once_synchronised_stays_known_when_the_clock_jumps() -> None:
    box = Box(synchronised=True)
    keeper = ClockKeeper(box.clock)
    before = keeper.look()
    assert before.quality is ClockQuality.SYNCHRONISED
    box.synchronised = False
    box.let_pass(5)
    box.wall += timedelta(hours=1)
    after = keeper.look()
    assert after.quality is ClockQuality.PLAUSIBLE
    assert after.difference_us - before.difference_us == 3_600_000_000
    assert (after.truth_us, after.is_proven) == (before.truth_us, True)


@pytest.mark.parametrize("off", [0.0, 1.5, -3600.0, 56 * 365 * 86_400.0])
def test_the_cloud_vouches_for_a_clock_or_says_how_far_off_it_is(off: float) -> None:
    box = Box()
    keeper = ClockKeeper(box.clock)
    keeper.learn(NOON + timedelta(seconds=off), within_seconds=0.5)
    box.let_pass(10)
    reading = keeper.look()
    assert reading.truth_us is not None
    moved = 0.0 if abs(off) <= 2.5 else off
    assert reading.truth_us - reading.difference_us == moved * 1_000_000
    agrees = moved == 0.0
    assert (reading.quality is ClockQuality.SYNCHRONISED) is agrees
    assert reading.is_proven


def test_a_synchronised_clock_is_finer_than_what_the_cloud_says() -> None:
    box = Box(synchronised=True)
    keeper = ClockKeeper(box.clock)
    keeper.learn(NOON + timedelta(hours=1), within_seconds=0.5)
    reading = keeper.look()
    assert reading.truth_us == reading.difference_us


def test_the_real_machine_tells_its_seconds_its_run_and_its_synchronisation() -> None:
    assert SYSTEM_CLOCK.seconds_up() >= SYSTEM_CLOCK.monotonic() - 1
    assert kernel_is_synchronised() in {True, False}
    assert Clock(monotonic=lambda: 7.0).seconds_up() == 7.0


def test_a_run_of_the_machine_has_a_name_where_the_kernel_shows_it(tmp_path: Path) -> None:
    shown = tmp_path / "boot_id"
    shown.write_text("0b9a-1\n", encoding="ascii")
    assert machine_boot(shown) == "0b9a-1"
    assert machine_boot(tmp_path / "hidden") == ""
    assert len(machine_boot()) == 36, "this machine shows it"


def test_a_clock_set_wrong_between_two_questions_is_not_vouched_for() -> None:
    box = Box(synchronised=True)
    keeper = ClockKeeper(box.clock)
    right = keeper.look().difference_us
    box.synchronised = False
    box.let_pass(0.5)
    box.wall += timedelta(seconds=81)
    wrong = keeper.look()
    assert (wrong.quality, wrong.truth_us) == (ClockQuality.PLAUSIBLE, right)
    box.synchronised = True
    box.let_pass(0.2)
    box.wall -= timedelta(seconds=81)
    again = keeper.look()
    assert (again.quality, again.truth_us) == (ClockQuality.SYNCHRONISED, right)


def test_a_clock_put_right_while_it_is_asked_about_is_vouched_for_from_then_on() -> None:
    box = Box()

    def put_right() -> bool:
        box.wall = NOON
        return True

    keeper = ClockKeeper(replace(box.clock, is_synchronised=put_right))
    box.wall += timedelta(seconds=81)
    assert keeper.look().quality is ClockQuality.PLAUSIBLE
    assert keeper.look().quality is ClockQuality.SYNCHRONISED
