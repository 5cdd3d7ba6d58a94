"""What may be told of a patient whom the reader must not know: bands of age, areas, a pseudonym."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from cloud.core.encounters.record import PatientIdentity, PatientOutline

BAND: Final = 5
OLDEST_BAND: Final = 90
_EIRCODE: Final = re.compile(r"([A-Z]\d[\dW])\s*[A-Z0-9]{4}")
_AREA: Final = re.compile(r"([A-Z]{1,2})\d[A-Z\d]?(?:\s*\d[A-Z]{2})?")


def outline_of(
    *,
    status: str,
    pseudonym: str,
    identity: PatientIdentity | None,
    sex: str | None,
    age_years: int | None,
    at: datetime,
) -> PatientOutline:
    """The outline of a patient at a time; `sex` and `age_years` are what the crew saw, where nobody
    knows better.
    """
    known = identity or PatientIdentity()
    age = age_at(known.birth_date, at.date())
    return PatientOutline(
        status=status,
        pseudonym=pseudonym,
        age_band=age_band(age_years if age is None else age),
        sex=known.sex or sex,
        postcode_area=postcode_area(known.postcode),
    )


def age_band(years: int | None) -> str | None:
    """Five years together (`40-44`); all of ninety and more in one (`90+`)."""
    if years is None:
        return None
    if years >= OLDEST_BAND:
        return f"{OLDEST_BAND}+"
    first = years - years % BAND
    return f"{first}-{first + BAND - 1}"


def age_at(birth_date: str, day: date) -> int | None:
    """Whole years on a day; of a date without month or day, those on the last day it may mean."""
    if not birth_date:
        return None
    year, *rest = (int(part) for part in birth_date.split("-"))
    month, day_of_month = (*rest, *(12, 31)[len(rest) :])
    had_birthday = (day.month, day.day) >= (month, day_of_month)
    return max(0, day.year - year - (not had_birthday))


def postcode_area(postcode: str) -> str | None:
    """The area of a British postcode (`SW1A 1AA`: SW), the routing key of an Eircode
    (`D02 X285`: D02); None for what is neither, and might say more.
    """
    text = postcode.strip().upper()
    eircode = _EIRCODE.fullmatch(text)
    if eircode is not None:
        return eircode[1]
    area = _AREA.fullmatch(text)
    return None if area is None else area[1]
