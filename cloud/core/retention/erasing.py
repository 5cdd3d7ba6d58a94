"""Erasing an encounter, or a patient with all of theirs: what goes, and what is left.

All rows go that bear the encounter's id, in whatever table: who makes a new one need do nothing.
Attached files go, and the patient where no other encounter is theirs. What is left: the audit,
which names ids only, and that there was an encounter, with counts (`encounters.erased`). Answers
kept for a repeated call say from then on that it is gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Table,
    bindparam,
    delete,
    func,
    select,
    text,
    update,
)

from cloud.core.encounters.crew_tables import AttachmentPartRow, CrewEventRow
from cloud.core.encounters.erased import ErasedEncounterRow, check_not_erased
from cloud.core.encounters.finding import to_change
from cloud.core.encounters.lifecycle import CLOSED
from cloud.core.encounters.record_tables import (
    EncounterActRow,
    EncounterOpRow,
    PatientIdentityRow,
    PatientLinkRow,
    PatientRow,
)
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ConflictError, InvalidError
from cloud.core.kernel.idempotency import IdempotencyRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.months import MONTHS
from cloud.core.retention.holds import check_not_held, find_patient
from cloud.core.retention.tables import LegalHoldRow
from cloud.db.base import Base

REQUEST: Final = "request"
RETENTION: Final = "retention"
ERASED: Final = "epcr.encounter.erased"
_NAMES: Final = ("encounter_id", "from_encounter_id", "to_encounter_id")
"""What a column that names an encounter is called."""
_LEFT: Final = frozenset((ErasedEncounterRow.__tablename__, LegalHoldRow.__tablename__))
_ATTACHED: Final = ("attachment", "attachment_id")
_GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Erasure:
    """What goes, or went: the encounters and patients, and how many rows of each table."""

    encounters: tuple[str, ...]
    patients: tuple[str, ...]
    counts: dict[str, int] = field(default_factory=dict)


def erase(
    work: UnitOfWork,
    principal: Principal,
    *,
    encounter_id: str | None,
    patient_id: str | None,
    reason: str,
    is_trial: bool,
) -> Erasure:
    """Erase one or the other, or say what would go; InvalidError `one_subject` for both or none."""
    if encounter_id is not None and patient_id is None:
        if is_trial:
            return plan_encounter(work, principal, encounter_id)
        return erase_encounter(work, principal, encounter_id, reason=reason)
    if patient_id is not None and encounter_id is None:
        if is_trial:
            return plan_patient(work, principal, patient_id)
        return erase_patient(work, principal, patient_id, reason=reason)
    raise InvalidError("one_subject", "Name an encounter or a patient.")


def plan_encounter(work: UnitOfWork, principal: Principal, encounter_id: str) -> Erasure:
    """What erasing an encounter would take away; nothing is changed.

    NotFoundError; ExpiredError `encounter_erased`; ConflictError `legal_hold` and
    `encounter_open`.
    """
    return _plan(work, principal, [_erasable(work, principal, encounter_id)])


def plan_patient(work: UnitOfWork, principal: Principal, patient_id: str) -> Erasure:
    """What erasing a patient with all their encounters would take away. Errors as above."""
    patient = find_patient(work, principal, patient_id)
    rows = [_erasable(work, principal, one) for one in _encounters_of(work, principal, patient)]
    return _plan(work, principal, rows, extra=[patient_id])


def erase_encounter(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, reason: str, cause: str = REQUEST
) -> Erasure:
    """Erase an encounter in this unit; what went. Errors as `plan_encounter`."""
    planned = plan_encounter(work, principal, encounter_id)
    return _erase(work, principal, planned, reason=reason, cause=cause)


def erase_patient(
    work: UnitOfWork, principal: Principal, patient_id: str, *, reason: str
) -> Erasure:
    """Erase a patient and all their encounters in this unit. Errors as `plan_patient`."""
    planned = plan_patient(work, principal, patient_id)
    erased = _erase(work, principal, planned, reason=reason, cause=REQUEST)
    audit.record(work, principal, "erase", "patient", patient_id)
    return erased


def _erasable(work: UnitOfWork, principal: Principal, encounter_id: str) -> EncounterRow:
    check_not_erased(work, principal, encounter_id)
    row = to_change(work, principal, encounter_id)
    if row.status not in CLOSED:
        raise ConflictError("encounter_open", "Hand it over, complete or cancel it first.")
    return row


def _encounters_of(work: UnitOfWork, principal: Principal, patient: PatientRow) -> list[str]:
    """Those that are theirs now; one that was linked by mistake is somebody else's."""
    return list(
        work.session.scalars(
            scoped(principal, EncounterRow)
            .where(EncounterRow.patient_id == patient.patient_id)
            .with_only_columns(EncounterRow.encounter_id)
            .order_by(EncounterRow.encounter_id)
        )
    )


