"""A clock that is set begins a new timeline; the old one is not forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from protocols.ieee20601.clock_eras import Era, likeliest, moved, next_eras
from protocols.model.clock_mapping import ClockFacts, Coincident, Timeline

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAIN = NOON.replace(tzinfo=None)
HOUR = timedelta(hours=1)


def era(ahead: timedelta, at: timedelta = timedelta(0)) -> Era:
    return Era(timeline=Timeline.LOCAL, shown=PLAIN + at + ahead, read_at=NOON + at)


def test_an_era_shows_what_its_clock_shows() -> None:
    first = era(HOUR)
    assert first.ahead == HOUR
    assert first.shows(NOON + HOUR) == PLAIN + 2 * HOUR
    coincident = Coincident(device=PLAIN + HOUR, gateway=NOON)
    assert first.facts == ClockFacts(timeline=Timeline.LOCAL, coincident=coincident)


def test_a_clock_that_ran_on_goes_on_with_the_newer_reading() -> None:
    drifted = era(HOUR + timedelta(seconds=1), at=HOUR)
    assert next_eras((), era(HOUR)) == (era(HOUR),)
    assert next_eras((era(HOUR),), None) == (era(HOUR),)
    assert next_eras((era(HOUR),), drifted) == (drifted,)


def test_a_clock_that_was_set_begins_an_era() -> None:
    first, second = next_eras((era(HOUR),), era(2 * HOUR, at=HOUR))
    assert first == era(HOUR)
    assert second.began == second.shown == PLAIN + 3 * HOUR


def test_no_more_than_four_eras_are_kept() -> None:
    eras: tuple[Era, ...] = ()
    for hours in range(9):
        eras = next_eras(eras, era(hours * HOUR))
    assert [one.ahead for one in eras] == [hours * HOUR for hours in (5, 6, 7, 8)]


def test_a_time_from_before_the_setting_is_likelier_of_the_era_before() -> None:
    first, second = next_eras((era(timedelta(0)),), era(2 * HOUR, at=HOUR))
    assert likeliest((first,), PLAIN) == [first]
    assert likeliest((first, second), PLAIN) == [first, second]
    assert likeliest((first, second), PLAIN + 3 * HOUR) == [second, first]


def test_no_time_moves_beyond_the_calendar() -> None:
    last = datetime(9999, 12, 31, 23)  # noqa: DTZ001 - a device's own time
    assert moved(last, HOUR) == last
    assert moved(PLAIN, HOUR) == PLAIN + HOUR
