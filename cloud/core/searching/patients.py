"""Patients somebody told of, by what a search may ask: not who they are, which is sealed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import func, select

from cloud.core.encounters.record_tables import PatientRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.searching.clauses import Clause, Order, Span, moment

BY_ID: Final = Order((PatientRow.patient_id,))


def of_ids(patient_ids: Collection[str]) -> Clause:
    """These patients."""
    return PatientRow.patient_id.in_(list(patient_ids))


def of_pseudonyms(pseudonyms: Collection[str]) -> Clause:
    """Whom these stand for."""
    return PatientRow.pseudonym.in_(list(pseudonyms))


def changed(prefix: str, span: Span) -> Clause:
    """By the last change."""
    return moment(PatientRow.updated_at, prefix, span)


def patient(work: UnitOfWork, principal: Principal, patient_id: str) -> PatientRow | None:
    """One patient of the caller's tenant."""
    statement = scoped(principal, PatientRow).where(of_ids([patient_id]))
    return work.session.scalars(statement).one_or_none()


def with_encounters(clauses: Sequence[Clause]) -> Clause:
    """Patients of an encounter that fits."""
    return PatientRow.patient_id.in_(select(EncounterRow.patient_id).where(*clauses))


def newest_encounters(
    work: UnitOfWork,
    principal: Principal,
    patient_ids: Collection[str],
    clauses: Sequence[Clause] = (),
) -> dict[str, EncounterRow]:
    """The last encounter of each patient that has one that fits."""
    statement = (
        scoped(principal, EncounterRow)
        .where(EncounterRow.patient_id.in_(list(patient_ids)), *clauses)
        .order_by(EncounterRow.started_at, EncounterRow.encounter_id)
    )
    return {str(row.patient_id): row for row in work.session.scalars(statement)}


def count_of(work: UnitOfWork, principal: Principal, clauses: Sequence[Clause]) -> int:
    """How many fit."""
    statement = scoped(principal, PatientRow).where(*clauses)
    return work.session.scalar(statement.with_only_columns(func.count())) or 0
