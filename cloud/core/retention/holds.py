"""Legal holds: what may not go, whoever asks and however old it is."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from cloud.core.encounters.finding import find
from cloud.core.encounters.record_tables import PatientLinkRow, PatientRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.retention.tables import LegalHoldRow


def place_hold(
    work: UnitOfWork,
    principal: Principal,
    *,
    encounter_id: str | None = None,
    patient_id: str | None = None,
    reason: str,
) -> LegalHoldRow:
    """Keep an encounter, or all of a patient's, from being erased.

    InvalidError `one_subject` unless exactly one is named; NotFoundError for another tenant's and
    for one there is not.
    """
    if (encounter_id is None) == (patient_id is None):
        raise InvalidError("one_subject", "Name an encounter or a patient.")
    if encounter_id is not None:
        find(work, principal, encounter_id)
    if patient_id is not None:
        find_patient(work, principal, patient_id)
    row = LegalHoldRow(
        hold_id=new_id("hold"),
        tenant_id=principal.tenant_id,
        encounter_id=encounter_id,
        patient_id=patient_id,
        reason=reason,
        placed_at=work.now,
        placed_by=principal.user_id or principal.client_id,
    )
    work.session.add(row)
    audit.record(work, principal, "hold.placed", "legal_hold", row.hold_id)
    return row


def lift_hold(work: UnitOfWork, principal: Principal, hold_id: str) -> LegalHoldRow:
    """End a hold; it stays in the list. NotFoundError; ConflictError `hold_lifted` before."""
    row = work.session.scalars(
        scoped(principal, LegalHoldRow).where(LegalHoldRow.hold_id == hold_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("hold_not_found", "Use the id of a hold of your organisation.")
    if row.lifted_at is not None:
        raise ConflictError("hold_lifted", "The hold was lifted before.")
    row.lifted_at, row.lifted_by = work.now, principal.user_id or principal.client_id
    audit.record(work, principal, "hold.lifted", "legal_hold", hold_id)
    return row


def holds(work: UnitOfWork, principal: Principal) -> list[LegalHoldRow]:
    """Every hold there is and was, the newest first."""
    statement = scoped(principal, LegalHoldRow)
    return list(
        work.session.scalars(
            statement.order_by(LegalHoldRow.placed_at.desc(), LegalHoldRow.hold_id)
        )
    )


def find_patient(work: UnitOfWork, principal: Principal, patient_id: str) -> PatientRow:
    """A patient of the caller's tenant; NotFoundError otherwise."""
    row = work.session.scalars(
        scoped(principal, PatientRow).where(PatientRow.patient_id == patient_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("patient_not_found", "Use the id of a patient of your organisation.")
    return row


def check_not_held(
    work: UnitOfWork, principal: Principal, encounters: Collection[str], patients: Collection[str]
) -> None:
    """ConflictError `legal_hold`, with the hold and its reason, where one of them may not go."""
    for row in _open(work, principal.tenant_id):
        if row.encounter_id in encounters or row.patient_id in patients:
            raise ConflictError(
                "legal_hold",
                "A legal hold keeps this from being erased; it has to be lifted first.",
                details={
                    "hold_id": row.hold_id,
                    "hold_reason": row.reason,
                    "placed_at": row.placed_at.isoformat(),
                },
            )


def held_encounters(work: UnitOfWork, tenant_id: str) -> frozenset[str]:
    """The encounters of a tenant that may not go, those of patients held among them."""
    rows = _open(work, tenant_id)
    patients = [row.patient_id for row in rows if row.patient_id is not None]
    linked = work.session.scalars(
        select(PatientLinkRow.encounter_id).where(
            PatientLinkRow.tenant_id == tenant_id, PatientLinkRow.patient_id.in_(patients)
        )
    )
    return frozenset(row.encounter_id for row in rows if row.encounter_id).union(linked)


def _open(work: UnitOfWork, tenant_id: str) -> list[LegalHoldRow]:
    return list(
        work.session.scalars(
            select(LegalHoldRow).where(
                LegalHoldRow.tenant_id == tenant_id, LegalHoldRow.lifted_at.is_(None)
            )
        )
    )
