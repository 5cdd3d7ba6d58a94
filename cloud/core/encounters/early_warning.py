"""NEWS2 of an encounter: worked out of the newest numbers, whoever measured them, with its parts.

A measured number and one the crew told stand side by side, and the later one is the patient's. What
is older than the chart's number is worth, doubted or flagged is missing: it scores no points, and
without it there is no total.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from sqlalchemy import and_, func, or_, select

from cloud.core.encounters.record import EncounterRecord, Vital
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations import queries
from cloud.core.observations.stored import StoredObservation
from cloud.core.observations.tables import ObservationRow
from protocols.model.codes import MdcCode
from protocols.model.early_warning import (
    CUFF,
    MONITORED,
    THERMOMETER,
    TOLD,
    Consciousness,
    Fitness,
    Parameters,
    Part,
    Score,
    score,
)
from protocols.model.observation import (
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
)
from protocols.model.quantity import Quantity
from protocols.nomenclature.lookup import ucum

_MMHG_IN_KPA: Final = Decimal("7.50062")
_DOUBTED_BEFORE: Final = 8
"""So many of the newest readings of a device may be doubted before the parameter is missing."""
_BY_PEOPLE: Final = {"oxygen": "oxygen", "consciousness": "avpu"}
"""The parameters that no device measures, and the findings that tell them."""


class Source(NamedTuple):
    """Where a parameter comes from: codes a device measures it under, the better ones first; the
    crew's type and part; for how long each is worth something; panels that hold such a code.
    """

    codes: tuple[int, ...]
    type: str
    part: str
    measured_for: timedelta
    told_for: timedelta
    panels: tuple[int, ...] = ()


SOURCES: Final = {
    "respiration_rate": Source(
        (151562, 151570, 151578, 151594), "respiration_rate", "value", MONITORED, TOLD
    ),
    "saturation": Source((150456,), "spo2", "value", MONITORED, TOLD),
    "systolic": Source((150021,), "blood_pressure", "systolic", CUFF, CUFF, panels=(150020,)),
    "pulse": Source((147842, 149530), "heart_rate", "value", MONITORED, TOLD),
    "temperature": Source(
        (150364, 150368, 150392), "temperature", "value", THERMOMETER, THERMOMETER
    ),
}
"""The parameters that are numbers."""


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """The score at a time. `unfit` says whom the chart is not made for: then there is no score."""

    at: datetime
    known: Parameters
    score: Score
    unfit: str


def early_warning_of(
    work: UnitOfWork, principal: Principal, row: EncounterRow, record: EncounterRecord
) -> EarlyWarning:
    """The score of an encounter now, or at its end when it is over."""
    at = min(work.now, row.ended_at or work.now)
    return worked_out(record, _latest(work, principal, row.encounter_id, at), at)


def _latest(
    work: UnitOfWork, principal: Principal, encounter_id: str, at: datetime
) -> list[StoredObservation]:
    """The newest readings that may still be worth something: of each device and type a few."""
    fresh = [
        and_(
            ObservationRow.type_cf.in_([*source.codes, *source.panels]),
            ObservationRow.observed_at >= at - source.measured_for,
            ObservationRow.observed_at <= at,
        )
        for source in SOURCES.values()
    ]
    place = func.row_number().over(
        partition_by=(ObservationRow.device_id, ObservationRow.type_cf),
        order_by=(ObservationRow.observed_at.desc(), ObservationRow.row_id.desc()),
    )
    ranked = (
        select(ObservationRow.row_id, place.label("place"))
        .where(
            ObservationRow.tenant_id == principal.tenant_id,
            ObservationRow.encounter_id == encounter_id,
            or_(*fresh),
        )
        .subquery()
    )
    newest = scoped(principal, ObservationRow).where(
        ObservationRow.row_id.in_(select(ranked.c.row_id).where(ranked.c.place <= _DOUBTED_BEFORE))
    )
    return queries.stored(work, principal, list(work.session.scalars(newest)))


def worked_out(
    record: EncounterRecord, latest: Iterable[StoredObservation], at: datetime
) -> EarlyWarning:
    """The score at a time, of the newest reading of each device and type and of what was told."""
    measured = [one for reading in latest for one in _numbers(reading)]

    def number(name: str) -> Decimal | None:
        return _newest(SOURCES[name], measured, record, at)

    known = Parameters(
        respiration_rate=number("respiration_rate"),
        saturation=number("saturation"),
        systolic=number("systolic"),
        pulse=number("pulse"),
        temperature=number("temperature"),
        on_oxygen=_on_oxygen(record, at),
        consciousness=_consciousness(record, at),
    )
    years = record.value("patient.age_years")
    unfit = Fitness(None if years is None else int(years), None).unfit
    if unfit:
        return EarlyWarning(at, known, score(Parameters()), unfit)
    return EarlyWarning(at, known, _with_points(score(known), record, at), unfit)


def _with_points(found: Score, record: EncounterRecord, at: datetime) -> Score:
    """The score with the points of what only a person can tell, where the vehicle's own score is
    the later word: which level of consciousness it was, it does not say.
    """
    vehicle = _told(record, "news2", at, TOLD)
    if vehicle is None:
        return found
    points = dict(vehicle.values)

    def part(mine: Part) -> Part:
        kind = _BY_PEOPLE.get(mine.name)
        if kind is None or mine.name not in points:
            return mine
        own = _told(record, kind, at, TOLD)
        is_later = own is None or own.at < vehicle.at
        return Part(mine.name, int(points[mine.name])) if is_later else mine

    return Score(tuple(part(one) for one in found.parts))


class _Number(NamedTuple):
    code: int
    at: datetime
    value: Decimal


def _numbers(reading: StoredObservation) -> Iterator[_Number]:
    """The numbers of a reading that nobody doubts."""
    told = reading.observation
    if told.status != told.status & MeasurementStatus.VALIDATED or reading.flags:
        return
    parts: tuple[tuple[MdcCode, Quantity], ...] = ()
    if isinstance(told, NumericObservation):
        parts = ((told.type, told.value),)
    elif isinstance(told, CompoundNumericObservation):
        parts = told.components
    for code, quantity in parts:
        if quantity.number is not None:
            value = in_chart_unit(quantity.number, ucum(quantity.unit) or "")
            yield _Number(code.cf_code, told.observed_at.at, value)


def in_chart_unit(value: Decimal, unit: str) -> Decimal:
    """A number in mmHg or degrees Celsius where its UCUM unit is kPa or Fahrenheit, else as it
    is.
    """
    if unit == "kPa":
        return value * _MMHG_IN_KPA
    return (value - 32) * 5 / 9 if unit == "[degF]" else value


def _newest(
    source: Source, measured: Iterable[_Number], record: EncounterRecord, at: datetime
) -> Decimal | None:
    since = at - source.measured_for
    fresh = [one for one in measured if one.code in source.codes and since <= one.at <= at]
    # Two devices measure the same: the better code first, then the later one.
    best = min(
        fresh,
        key=lambda one: (source.codes.index(one.code), at - one.at),
        default=None,
    )
    told = _told(record, source.type, at, source.told_for)
    value = None if told is None else dict(told.values).get(source.part)
    if told is None or not isinstance(value, Decimal):
        return None if best is None else best.value
    if best is not None and best.at >= told.at:
        return best.value
    return in_chart_unit(value, told.unit)


def _told(record: EncounterRecord, kind: str, at: datetime, within: timedelta) -> Vital | None:
    """The newest finding of a kind that the crew looked for and did not have to doubt."""
    found = (
        one
        for one in record.vitals
        if one.type == kind and one.values and not one.flags and at - within <= one.at <= at
    )
    return max(found, key=lambda one: one.at, default=None)


def _on_oxygen(record: EncounterRecord, at: datetime) -> bool | None:
    found = _told(record, "oxygen", at, TOLD)
    flow = None if found is None else dict(found.values).get("flow")
    return flow > 0 if isinstance(flow, Decimal) else None


def _consciousness(record: EncounterRecord, at: datetime) -> Consciousness | None:
    found = _told(record, "avpu", at, TOLD)
    return None if found is None else Consciousness(dict(found.values)["level"])