def _plan(
    work: UnitOfWork,
    principal: Principal,
    rows: list[EncounterRow],
    extra: Iterable[str] = (),
) -> Erasure:
    encounters = [row.encounter_id for row in rows]
    linked = _linked(work, principal, rows)
    check_not_held(work, principal, encounters, linked | set(extra))
    patients = [
        one
        for one in sorted(linked | set(extra))
        if one in set(extra) or not _is_anothers(work, principal, one, encounters)
    ]
    counts: Counter[str] = Counter()
    for table, columns in _tables():
        for column in columns:
            which = _rows_of(table, column, principal, encounters)
            counts[table.name] += work.session.scalar(select(func.count()).where(*which)) or 0
    files = _attachments(work, principal, encounters)
    counts["attachments"] = len(files)
    counts["patients"] = len(patients)
    return Erasure(
        tuple(encounters), tuple(patients), {name: one for name, one in counts.items() if one}
    )


def _erase(
    work: UnitOfWork, principal: Principal, planned: Erasure, *, reason: str, cause: str
) -> Erasure:
    for encounter_id in planned.encounters:
        row = to_change(work, principal, encounter_id)
        counts = _plan(work, principal, [row]).counts
        work.session.add(_left(work, principal, row, counts, reason=reason, cause=cause))
        audit.record(work, principal, "erase", "encounter", encounter_id, note=cause)
        outbox.publish(
            work,
            tenant_id=principal.tenant_id,
            event_type=ERASED,
            resource_type="encounter",
            resource_id=encounter_id,
            data={"cause": cause},
        )
    work.session.flush()
    files = _attachments(work, principal, planned.encounters)
    _remove(work, principal, AttachmentPartRow, AttachmentPartRow.attachment_id.in_(files))
    _remove_parts(work, principal, planned.encounters)
    for table, columns in _tables():
        for column in columns:
            which = _rows_of(table, column, principal, planned.encounters)
            work.session.execute(delete(table).where(*which))
    for mapped in (PatientIdentityRow, PatientLinkRow, PatientRow):
        _remove(work, principal, mapped, mapped.patient_id.in_(planned.patients))
    for encounter_id in planned.encounters:
        _forget_answers(work, principal, encounter_id)
        _forget_months(work, encounter_id)
    work.session.expire_all()
    work.leave_no_trace()
    return planned


def _left(
    work: UnitOfWork,
    principal: Principal,
    row: EncounterRow,
    counts: dict[str, int],
    *,
    reason: str,
    cause: str,
) -> ErasedEncounterRow:
    return ErasedEncounterRow(
        encounter_id=row.encounter_id,
        tenant_id=row.tenant_id,
        vehicle_id=row.vehicle_id,
        care_model=row.care_model,
        started_at=row.started_at,
        ended_at=row.ended_at or work.now,
        erased_at=work.now,
        by=principal.user_id or principal.client_id,
        cause=cause,
        reason=reason,
        counts=counts,
    )


def _tables() -> Iterator[tuple[Table, list[str]]]:
    """Every table that names encounters, and the columns it does so in."""
    for table in Base.metadata.sorted_tables:
        columns = [name for name in _NAMES if name in table.c]
        if columns and table.name not in _LEFT:
            yield table, columns


