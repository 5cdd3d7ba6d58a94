"""Encounters by what a search may ask of them, and the patients they are of."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Select, Text, and_, cast, func, select

from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.searching.clauses import (
    Clause,
    Order,
    Span,
    contains_exactly,
    either,
    moment,
    stretch,
)

BY_CHANGE: Final = Order((EncounterRow.updated_at, EncounterRow.encounter_id))
BY_ID: Final = Order((EncounterRow.encounter_id,))
BY_START: Final = Order((EncounterRow.started_at, EncounterRow.encounter_id))


def of_ids(encounter_ids: Collection[str]) -> Clause:
    """These encounters."""
    return EncounterRow.encounter_id.in_(list(encounter_ids))


def of_patients(patient_ids: Collection[str], encounter_ids: Collection[str]) -> Clause:
    """Those of patients: of known ones by their ids, of one nobody told of by the encounter's."""
    nobody = and_(EncounterRow.patient_id.is_(None), of_ids(encounter_ids))
    return EncounterRow.patient_id.in_(list(patient_ids)) | nobody


def of_pseudonym(pseudonym: str) -> Clause:
    """Those of whom this stands for."""
    return EncounterRow.patient_pseudonym == pseudonym


def of_incident(cad_incident_id: str) -> Clause:
    """Those of an incident."""
    return EncounterRow.cad_incident_id == cad_incident_id


def in_statuses(statuses: Collection[str]) -> Clause:
    """Those that stand there."""
    return EncounterRow.status.in_(list(statuses))


def of_vehicles(vehicle_ids: Collection[str]) -> Clause:
    """Those of these vehicles."""
    return EncounterRow.vehicle_id.in_(list(vehicle_ids))


def with_crew(crew_ids: Collection[str]) -> Clause:
    """Those in whose crew one of these was."""
    listed = cast(EncounterRow.crew_ids, Text)
    return either(contains_exactly(listed, json.dumps(one)) for one in crew_ids)


def at_time(prefix: str, span: Span) -> Clause:
    """From the start to the handover, or to whatever closed it."""
    end = func.coalesce(EncounterRow.handover_at, EncounterRow.closed_at, type_=_TIME)
    return stretch(EncounterRow.started_at, end, prefix, span)


def changed(prefix: str, span: Span) -> Clause:
    """By the last change."""
    return moment(EncounterRow.updated_at, prefix, span)


def ids_of(
    work: UnitOfWork, principal: Principal, clauses: Sequence[Clause], *, limit: int
) -> list[str]:
    """The ids of those that fit, in their order."""
    statement = select_ids(principal, clauses).order_by(EncounterRow.encounter_id).limit(limit)
    return list(work.session.scalars(statement))


def select_ids(principal: Principal, clauses: Sequence[Clause]) -> Select[str]:
    """The ids of those that fit, for another statement to look into."""
    return select(EncounterRow.encounter_id).where(
        EncounterRow.tenant_id == principal.tenant_id, *clauses
    )


def rows_of(
    work: UnitOfWork,
    principal: Principal,
    encounter_ids: Collection[str],
    clauses: Sequence[Clause] = (),
) -> list[EncounterRow]:
    """These encounters of the caller's tenant, those of them that fit."""
    statement = scoped(principal, EncounterRow).where(of_ids(encounter_ids), *clauses)
    return list(work.session.scalars(statement))


def brought_to(facility_id: str) -> Clause:
    """Those whose patient is brought there."""
    return EncounterRow.destination == facility_id


def count_of(work: UnitOfWork, principal: Principal, clauses: Sequence[Clause]) -> int:
    """How many fit."""
    statement = select(func.count()).select_from(
        scoped(principal, EncounterRow).where(*clauses).subquery()
    )
    return work.session.scalar(statement) or 0


def unknown() -> Clause:
    """Those of whose patient nobody told anything."""
    return EncounterRow.patient_id.is_(None)


_TIME: Final = EncounterRow.started_at.type
