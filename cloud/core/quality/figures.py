"""Verdicts counted: a share or a median, never without how many stand behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from statistics import median
from typing import Final

from cloud.core.quality.definitions import Indicator
from cloud.core.quality.judging import Outcome
from cloud.core.quality.periods import Period

SMALL: Final = 5
"""Counts from 1 to this are not shown in public: few enough to be somebody."""
_DIGITS: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One encounter's verdict as figures count it."""

    encounter_id: str
    call_at: datetime
    version: int
    outcome: Outcome
    minutes: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of the trend, named by its first day; `value` None where nothing was counted."""

    date: date
    value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One indicator over one period.

    `numerator` of `denominator` met it, `exceptions` of them thanks to a documented reason. Apart
    from both: `excluded` by the definition, `unknown` and `missing`. `value` is the share, or the
    median in minutes (then numerator is None and denominator says of how many); None where the
    denominator is empty. `is_suppressed` says that a small number was withheld: `value`, the counts
    and the trend are None then. `versions` are those of the definition that were in force.
    """

    indicator: Indicator
    value: Decimal | None
    numerator: int | None
    denominator: int | None
    exceptions: int | None
    excluded: int | None
    unknown: int | None
    missing: int | None
    versions: tuple[int, ...]
    sparkline: tuple[Point, ...] | None
    is_suppressed: bool = False


def figure(indicator: Indicator, counted: Sequence[Counted], over: Period) -> Figure:
    """The figure of verdicts whose calls lie in the period; others are not counted."""
    inside = [one for one in counted if over.start <= one.call_at < over.end]
    outcomes = Counter(one.outcome for one in inside)
    met = outcomes[Outcome.MET] + outcomes[Outcome.EXCEPTED]
    is_share = indicator.unit == "ratio"
    return Figure(
        indicator=indicator,
        value=_value(indicator, inside),
        numerator=met if is_share else None,
        denominator=met + outcomes[Outcome.NOT_MET],
        exceptions=outcomes[Outcome.EXCEPTED],
        excluded=outcomes[Outcome.EXCLUDED],
        unknown=outcomes[Outcome.UNKNOWN],
        missing=outcomes[Outcome.MISSING],
        versions=tuple(sorted({one.version for one in inside})),
        sparkline=tuple(
            Point(day, _value(indicator, [one for one in inside if first <= one.call_at < last]))
            for day, first, last in over.buckets()
        ),
    )


def withheld(figure: Figure) -> Figure:
    """The figure as the public may see it: small counts, and what would give them away, withheld.

    A share is withheld with its counts when few met it or few did not, a median when few stand
    behind it; small side counts go by themselves. The trend's buckets are smaller still and are
    never shown.
    """
    denominator, numerator = figure.denominator or 0, figure.numerator
    small = _is_small(denominator)
    if numerator is not None:
        small = small or _is_small(numerator) or _is_small(denominator - numerator)
    side = {
        "exceptions": _shown(figure.exceptions),
        "excluded": _shown(figure.excluded),
        "unknown": _shown(figure.unknown),
        "missing": _shown(figure.missing),
    }
    shown = replace(
        figure,
        exceptions=side["exceptions"],
        excluded=side["excluded"],
        unknown=side["unknown"],
        missing=side["missing"],
        sparkline=None,
        is_suppressed=small or None in side.values(),
    )
    if not small:
        return shown
    return replace(shown, value=None, numerator=None, denominator=None)


def _shown(count: int | None) -> int | None:
    return None if count is None or _is_small(count) else count


def _value(indicator: Indicator, counted: Sequence[Counted]) -> Decimal | None:
    if indicator.unit == "min":
        minutes = [one.minutes for one in counted if one.minutes is not None]
        return _rounded(median(minutes)) if minutes else None
    outcomes = Counter(one.outcome for one in counted)
    met = outcomes[Outcome.MET] + outcomes[Outcome.EXCEPTED]
    denominator = met + outcomes[Outcome.NOT_MET]
    return _rounded(Decimal(met) / denominator) if denominator else None


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_DIGITS, ROUND_HALF_EVEN).normalize() + 0


def _is_small(count: int) -> bool:
    return 0 < count <= SMALL
