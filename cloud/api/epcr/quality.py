"""Quality indicators (ACQI): their definitions, their figures, and the encounters behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from cloud.api.epcr.quality_models import (
    DefinitionModel,
    IndicatorModel,
    IndicatorsModel,
    JudgedModel,
    JudgedPageModel,
    MetricModel,
    MetricsModel,
    Outcome,
    PointModel,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import AcqiRead
from cloud.api.shared.documentation import errors
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, PageByTime, page_json, parse_since
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.kernel.errors import InvalidError
from cloud.core.quality import service as quality
from cloud.core.quality.definitions import Indicator, indicators
from cloud.core.quality.figures import Figure, withheld
from cloud.core.quality.periods import period
from cloud.core.quality.tables import QualityVerdictRow

router = APIRouter(prefix="/api/v1/acqi", tags=["Quality indicators"], route_class=StrictRoute)

_LIST: Final = "acqi"
_HOME: Final = "Europe/London"
Moment = Annotated[str, Query(max_length=40, description="RFC 3339 time with its offset.")]
Zone = Annotated[
    str, Query(max_length=64, description="Where days begin: a name of the zone database.")
]
Vehicle = Annotated[str | None, Query(max_length=64)]
CareModel = Annotated[str | None, Query(max_length=40)]
Names = Annotated[list[str], Query(max_length=50, description="Indicators by name; none: all.")]
Public = Annotated[
    bool, Query(description="Figures to publish: small numbers and trends are withheld.")
]


@router.get("/indicators", response_model=IndicatorsModel, responses=errors())
def list_indicators(caller: AcqiRead) -> Response:  # noqa: ARG001 - the scope is what it is for
    """Every indicator with the versions of its definition."""
    document = IndicatorsModel(indicators=[_indicator(one) for one in indicators()])
    return exact_json(document.model_dump(exclude_none=True))


@router.get("/metrics", response_model=MetricsModel, responses=errors(400, 404, 422))
def read_metrics(
    caller: AcqiRead,
    work: Work,
    from_date: Moment,
    to_date: Moment,
    vehicle_id: Vehicle = None,
    care_model: CareModel = None,
    name: Names = [],  # noqa: B006 - FastAPI copies it
    time_zone: Zone = _HOME,
    public: Public = False,
) -> Response:
    """Figures of completed encounters by the time of their call, from `from_date` until before
    `to_date`.
    """
    wanted = _selection(from_date, to_date, time_zone, vehicle_id, care_model)
    found = quality.figures(work, caller, wanted, names=name)
    shown = [withheld(one) for one in found.figures] if public else found.figures
    document = MetricsModel(
        from_date=wanted.period.start,
        to_date=wanted.period.end,
        time_zone=time_zone,
        pending=found.pending,
        metrics=[_metric(one) for one in shown],
    )
    return exact_json(document.model_dump(exclude_none=True))


@router.get(
    "/metrics/{name}/encounters", response_model=JudgedPageModel, responses=errors(400, 404, 422)
)
def list_judged(
    name: str,
    caller: AcqiRead,
    work: Work,
    services: AllServices,
    from_date: Moment,
    to_date: Moment,
    vehicle_id: Vehicle = None,
    care_model: CareModel = None,
    outcome: Outcome | None = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The encounters behind a figure, each with its verdict and what that rests on."""
    wanted = _selection(from_date, to_date, _HOME, vehicle_id, care_model)
    paging = PageByTime(services.cursors, caller, f"{_LIST}:{name}", limit, cursor)
    rows = quality.verdicts(
        work, caller, name, wanted, outcome=outcome, after_row=paging.after(), limit=limit + 1
    )
    page = paging.of(rows, lambda row: (row.call_at, row.encounter_id))
    document = JudgedPageModel(
        encounters=[_judged(row) for row in page.items], next_cursor=page.next_cursor
    )
    return page_json(document)


def _selection(
    from_date: str, to_date: str, zone: str, vehicle_id: str | None, care_model: str | None
) -> quality.Selection:
    return quality.Selection(
        period=period(_moment(from_date), _moment(to_date), zone),
        vehicle_id=vehicle_id,
        care_model=care_model,
    )


def _moment(text: str) -> datetime:
    at = parse_since(text)
    if at is None:
        raise InvalidError("invalid_period", "Send an RFC 3339 time with its offset.")
    return at


def _indicator(one: Indicator) -> IndicatorModel:
    return IndicatorModel.model_validate(
        {
            "name": one.name,
            "label": one.label,
            "description": one.sentence,
            "unit": one.unit,
            "direction": one.direction,
            "target": one.target,
            "definitions": [
                DefinitionModel(
                    version=version.number,
                    effective_from=version.effective_from,
                    effective_until=version.effective_until,
                    source=version.source,
                    elements=[element.name for element in version.elements],
                )
                for version in one.versions
            ],
        }
    )


def _metric(one: Figure) -> MetricModel:
    points = one.sparkline
    return MetricModel.model_validate(
        {
            "name": one.indicator.name,
            "label": one.indicator.label,
            "value": one.value,
            "numerator": one.numerator,
            "denominator": one.denominator,
            "unit": one.indicator.unit,
            "direction": one.indicator.direction,
            "target": one.indicator.target,
            "exceptions": one.exceptions,
            "excluded": one.excluded,
            "unknown": one.unknown,
            "missing": one.missing,
            "suppressed": one.is_suppressed,
            "definition_versions": list(one.versions),
            "sparkline": points and [PointModel(date=at.date, value=at.value) for at in points],
        }
    )


def _judged(row: QualityVerdictRow) -> JudgedModel:
    return JudgedModel.model_validate(
        {
            "encounter_id": row.encounter_id,
            "call_at": row.call_at,
            "outcome": row.outcome,
            "minutes": row.minutes,
            "definition_version": row.definition_version,
            "elements": row.elements,
            "evidence": row.evidence,
        }
    )
