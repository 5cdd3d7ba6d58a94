"""When deliveries are tried again, by the published tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.webhooks.schedules import DEFAULT, PARTNER, SCHEDULES, is_taken


def test_the_standard_profile_waits_as_its_table_says() -> None:
    waits = [SCHEDULES[DEFAULT].wait(attempt, 0.0) for attempt in range(1, 9)]

    minutes = [0.5, 2, 10, 60, 240, 720, 1440]
    assert waits == [*(timedelta(minutes=one) for one in minutes), None]


@pytest.mark.parametrize(
    ("profile", "status", "is_tried_again"),
    [
        (DEFAULT, None, True),
        (DEFAULT, 500, True),
        (DEFAULT, 400, True),
        (DEFAULT, 302, True),
        (DEFAULT, 410, False),
        (PARTNER, None, True),
        (PARTNER, 503, True),
        (PARTNER, 408, True),
        (PARTNER, 429, True),
        (PARTNER, 400, False),
        (PARTNER, 302, False),
        (PARTNER, 410, False),
    ],
)
def test_which_answers_are_tried_again(
    profile: str, status: int | None, *, is_tried_again: bool
) -> None:
    assert SCHEDULES[profile].may_retry(status) is is_tried_again


def test_a_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    schedule = SCHEDULES[DEFAULT]

    assert schedule.wait(1, 0.0, asked=timedelta(minutes=7)) == timedelta(minutes=7)
    assert schedule.wait(1, 0.0, asked=timedelta(seconds=1)) == timedelta(seconds=30)
    assert schedule.wait(1, 0.0, asked=timedelta(days=30)) == timedelta(hours=24)


@given(attempt=st.integers(1, 7), draw=st.floats(0, 1))
def test_jitter_only_adds_up_to_a_tenth(attempt: int, draw: float) -> None:
    schedule = SCHEDULES[DEFAULT]
    plain, spread = schedule.wait(attempt, 0.0), schedule.wait(attempt, draw)

    assert plain is not None
    assert spread is not None
    assert plain <= spread <= plain * 1.1


@pytest.mark.parametrize("draw", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("asked", [None, timedelta(hours=1), timedelta(hours=7)])
def test_the_partners_profile_gives_up_after_a_day_however_long_it_was_asked_to_wait(
    draw: float, asked: timedelta | None
) -> None:
    day, gone, attempts = timedelta(hours=24), timedelta(0), 1
    while wait := SCHEDULES[PARTNER].wait(attempts, draw, asked=asked, gone=gone):
        gone += wait
        attempts += 1

    assert day - max(timedelta(minutes=5.5), asked or timedelta(0)) <= gone <= day


def test_only_a_success_is_one() -> None:
    assert [status for status in (None, 199, 200, 204, 299, 301, 404, 500) if is_taken(status)] == [
        200,
        204,
        299,
    ]
