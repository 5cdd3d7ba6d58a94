"""What is measured of a way over the last while, and what that says of it."""

from __future__ import annotations

import pytest

from edge.uplink.window import Measured, Standing, Window


def filled(*seconds: float, vain: int = 0, octets: int = 1000) -> Window:
    """One attempt a second: these were acknowledged, then so many were not, after 8 s each."""
    window, now = Window(), 0.0
    for took in seconds:
        window.note(began=now, now=now + took, octets=octets)
        now += took
    for _ in range(vain):
        window.note_vain(began=now, now=now + 8)
        now += 8
    return window


def test_nothing_is_known_before_anything_was_sent_and_after_a_quiet_while() -> None:
    assert Window().measure(now=0) == Measured()
    assert filled(9, 9, 9, 9).measure(now=200) == Measured()
    assert Measured().words == ""


def test_a_few_attempts_are_measured_and_prove_nothing() -> None:
    measured = filled(9, 9, 9).measure(now=27)
    assert (measured.standing, measured.attempts) == (Standing.UNKNOWN, 3)
    assert measured.round_trip == measured.seconds_each == 9


def test_a_way_that_acknowledges_soon_is_good() -> None:
    measured = filled(0.1, 0.3, 0.2, 0.2).measure(now=1)
    assert measured.standing is Standing.GOOD
    assert not measured.is_poor
    assert measured.round_trip == pytest.approx(0.2)
    assert measured.octets_per_second == pytest.approx(4000 / 0.8)
    assert measured.failure_share == 0
    assert measured.words == "delivers, 0.2 s a batch"


def test_a_way_that_acknowledges_late_is_slow() -> None:
    measured = filled(6, 7, 6, 7).measure(now=26)
    assert measured.standing is Standing.SLOW
    assert measured.is_poor
    assert measured.words == "slow, 6.5 s a batch"


def test_time_spent_in_vain_counts_for_what_got_through() -> None:
    measured = filled(0.1, 0.1, 0.1, vain=2).measure(now=17)
    assert measured.standing is Standing.UNSTEADY
    assert measured.failure_share == 0.4
    assert measured.seconds_each == pytest.approx(16.3 / 3)
    assert measured.round_trip == pytest.approx(0.1)
    assert measured.words == "loses 40% of what it is given, 5.4 s a batch"


def test_a_way_on_which_nothing_gets_through_has_no_round_trip() -> None:
    measured = filled(vain=4).measure(now=32)
    assert (measured.round_trip, measured.octets_per_second) == (None, None)
    assert measured.seconds_each == 32
    assert measured.standing is Standing.UNSTEADY


def test_attempts_lost_side_by_side_are_one_bad_moment() -> None:
    window = filled(0.1, 0.1, 0.1, 0.1)
    for number in range(5):
        window.note_vain(began=1 + number / 10, now=4.5)
    assert window.measure(now=5).attempts == 5
    assert window.measure(now=5).standing is Standing.GOOD
    window.note_vain(began=4.5, now=8)
    assert window.measure(now=8).attempts == 6


def test_goodput_counts_the_time_of_batches_side_by_side_once() -> None:
    window = Window()
    for _ in range(4):
        window.note(began=10, now=12, octets=500)
    window.note(began=20, now=21, octets=1000)
    assert window.measure(now=21).octets_per_second == pytest.approx(3000 / 3)
    at_once = Window()
    at_once.note(began=5, now=5, octets=500)
    assert at_once.measure(now=5).octets_per_second is None, "nothing to divide by"


def test_what_is_forgotten_counts_no_more() -> None:
    window = filled(9, 9, 9, 9)
    window.forget()
    assert window.measure(now=36) == Measured()


@pytest.mark.parametrize(
    "window",
    [
        Window(),
        filled(9, 9, 9),
        filled(0.1, 0.3, 0.2, 0.2),
        filled(6, 7, 6, 7),
        filled(0.1, 0.1, 0.1, vain=2),
        filled(vain=5),
    ],
)
def test_the_short_look_says_the_same_of_a_way(window: Window) -> None:
    for now in (0, 20, 45, 61, 200):
        assert window.is_poor(now=now) is window.measure(now=now).is_poor
