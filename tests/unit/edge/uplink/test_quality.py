"""What a way is worth, and how much is put into one batch because of it."""

from __future__ import annotations

from edge.uplink.quality import LEAST_TIMEOUT, Pace, Quality


def test_delays_are_smoothed_and_the_shortest_is_kept() -> None:
    quality = Quality()
    for seconds in (1.0, 0.5, 2.0):
        quality.note(seconds)
    assert quality.least == 0.5
    assert quality.delay is not None
    assert 0.5 < quality.delay < 2.0


def test_patience_follows_the_delay_and_doubles_with_each_silence() -> None:
    quality = Quality()
    assert quality.timeout(10.0, silences=0) == 10.0, "nothing is known yet"
    quality.note(0.01)
    assert quality.timeout(10.0, silences=0) == LEAST_TIMEOUT
    assert quality.timeout(10.0, silences=1) == 2 * LEAST_TIMEOUT
    assert quality.timeout(10.0, silences=5) == 10.0
    slow = Quality()
    slow.note(1.5)
    assert slow.timeout(10.0, silences=0) == 7.0


def test_batches_grow_while_full_ones_come_back_fast_and_shrink_when_late() -> None:
    pace = Pace(size=100, least=40, most=300)
    pace.note(0.1, was_full=False)
    assert pace.size == 100
    pace.note(0.1, was_full=True)
    assert pace.size == 200
    pace.note(0.1, was_full=True)
    pace.note(0.1, was_full=True)
    assert pace.size == 300
    pace.note(0.8, was_full=True)
    assert pace.size == 300, "neither fast nor late"
    pace.note(1.1, was_full=True)
    assert pace.size == 150
    pace.shrink()
    pace.shrink()
    assert pace.size == 40


def test_late_answers_leave_batches_large_enough_to_be_worth_their_cost() -> None:
    pace = Pace(size=400, least=40, most=800, enough=300)
    pace.note(1.1, was_full=True)
    assert pace.size == 300
    pace.note(1.1, was_full=True)
    assert pace.size == 300
    pace.shrink()
    pace.note(1.1, was_full=True)
    assert pace.size == 150, "what silence made small stays so until answers come fast"
