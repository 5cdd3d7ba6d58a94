"""Figures counted by hand: shares, medians, exceptions apart, small numbers withheld."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from cloud.core.quality.definitions import Indicator, indicator
from cloud.core.quality.figures import Counted, Figure, Point, figure, withheld
from cloud.core.quality.judging import Outcome
from cloud.core.quality.periods import Period, period

START = datetime(2026, 3, 27, tzinfo=UTC)
IDS = count()
MARCH = period(START, START + timedelta(days=4), "Europe/London")


def known(name: str) -> Indicator:
    found = indicator(name)
    assert found is not None
    return found


def counted(outcome: Outcome, hours: float = 1, minutes: str | None = None) -> Counted:
    return Counted(
        encounter_id=f"enc_{next(IDS)}",
        call_at=START + timedelta(hours=hours),
        version=1,
        outcome=outcome,
        minutes=None if minutes is None else Decimal(minutes),
    )


def share(*, met: int = 0, excepted: int = 0, not_met: int = 0, over: Period = MARCH) -> Figure:
    verdicts = [counted(Outcome.MET) for _ in range(met)]
    verdicts += [counted(Outcome.EXCEPTED) for _ in range(excepted)]
    verdicts += [counted(Outcome.NOT_MET) for _ in range(not_met)]
    return figure(known("stemi_care_bundle"), verdicts, over)


def test_a_share_counts_exceptions_as_met_and_shows_them_apart() -> None:
    found = share(met=10, excepted=2, not_met=6)
    assert (found.numerator, found.denominator, found.exceptions) == (12, 18, 2)
    assert found.value == Decimal("0.6667")


def test_what_is_excluded_unknown_or_missing_is_in_neither_count() -> None:
    verdicts = [counted(one) for one in Outcome if one is not Outcome.NOT_APPLICABLE]
    found = figure(known("rosc_survival"), verdicts, MARCH)
    assert (found.numerator, found.denominator) == (2, 3)
    assert (found.excluded, found.unknown, found.missing) == (1, 1, 1)


def test_an_empty_denominator_has_no_value_rather_than_nought() -> None:
    found = figure(known("rosc_survival"), [counted(Outcome.MISSING)], MARCH)
    assert (found.value, found.numerator, found.denominator) == (None, 0, 0)


def test_a_median_says_of_how_many_it_is() -> None:
    verdicts = [counted(Outcome.MET, minutes=one) for one in ("40", "61.5", "52", "55")]
    found = figure(known("stroke_call_to_hospital_median"), verdicts, MARCH)
    assert (found.value, found.numerator, found.denominator) == (Decimal("53.5"), None, 4)


def test_the_end_of_a_period_is_not_in_it() -> None:
    at_the_end = counted(Outcome.MET, hours=4 * 24)
    just_before = counted(Outcome.MET, hours=4 * 24 - 0.001)
    found = figure(known("rosc_survival"), [at_the_end, just_before], MARCH)
    assert found.denominator == 1


def test_the_trend_has_a_point_a_day_and_gaps_where_nothing_was_counted() -> None:
    verdicts = [
        counted(Outcome.MET, hours=1),
        counted(Outcome.NOT_MET, hours=2),
        # 23:30 UTC on the 29th is the 30th in London: its clocks went forward that morning.
        counted(Outcome.MET, hours=2 * 24 + 23.5),
    ]
    found = figure(known("rosc_survival"), verdicts, MARCH)
    assert found.sparkline == (
        Point(date(2026, 3, 27), Decimal("0.5")),
        Point(date(2026, 3, 28), None),
        Point(date(2026, 3, 29), None),
        Point(date(2026, 3, 30), Decimal(1)),
        Point(date(2026, 3, 31), None),
    )


@pytest.mark.parametrize(
    ("met", "not_met", "is_shown"),
    [(0, 0, True), (6, 6, True), (5, 20, False), (20, 5, False), (3, 0, False), (0, 30, True)],
)
def test_a_share_is_withheld_in_public_when_few_met_it_or_few_did_not(
    met: int, not_met: int, is_shown: bool
) -> None:
    found = withheld(share(met=met, not_met=not_met))
    assert (found.denominator is not None) is is_shown
    assert (found.numerator is not None) is is_shown
    assert found.is_suppressed is not is_shown
    if not is_shown:
        assert found.value is None
    assert found.sparkline is None


def test_a_small_side_count_is_withheld_by_itself() -> None:
    found = withheld(share(met=20, excepted=3, not_met=10))
    assert (found.numerator, found.denominator, found.exceptions) == (23, 33, None)
    assert found.is_suppressed
