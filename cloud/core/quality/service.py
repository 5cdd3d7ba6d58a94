"""Quality indicators: judge encounters, count the verdicts, and show what stands behind a figure.

Only completed encounters count, by the time of their call. A verdict follows from the record and
the definition alone, so it is kept and worked out anew only when one of them changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from sqlalchemy import Select, delete, func, insert, or_, select, tuple_

from cloud.core.encounters.lifecycle import Status
from cloud.core.encounters.recorded import record_of
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.principal import Principal, service_principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.quality_values import quality_values
from cloud.core.quality.cases import MOST_VALUES, Case, measured_values
from cloud.core.quality.conditions import Evidence
from cloud.core.quality.definitions import INDICATORS, Indicator, indicator, indicators
from cloud.core.quality.figures import Counted, Figure, figure
from cloud.core.quality.judging import Outcome, Verdict, judge
from cloud.core.quality.periods import Period
from cloud.core.quality.tables import QualityCaseRow, QualityVerdictRow

AT_ONCE: Final = 200
"""How many encounters are judged in one unit of work."""
_ABOUT: Final = timedelta(days=2)
_SERVICE: Final = "quality"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which encounters count; None means any."""

    period: Period
    vehicle_id: str | None = None
    care_model: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Every figure asked for, and how many encounters of the period still wait to be judged."""

    figures: tuple[Figure, ...]
    pending: int


def figures(
    work: UnitOfWork, principal: Principal, wanted: Selection, *, names: Sequence[str] = ()
) -> Figures:
    """The figures of a period, all or those of `names` in the catalogue's order; audited.

    NotFoundError `unknown_indicator` for a name that is none.
    """
    asked = [_known(name) for name in names] if names else list(indicators())
    pending = judge_waiting(work, principal, period=wanted.period)
    audit.record(work, principal, "read", "quality", "*")
    return Figures(
        tuple(
            figure(one, _counted(work, principal, one.name, wanted), wanted.period) for one in asked
        ),
        pending,
    )


def verdicts(
    work: UnitOfWork,
    principal: Principal,
    name: str,
    wanted: Selection,
    *,
    outcome: str | None = None,
    after_row: tuple[datetime, str] | None,
    limit: int,
) -> list[QualityVerdictRow]:
    """The encounters behind a figure by the time of their call, with what each verdict rests on;
    audited. NotFoundError `unknown_indicator`.
    """
    _known(name)
    judge_waiting(work, principal, period=wanted.period)
    statement = _selected(principal, name, wanted)
    if outcome is not None:
        statement = statement.where(QualityVerdictRow.outcome == outcome)
    if after_row is not None:
        statement = statement.where(
            tuple_(QualityVerdictRow.call_at, QualityVerdictRow.encounter_id) > tuple_(*after_row)
        )
    audit.record(work, principal, "list", "quality", name)
    ordered = statement.order_by(QualityVerdictRow.call_at, QualityVerdictRow.encounter_id)
    return list(work.session.scalars(ordered.limit(limit)))


def judge_waiting(
    work: UnitOfWork, principal: Principal, *, period: Period | None = None, most: int = AT_ONCE
) -> int:
    """Judge completed encounters whose verdicts do not hold any more; how many still wait."""
    waiting = _not_judged(scoped(principal, EncounterRow))
    if period is not None:
        waiting = waiting.where(
            EncounterRow.started_at >= period.start - _ABOUT,
            EncounterRow.started_at < period.end + _ABOUT,
        )
    for row in work.session.scalars(waiting.order_by(EncounterRow.started_at).limit(most)).all():
        judge_encounter(work, principal, row)
    work.session.flush()
    remaining = waiting.order_by(None).with_only_columns(func.count())
    return work.session.scalar(remaining) or 0


def judge_encounter(work: UnitOfWork, principal: Principal, row: EncounterRow) -> None:
    """Work out one encounter's verdicts and keep them in place of its former ones."""
    case = _case(work, principal, row)
    _forget(work, row.tenant_id, row.encounter_id)
    kept = {
        "encounter_id": row.encounter_id,
        "tenant_id": row.tenant_id,
        "call_at": case.call_at,
    }
    verdicts = []
    for one in indicators():
        version = one.version_at(case.call_at.date())
        verdict = None if version is None else judge(version, case)
        if version is None or verdict is None or verdict.outcome is Outcome.NOT_APPLICABLE:
            continue
        verdicts.append({**kept, **_columns(one, version.number, verdict)})
    # Rows, not objects: one unit may judge the same encounter more than once.
    work.session.execute(
        insert(QualityCaseRow).values(
            **kept,
            encounter_version=row.version,
            definitions=definitions_digest(),
            vehicle_id=row.vehicle_id,
            care_model=row.care_model,
            judged_at=work.now,
        )
    )
    if verdicts:
        work.session.execute(insert(QualityVerdictRow), verdicts)


