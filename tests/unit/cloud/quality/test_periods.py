"""Buckets of a trend in the place's own days: clocks that go forward and back among them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from cloud.core.kernel.errors import InvalidError
from cloud.core.quality.periods import Period, period


def hours(found: Period) -> list[float]:
    return [(last - first).total_seconds() / 3600 for _, first, last in found.buckets()]


def test_the_days_on_which_londons_clocks_change_have_23_and_25_hours() -> None:
    # 29 March and 25 October 2026 are the last Sundays of their months.
    spring = period(
        datetime(2026, 3, 28, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 30, 23, 0, tzinfo=UTC),
        "Europe/London",
    )
    assert [day for day, _, _ in spring.buckets()] == [date(2026, 3, d) for d in (28, 29, 30)]
    assert hours(spring) == [24, 23, 24]
    autumn = period(
        datetime(2026, 10, 23, 23, 0, tzinfo=UTC),
        datetime(2026, 10, 27, 0, 0, tzinfo=UTC),
        "Europe/London",
    )
    assert hours(autumn) == [24, 25, 24]


def test_a_call_at_half_past_midnight_in_summer_belongs_to_that_day_in_london() -> None:
    found = period(
        datetime(2026, 6, 1, 23, 0, tzinfo=UTC),
        datetime(2026, 6, 3, 23, 0, tzinfo=UTC),
        "Europe/London",
    )
    call = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    assert [day for day, first, last in found.buckets() if first <= call < last] == [
        date(2026, 6, 2)
    ]


def test_another_place_has_other_days() -> None:
    start, end = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
    assert [day for day, _, _ in period(start, end, "Asia/Kathmandu").buckets()] == [
        date(2026, 6, 1),
        date(2026, 6, 2),
    ]
    assert hours(period(start, end, "Asia/Kathmandu")) == [18.25, 5.75]


@pytest.mark.parametrize(
    ("days", "first", "count"),
    [
        (31, date(2026, 1, 7), 31),
        (32, date(2026, 1, 5), 5),  # from the Monday before Wednesday 7 January
        (120, date(2026, 1, 5), 18),
        (121, date(2026, 1, 1), 5),  # January to May
        (366, date(2026, 1, 1), 13),
    ],
)
def test_days_up_to_31_days_weeks_up_to_120_months_beyond(
    days: int, first: date, count: int
) -> None:
    start = datetime(2026, 1, 7, tzinfo=UTC)
    buckets = list(period(start, start + timedelta(days=days), "UTC").buckets())
    assert buckets[0][0] == first
    assert len(buckets) == count
    assert buckets[0][1] == start
    assert buckets[-1][2] == start + timedelta(days=days)
    assert all(one[2] == other[1] for one, other in pairwise(buckets))


@pytest.mark.parametrize("days", [0, -1, 367])
def test_an_empty_or_endless_period_is_refused(days: int) -> None:
    start = datetime(2026, 1, 7, tzinfo=UTC)
    with pytest.raises(InvalidError, match=r"before the end|at most 366"):
        period(start, start + timedelta(days=days), "UTC")


@pytest.mark.parametrize("zone", ["Europe/Lundin", "", "../etc/passwd", "\x00", "/etc/localtime"])
def test_a_place_the_zone_database_does_not_know_is_refused(zone: str) -> None:
    start = datetime(2026, 1, 7, tzinfo=UTC)
    with pytest.raises(InvalidError, match="zone database"):
        period(start, start + timedelta(days=1), zone)
