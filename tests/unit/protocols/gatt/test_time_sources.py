"""Which sources make a clock a synchronised one, and which zones there are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocols.gatt import time_sources


@pytest.mark.parametrize(
    "source",
    [
        time_sources.NETWORK,
        time_sources.SATELLITES,
        time_sources.RADIO,
        time_sources.ATOMIC_CLOCK,
        time_sources.CELLULAR,
    ],
)
def test_a_clock_that_follows_something_outside_is_synchronised(source: int) -> None:
    assert time_sources.is_synchronised(source)


@pytest.mark.parametrize(
    "source",
    [time_sources.UNKNOWN, time_sources.MANUAL, time_sources.NOT_SYNCHRONISED, 8, 255],
)
def test_a_clock_set_by_hand_or_by_nobody_is_not(source: int) -> None:
    assert not time_sources.is_synchronised(source)


def test_an_offset_counts_quarters_of_an_hour_of_places_on_earth() -> None:
    assert time_sources.local_offset(23) == timedelta(hours=5, minutes=45)
    assert time_sources.local_offset(-48) == timedelta(hours=-12)
    assert time_sources.local_offset(96) is None
    assert time_sources.local_offset(-128) is None


@pytest.mark.parametrize(
    ("zone", "saving", "minutes"),
    [(-48, 0, -720), (8, 2, 150), (8, 4, 180), (56, 8, 960)],
)
def test_an_offset_is_zone_and_daylight_saving_together(
    zone: int, saving: int, minutes: int
) -> None:
    assert time_sources.zone_offset(zone, saving) == timedelta(minutes=minutes)
    parts = time_sources.zone_minutes(zone), time_sources.saving_minutes(saving)
    assert sum(part for part in parts if part is not None) == minutes


@pytest.mark.parametrize(
    ("zone", "saving"), [(-128, 4), (-49, 4), (57, 0), (8, 255), (8, 1), (8, 3)]
)
def test_a_reserved_number_of_either_gives_no_offset(zone: int, saving: int) -> None:
    assert time_sources.zone_offset(zone, saving) is None
