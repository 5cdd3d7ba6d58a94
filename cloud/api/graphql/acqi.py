"""`acqiMetrics`: the service's quality indicators over a period."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final

import strawberry

from cloud.api.graphql.asking import Info
from cloud.api.graphql.sizes import at_most
from cloud.core.kernel.scopes import ACQI_READ
from cloud.core.quality import service as quality
from cloud.core.quality.figures import Figure
from cloud.core.quality.periods import period

_HOME: Final = "Europe/London"
_MOST_POINTS: Final = 40


@strawberry.type(description="One bucket of a trend by its first day.")
class AcqiPoint:
    """Without a value where nothing was counted."""

    date: date
    value: float | None


@strawberry.type(description="One indicator over the period that was asked for.")
class AcqiMetric:
    """`value` is null where the denominator is empty, `numerator` where it is a median."""

    name: str
    label: str
    value: float | None
    numerator: int | None
    denominator: int | None
    unit: str
    target: float | None
    direction: str
    sparkline: list[AcqiPoint] | None = strawberry.field(
        description="Days up to 31 days, weeks up to 120, months beyond.",
        metadata=at_most(_MOST_POINTS),
    )


def acqi_metrics(
    info: Info,
    from_date: datetime,
    to_date: datetime,
    vehicle_id: Annotated[str | None, strawberry.argument(description="One vehicle's.")] = None,
    care_model: Annotated[str | None, strawberry.argument(description="One care model's.")] = None,
) -> list[AcqiMetric]:
    """Figures of completed encounters by the time of their call, `toDate` not included."""
    with info.context.work(ACQI_READ) as work:
        wanted = quality.Selection(
            period=period(from_date, to_date, _HOME),
            vehicle_id=vehicle_id,
            care_model=care_model,
        )
        found = quality.figures(work, info.context.caller, wanted)
        return [_metric(one) for one in found.figures]


def _metric(one: Figure) -> AcqiMetric:
    return AcqiMetric(
        name=one.indicator.name,
        label=one.indicator.label,
        value=_float(one.value),
        numerator=one.numerator,
        denominator=one.denominator,
        unit=one.indicator.unit,
        target=_float(one.indicator.target),
        direction=one.indicator.direction,
        sparkline=[AcqiPoint(date=at.date, value=_float(at.value)) for at in one.sparkline or ()],
    )


def _float(value: Decimal | None) -> float | None:
    """GraphQL has binary numbers only; figures have four digits, and those come out unharmed."""
    return None if value is None else float(value)
