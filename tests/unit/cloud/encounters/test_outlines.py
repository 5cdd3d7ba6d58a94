"""The outline of a patient: bands and areas, never a date of birth or a whole postcode."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cloud.core.encounters.outlines import age_at, age_band, outline_of, postcode_area
from cloud.core.encounters.record import PatientIdentity

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
DAY = AT.date()


@pytest.mark.parametrize(
    ("years", "band"),
    [
        (None, None),
        (0, "0-4"),
        (4, "0-4"),
        (5, "5-9"),
        (44, "40-44"),
        (89, "85-89"),
        (90, "90+"),
        (113, "90+"),
    ],
)
def test_five_years_make_a_band_and_the_oldest_are_together(
    years: int | None, band: str | None
) -> None:
    assert age_band(years) == band


@pytest.mark.parametrize(
    ("born", "years"),
    [
        ("1961-11-26", 65),
        ("1961-11-27", 64),
        ("1961-11", 64),
        ("1961-10", 65),
        ("1961", 64),
        ("2026-11-26", 0),
        ("2026", 0),
        ("", None),
    ],
)
def test_whole_years_are_counted_and_a_part_of_a_date_makes_nobody_older(
    born: str, years: int | None
) -> None:
    assert age_at(born, DAY) == years


def test_a_leap_days_child_is_a_year_older_on_the_first_of_march() -> None:
    assert age_at("2004-02-29", date(2026, 2, 28)) == 21
    assert age_at("2004-02-29", date(2026, 3, 1)) == 22


@pytest.mark.parametrize(
    ("postcode", "area"),
    [
        ("SW1A 1AA", "SW"),
        ("sw1a1aa", "SW"),
        ("M1 1AE", "M"),
        ("B33 8TH", "B"),
        ("EC1A 1BB", "EC"),
        ("SW1A", "SW"),
        ("D02 X285", "D02"),
        ("D6WXY00", "D6W"),
        ("A65F4E2", "A65"),
        ("D02", "D"),
        ("90210", None),
        ("", None),
        ("10 Downing Street", None),
    ],
)
def test_a_postcode_is_cut_to_its_area(postcode: str, area: str | None) -> None:
    assert postcode_area(postcode) == area


def test_what_is_known_goes_before_what_the_crew_saw() -> None:
    identity = PatientIdentity(birth_date="1961-04", sex="female", postcode="SW1A 1AA")
    outline = outline_of(
        status="known", pseudonym="5f", identity=identity, sex="male", age_years=30, at=AT
    )
    assert (outline.sex, outline.age_band, outline.postcode_area) == ("female", "65-69", "SW")
    guessed = outline_of(
        status="unknown", pseudonym="5f", identity=None, sex="male", age_years=30, at=AT
    )
    assert (guessed.sex, guessed.age_band, guessed.postcode_area) == ("male", "30-34", None)
