"""Dates of a search: a prefix, and a time that covers what its precision says (R4, 3.1.1.4.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from cloud.core.kernel.errors import BadValueError
from cloud.core.searching.clauses import LAST, Span, later

PREFIXES: Final = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
_DATE: Final = re.compile(
    r"(?P<prefix>[a-z]{2})?(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(\.(?P<fraction>\d{1,9}))?)?"
    r"(?P<zone>Z|[+ -]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_WIDEST_OFFSET: Final = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a date parameter asks for."""

    prefix: str
    span: Span


def parse_date(name: str, text: str) -> Moment:
    """A value of a date parameter; without a zone it is in UTC. BadValueError for anything else."""
    found = _DATE.fullmatch(text)
    if found is None or (found["prefix"] or "eq") not in PREFIXES:
        raise _refused(name)
    try:
        return Moment(found["prefix"] or "eq", _span(found))
    except (ValueError, OverflowError) as exc:
        raise _refused(name) from exc


def _span(found: re.Match[str]) -> Span:
    year, month, day = int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)
    start = datetime(year, month, day, tzinfo=UTC)
    if found["month"] is None:
        return Span(start, LAST if year == LAST.year else start.replace(year=year + 1))
    if found["day"] is None:
        following = later(start, timedelta(days=32))
        return Span(start, LAST if following == LAST else following.replace(day=1))
    if found["hour"] is None:
        return Span(start, later(start, timedelta(days=1)))
    seconds, fraction = int(found["second"] or 0), found["fraction"] or ""
    start = start.replace(
        hour=int(found["hour"]),
        minute=int(found["minute"]),
        second=seconds,
        microsecond=int(fraction.ljust(6, "0")[:6]),
        tzinfo=_zone(found["zone"]),
    ).astimezone(UTC)
    if found["second"] is None:
        return Span(start, later(start, timedelta(minutes=1)))
    precision = timedelta(microseconds=10 ** max(0, 6 - len(fraction)))
    return Span(start, later(start, precision))


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    # In a query an unescaped + arrives as a blank.
    sign = -1 if text[0] == "-" else 1
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    if offset > _WIDEST_OFFSET or int(text[4:6]) > 59:
        raise ValueError("no place on earth has that offset")
    return timezone(sign * offset)


def _refused(name: str) -> BadValueError:
    return BadValueError(
        "invalid_date",
        "Send a FHIR date, dateTime or instant, with one of the prefixes or none.",
        details={"fields": [{"field": f"query.{name}", "rule": "date"}]},
    )