def follow_quality(events: Sequence[DomainEvent], work: UnitOfWork) -> None:
    """Judge encounters that ended, or that something happened to after their end; what was said of
    those that are not over any more is forgotten.
    """
    named = {event.resource_id: event for event in events if event.resource_type == "encounter"}
    if not named:
        return
    # every tenant: a portion has events of many, and each is compared with its encounter's.
    completed = (
        select(EncounterRow)
        .where(EncounterRow.encounter_id.in_(named), EncounterRow.status == Status.COMPLETED.value)
        .order_by(EncounterRow.encounter_id)
    )
    for row in work.session.scalars(completed).all():
        event = named.pop(row.encounter_id)
        if row.tenant_id == event.tenant_id:
            judge_encounter(work, service_principal(event.tenant_id, _SERVICE), row)
    # every tenant: as above.
    judged = select(QualityCaseRow.encounter_id).where(QualityCaseRow.encounter_id.in_(named))
    for encounter_id in work.session.scalars(judged.order_by(QualityCaseRow.encounter_id)).all():
        _forget(work, named[encounter_id].tenant_id, encounter_id)


def judge_everywhere(work: UnitOfWork) -> int:
    """Judge some of what waits, in any tenant; how many were judged. The worker's job: what was
    completed before there were indicators, and everything once a definition changed.
    """
    # every tenant: figures are made ready before anybody asks for them.
    statement = _not_judged(select(EncounterRow)).order_by(EncounterRow.updated_at).limit(AT_ONCE)
    rows = work.session.scalars(statement).all()
    for row in rows:
        judge_encounter(work, service_principal(row.tenant_id, _SERVICE), row)
    return len(rows)


@cache
def definitions_digest() -> str:
    """SHA-256 over every definition's file: another one makes every verdict anew."""
    folder = files("cloud.core.quality") / "indicators"
    digest = hashlib.sha256()
    for name in ("code_sets", *INDICATORS):
        digest.update((folder / f"{name}.toml").read_bytes())
    return digest.hexdigest()


def _not_judged(encounters: Select[EncounterRow]) -> Select[EncounterRow]:
    """Those of the completed encounters whose verdicts do not hold, or that have none."""
    return encounters.outerjoin(
        QualityCaseRow, QualityCaseRow.encounter_id == EncounterRow.encounter_id
    ).where(
        EncounterRow.status == Status.COMPLETED.value,
        or_(
            QualityCaseRow.encounter_id.is_(None),
            QualityCaseRow.encounter_version != EncounterRow.version,
            QualityCaseRow.definitions != definitions_digest(),
        ),
    )


def _known(name: str) -> Indicator:
    found = indicator(name)
    if found is None:
        raise NotFoundError("unknown_indicator", "Use the name of one of the listed indicators.")
    return found


def _case(work: UnitOfWork, principal: Principal, row: EncounterRow) -> Case:
    record = record_of(work, principal, row)
    readings = quality_values(work, principal, row.encounter_id, most=MOST_VALUES)
    return Case(
        encounter_id=row.encounter_id,
        version=row.version,
        status=row.status,
        call_at=record.time("call") or row.started_at,
        record=record,
        measured=measured_values(record.vitals, readings),
    )


def _forget(work: UnitOfWork, tenant_id: str, encounter_id: str) -> None:
    for table in (QualityVerdictRow, QualityCaseRow):
        work.session.execute(
            delete(table)
            .where(table.tenant_id == tenant_id, table.encounter_id == encounter_id)
            .execution_options(synchronize_session=False)
        )


def _columns(one: Indicator, version: int, verdict: Verdict) -> dict[str, Any]:
    return {
        "indicator": one.name,
        "definition_version": version,
        "outcome": verdict.outcome.value,
        "minutes": verdict.minutes,
        "elements": [
            {
                "name": element.name,
                "outcome": element.outcome.value,
                "evidence": [_evidence(piece) for piece in element.evidence],
            }
            for element in verdict.elements
        ],
        "evidence": [_evidence(piece) for piece in verdict.evidence],
    }


def _evidence(piece: Evidence) -> dict[str, Any]:
    told = {"what": piece.what, "told_by": piece.told_by}
    return told if piece.at is None else {**told, "at": piece.at.isoformat()}


def _selected(principal: Principal, name: str, wanted: Selection) -> Select[QualityVerdictRow]:
    statement = scoped(principal, QualityVerdictRow).where(
        QualityVerdictRow.indicator == name,
        QualityVerdictRow.call_at >= wanted.period.start,
        QualityVerdictRow.call_at < wanted.period.end,
    )
    if wanted.vehicle_id is None and wanted.care_model is None:
        return statement
    statement = statement.join(
        QualityCaseRow, QualityCaseRow.encounter_id == QualityVerdictRow.encounter_id
    )
    if wanted.vehicle_id is not None:
        statement = statement.where(QualityCaseRow.vehicle_id == wanted.vehicle_id)
    if wanted.care_model is not None:
        statement = statement.where(QualityCaseRow.care_model == wanted.care_model)
    return statement


def _counted(work: UnitOfWork, principal: Principal, name: str, wanted: Selection) -> list[Counted]:
    return [
        Counted(
            encounter_id=row.encounter_id,
            call_at=row.call_at,
            version=row.definition_version,
            outcome=Outcome(row.outcome),
            minutes=row.minutes,
        )
        for row in work.session.scalars(_selected(principal, name, wanted))
    ]
