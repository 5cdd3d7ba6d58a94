"""Quality indicators on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

from cloud.api.shared.strict_json import ExactNumber

Outcome = Literal["met", "excepted", "not_met", "excluded", "unknown", "missing"]


class DefinitionModel(BaseModel):
    """One version of an indicator's definition and the days in which it counts."""

    version: int
    effective_from: date
    effective_until: date | None = None
    source: str
    elements: list[str]


class IndicatorModel(BaseModel):
    """An indicator: what it says in a sentence; `direction` is where better lies."""

    name: str
    label: str
    description: str
    unit: Literal["ratio", "min"]
    direction: Literal["up", "down"]
    target: ExactNumber | None = None
    definitions: list[DefinitionModel]


class IndicatorsModel(BaseModel):
    """Every indicator, in the order it is shown."""

    indicators: list[IndicatorModel]


class PointModel(BaseModel):
    """One bucket of a trend by its first day; without a value where nothing was counted."""

    date: date
    value: ExactNumber | None = None


class MetricModel(BaseModel):
    """One figure. `exceptions` of the numerator were met thanks to a documented reason; `excluded`,
    `unknown` and `missing` are in neither count. Without `value` the denominator is empty, or
    `suppressed` says that small numbers were withheld.
    """

    name: str
    label: str
    value: ExactNumber | None = None
    numerator: int | None = None
    denominator: int | None = None
    unit: Literal["ratio", "min"]
    direction: Literal["up", "down"]
    target: ExactNumber | None = None
    exceptions: int | None = None
    excluded: int | None = None
    unknown: int | None = None
    missing: int | None = None
    suppressed: bool
    definition_versions: list[int]
    sparkline: list[PointModel] | None = None


class MetricsModel(BaseModel):
    """Figures of one period, its end not included; `pending` encounters wait to be judged."""

    from_date: datetime
    to_date: datetime
    time_zone: str
    pending: int
    metrics: list[MetricModel]


class EvidenceModel(BaseModel):
    """What an answer rests on: the id of the item, act or observation that told it."""

    what: str
    at: datetime | None = None
    told_by: str


class ElementModel(BaseModel):
    """One part of a bundle."""

    name: str
    outcome: Outcome
    evidence: list[EvidenceModel]


class JudgedModel(BaseModel):
    """One encounter behind a figure."""

    encounter_id: str
    call_at: datetime
    outcome: Outcome
    minutes: ExactNumber | None = None
    definition_version: int
    elements: list[ElementModel]
    evidence: list[EvidenceModel]


class JudgedPageModel(BaseModel):
    """A page of the encounters behind a figure by the time of their call."""

    encounters: list[JudgedModel]
    next_cursor: str | None = None