def _rows_of(
    table: Table, column: str, principal: Principal, encounters: Iterable[str]
) -> list[ColumnElement[bool]]:
    mine: list[ColumnElement[bool]] = [table.c[column].in_(list(encounters))]
    if "tenant_id" in table.c:
        mine.append(table.c.tenant_id == principal.tenant_id)
    return mine


def _linked(work: UnitOfWork, principal: Principal, rows: list[EncounterRow]) -> set[str]:
    """Whose these encounters are, and whose they were taken for by mistake."""
    history = (
        scoped(principal, PatientLinkRow)
        .where(PatientLinkRow.encounter_id.in_([row.encounter_id for row in rows]))
        .with_only_columns(PatientLinkRow.patient_id)
    )
    now = {row.patient_id for row in rows if row.patient_id is not None}
    return now | set(work.session.scalars(history))


def _is_anothers(
    work: UnitOfWork, principal: Principal, patient_id: str, encounters: list[str]
) -> bool:
    """Whether a patient has encounters besides these, now or in history."""
    others = (
        scoped(principal, table).where(
            table.patient_id == patient_id, table.encounter_id.not_in(encounters)
        )
        for table in (EncounterRow, PatientLinkRow)
    )
    return any(work.session.scalars(one.limit(1)).first() is not None for one in others)


def _attachments(work: UnitOfWork, principal: Principal, encounters: Iterable[str]) -> set[UUID]:
    """The files that crew events, operations and acts of these encounters name."""
    found: set[UUID] = set()
    for mapped, column in (
        (CrewEventRow, CrewEventRow.details),
        (EncounterOpRow, EncounterOpRow.value),
        (EncounterActRow, EncounterActRow.data),
    ):
        documents = work.session.scalars(
            select(column).where(
                mapped.tenant_id == principal.tenant_id, mapped.encounter_id.in_(list(encounters))
            )
        )
        for document in documents:
            found |= set(_named(document))
    return found


def _named(document: object) -> Iterator[UUID]:
    """Every id that stands behind a word for an attached file."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from _read(name, value)
            yield from _named(value)
    elif isinstance(document, list):
        if len(document) == 2:
            yield from _read(document[0], document[1])
        for one in document:
            yield from _named(one)


def _read(name: object, value: object) -> Iterator[UUID]:
    if name in _ATTACHED and isinstance(value, str):
        try:
            yield UUID(value)
        except ValueError:
            return


def _remove_parts(work: UnitOfWork, principal: Principal, encounters: Iterable[str]) -> None:
    """What was sent to hospitals names no encounter itself, but its delivery does."""
    parts, deliveries = (Base.metadata.tables[f"exchange_{one}"] for one in ("parts", "deliveries"))
    which = _rows_of(deliveries, "encounter_id", principal, encounters)
    sent = select(deliveries.c.delivery_id).where(*which)
    work.session.execute(delete(parts).where(parts.c.delivery_id.in_(sent)))


def _remove(work: UnitOfWork, principal: Principal, mapped: Any, which: Any) -> None:  # noqa: ANN401 - a mapped class and a condition on it
    work.session.execute(
        delete(mapped)
        .where(mapped.tenant_id == principal.tenant_id, which)
        .execution_options(synchronize_session=False)
    )


def _forget_answers(work: UnitOfWork, principal: Principal, encounter_id: str) -> None:
    """Answers that name the encounter are given again as gone."""
    word = encounter_id.encode()
    position = "position(:word IN body)" if work.is_postgresql else "instr(body, :word)"
    named = text(f"{position} > 0").bindparams(bindparam("word", word, LargeBinary))
    work.session.execute(
        update(IdempotencyRow)
        .where(IdempotencyRow.tenant_id == principal.tenant_id)
        .where(IdempotencyRow.route.contains(encounter_id) | named)
        .values(status=_GONE, body=b"{}")
        .execution_options(synchronize_session=False)
    )


def _forget_months(work: UnitOfWork, encounter_id: str) -> None:
    if work.is_postgresql:
        work.session.connection().exec_driver_sql(
            f"DELETE FROM {MONTHS} WHERE encounter_id = %s",  # noqa: S608 - a name of our own schema
            (encounter_id,),
        )
