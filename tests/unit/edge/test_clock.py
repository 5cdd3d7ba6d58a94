"""A wall clock that is set is noticed by the one that never steps."""

from __future__ import annotations

from datetime import timedelta

from edge.clock import SYSTEM_CLOCK, ClockWatch
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
