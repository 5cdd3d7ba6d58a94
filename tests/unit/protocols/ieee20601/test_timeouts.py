"""Timers run, restart, stop and expire one by one."""

from __future__ import annotations

from protocols.ieee20601.timeouts import Deadlines, Timer, earliest, seconds_of


def test_the_earliest_timer_expires_first_and_once() -> None:
    timers: Deadlines[Timer] = Deadlines()
    timers.start(Timer.CONFIG, now=0.0, seconds=10.0)
    timers.start(Timer.RELEASE, now=1.0, seconds=3.0)
    assert timers.next() == 4.0
    assert timers.take_expired(3.9) is None
    assert timers.take_expired(20.0) is Timer.RELEASE
    assert timers.take_expired(20.0) is Timer.CONFIG
    assert timers.take_expired(20.0) is None
    assert timers.next() is None


def test_a_restarted_timer_counts_from_the_restart() -> None:
    timers: Deadlines[Timer] = Deadlines()
    timers.start(Timer.TRANSFER, now=0.0, seconds=3.0)
    timers.start(Timer.TRANSFER, now=2.0, seconds=3.0)
    assert timers.next() == 5.0


def test_a_cancelled_timer_never_expires() -> None:
    timers: Deadlines[Timer] = Deadlines()
    timers.start(Timer.CONFIG, now=0.0, seconds=1.0)
    timers.cancel(Timer.CONFIG)
    timers.cancel(Timer.CONFIG)
    assert timers.take_expired(5.0) is None
    timers.start(Timer.CONFIG, now=0.0, seconds=1.0)
    timers.clear()
    assert timers.next() is None


def test_the_earliest_of_several_deadlines() -> None:
    assert earliest(None, 3.0, 2.0) == 2.0
    assert earliest(None, None) is None


def test_a_period_of_no_ticks_says_no_more_than_nothing() -> None:
    assert seconds_of(8_000) == 1.0
    assert seconds_of(0) is None
    assert seconds_of(None) is None
