"""Whose encounter it is: identified, corrected, unlinked; nothing of it is ever removed.

An encounter of somebody unknown has a pseudonym of its own. Once something is told of them there is
a patient, and a link that says from when to when the encounter was theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from cloud.core.encounters.acts import record_act
from cloud.core.encounters.finding import find, to_change
from cloud.core.encounters.identities import (
    UNKNOWN,
    VERIFIED,
    contradicted,
    identity_of,
    is_birth_date,
    keep_identity,
    supplemented,
)
from cloud.core.encounters.lifecycle import SIGNED
from cloud.core.encounters.nhs_number import read_nhs_number
from cloud.core.encounters.record import ActKind, PatientIdentity
from cloud.core.encounters.record_tables import PatientLinkRow, PatientRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.versions import keep_version
from cloud.core.identity.service import pseudonym, tenant
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, InvalidError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

NOBODY: Final = PatientIdentity()
"""Nothing is known."""
SAME_PERSON: Final = "same_person"
"""Why a link ended that was to somebody who turned out to be a patient already known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPatient:
    """What a caller knows: `person_id` is the caller's own id of them, of which only a pseudonym is
    kept.
    """

    person_id: str = ""
    identity: PatientIdentity | None = None


def identify(
    work: UnitOfWork, vault: Vault, principal: Principal, encounter_id: str, told: ToldPatient
) -> EncounterRow:
    """Say who the patient is, or more of it than was known.

    A verified NHS number, or a caller's own id, of a patient who is known already makes the
    encounter theirs. ConflictError `identity_differs` when something else is known (correct it, or
    unlink the patient); InvalidError `invalid_nhs_number`, `invalid_birth_date` or
    `nothing_told`.
    """
    row = to_change(work, principal, encounter_id)
    before = row.patient_id
    if not _tell(work, vault, principal, row, told):
        raise InvalidError("nothing_told", "Send what is known of the patient.")
    if before is not None and before != row.patient_id:
        _end_link(work, principal, row.encounter_id, before, SAME_PERSON)
        _merge(work, principal, before, row.patient_id)
    data: dict[str, Any] = {"patient_id": row.patient_id}
    if before is not None and before != row.patient_id:
        data["merged_patient_id"] = before
    record_act(work, principal, row, ActKind.PATIENT_IDENTIFIED, data, told=data)
    _keep_where_signed(work, principal, row, ActKind.PATIENT_IDENTIFIED, "")
    return row


def correct(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    encounter_id: str,
    identity: PatientIdentity,
    reason: str,
) -> EncounterRow:
    """Say anew who the patient is: the same person, whose name or number was written wrongly.

    `identity` is the whole of what is known now; what was written before is kept. ConflictError
    `no_patient`, or `another_patient` for the verified NHS number of somebody else: then it was
    the wrong patient, which is to be unlinked.
    """
    row = to_change(work, principal, encounter_id)
    patient = _linked(work, principal, row)
    identity = _checked(work, identity)
    key = _match_key(work, vault, principal, identity)
    other = None if key is None else _find(work, principal, match_key=key)
    if other is not None and other.patient_id != patient.patient_id:
        raise ConflictError(
            "another_patient", "Unlink the patient first: the NHS number is somebody else's."
        )
    patient.match_key = key
    keep_identity(work, vault, principal, patient, identity)
    row.sex = identity.sex or None
    data = {"patient_id": patient.patient_id}
    record_act(
        work, principal, row, ActKind.PATIENT_CORRECTED, {**data, "reason": reason}, told=data
    )
    _keep_where_signed(work, principal, row, ActKind.PATIENT_CORRECTED, reason)
    return row


def unlink(
    work: UnitOfWork, vault: Vault, principal: Principal, encounter_id: str, reason: str
) -> EncounterRow:
    """It was the wrong patient: the encounter is of somebody unknown again, under a new pseudonym.

    The link stays in history; whoever has the record is told that it was entered in error.
    ConflictError `no_patient`.
    """
    row = to_change(work, principal, encounter_id)
    patient = _linked(work, principal, row)
    _end_link(work, principal, encounter_id, patient.patient_id, reason)
    row.patient_id, row.sex = None, None
    past = len(links_of(work, principal, encounter_id))
    row.patient_pseudonym = own_pseudonym(work, vault, principal, f"{encounter_id}/{past}")
    data = {"patient_id": patient.patient_id, "entered_in_error": True}
    record_act(
        work,
        principal,
        row,
        ActKind.PATIENT_UNLINKED,
        {**data, "reason": reason},
        told={**data, "facility_id": row.destination},
    )
    _keep_where_signed(work, principal, row, ActKind.PATIENT_UNLINKED, reason)
    return row


def begin_patient(
    work: UnitOfWork, vault: Vault, principal: Principal, row: EncounterRow, told: ToldPatient
) -> None:
    """Give a new encounter its patient, where anything is told of them."""
    _tell(work, vault, principal, row, told)


def links_of(work: UnitOfWork, principal: Principal, encounter_id: str) -> list[PatientLinkRow]:
    """Whose an encounter was and is, oldest first."""
    statement = scoped(principal, PatientLinkRow).where(PatientLinkRow.encounter_id == encounter_id)
    return list(work.session.scalars(statement.order_by(PatientLinkRow.row_id)))


def read_links(work: UnitOfWork, principal: Principal, encounter_id: str) -> list[PatientLinkRow]:
    """The same for a caller: the read is audited. NotFoundError `encounter_not_found`."""
    row = find(work, principal, encounter_id)
    audit.record(work, principal, "read-patient-history", "encounter", row.encounter_id)
    return links_of(work, principal, row.encounter_id)


def patient_of(work: UnitOfWork, principal: Principal, row: EncounterRow) -> PatientRow | None:
    """The patient an encounter is linked to now, None while nobody told anything of them."""
    if row.patient_id is None:
        return None
    return _find(work, principal, patient_id=row.patient_id)


def own_pseudonym(work: UnitOfWork, vault: Vault, principal: Principal, subject: str) -> str:
    """The pseudonym of a subject, keyed by the caller's tenant."""
    return pseudonym(vault, tenant(work, principal.tenant_id), subject)


def _tell(
    work: UnitOfWork, vault: Vault, principal: Principal, row: EncounterRow, told: ToldPatient
) -> bool:
    """Link the encounter to whom `told` speaks of; whether it speaks of anybody."""
    identity = _checked(work, told.identity or NOBODY)
    if identity == NOBODY and not told.person_id:
        return False
    current = patient_of(work, principal, row)
    known = identity_of(work, vault, principal, row.patient_id) or NOBODY
    _check_agreement(contradicted(known, identity))
    patient = _known(work, vault, principal, told.person_id, identity)
    if patient is None and current is not None and told.person_id:
        # The caller's id is nobody's yet: it is not for us to say that it is this patient's.
        _check_agreement(["person_id"])
    patient = patient or current or _new(work, vault, principal, told.person_id)
    whole = supplemented(identity, known)
    there = identity_of(work, vault, principal, patient.patient_id) or NOBODY
    if patient is not current:
        # One number, two dates of birth: one of them is mistyped, and nobody can say which.
        _check_agreement([name for name in contradicted(there, whole) if name == "birth_date"])
        whole = supplemented(whole, there)
        _link(work, principal, row, patient)
    if whole != there:
        patient.match_key = _match_key(work, vault, principal, whole) or patient.match_key
        keep_identity(work, vault, principal, patient, whole)
    row.sex = whole.sex or row.sex
    return True


def _check_agreement(wrong: list[str]) -> None:
    if wrong:
        raise ConflictError(
            "identity_differs",
            "Correct the patient, or unlink them, where it is said otherwise already.",
            details={"fields": wrong},
        )


def _known(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    person_id: str,
    identity: PatientIdentity,
) -> PatientRow | None:
    """The patient of a verified NHS number, or of a caller's id; nobody is guessed by a name."""
    key = _match_key(work, vault, principal, identity)
    found = None if key is None else _find(work, principal, match_key=key)
    if found is not None or not person_id:
        return found
    return _find(work, principal, pseudonym=own_pseudonym(work, vault, principal, person_id))


def _checked(work: UnitOfWork, identity: PatientIdentity) -> PatientIdentity:
    if identity.birth_date and not is_birth_date(identity.birth_date, work.now.date()):
        raise InvalidError(
            "invalid_birth_date",
            "Send a day, a month or a year that has been.",
            details={"fields": ["birth_date"]},
        )
    if not identity.nhs_number:
        return replace(identity, nhs_number_status="unavailable")
    number = read_nhs_number(identity.nhs_number)
    if number is None:
        raise InvalidError(
            "invalid_nhs_number",
            "Read the NHS number again: its check digit does not fit.",
            details={"fields": ["nhs_number"]},
        )
    status = identity.nhs_number_status
    return replace(
        identity,
        nhs_number=number,
        nhs_number_status="unverified" if status == "unavailable" else status,
    )


def _match_key(
    work: UnitOfWork, vault: Vault, principal: Principal, identity: PatientIdentity
) -> str | None:
    if not identity.nhs_number or identity.nhs_number_status != VERIFIED:
        return None
    return own_pseudonym(work, vault, principal, f"nhs-number:{identity.nhs_number}")


def _find(work: UnitOfWork, principal: Principal, **by: str) -> PatientRow | None:
    statement = scoped(principal, PatientRow).filter_by(**by)
    if "patient_id" not in by:
        statement = statement.where(PatientRow.merged_into.is_(None))
    return work.session.scalars(statement.order_by(PatientRow.created_at).limit(1)).first()


def _new(work: UnitOfWork, vault: Vault, principal: Principal, person_id: str) -> PatientRow:
    patient_id = new_id("pat")
    row = PatientRow(
        patient_id=patient_id,
        tenant_id=principal.tenant_id,
        status=UNKNOWN,
        pseudonym=own_pseudonym(work, vault, principal, person_id or patient_id),
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return row


def _link(work: UnitOfWork, principal: Principal, row: EncounterRow, patient: PatientRow) -> None:
    row.patient_id, row.patient_pseudonym = patient.patient_id, patient.pseudonym
    work.session.add(
        PatientLinkRow(
            tenant_id=row.tenant_id,
            encounter_id=row.encounter_id,
            patient_id=patient.patient_id,
            since=work.now,
            by=principal.user_id or principal.client_id,
            reason="",
        )
    )
    work.session.flush()


def _end_link(
    work: UnitOfWork, principal: Principal, encounter_id: str, patient_id: str, reason: str
) -> None:
    for link in links_of(work, principal, encounter_id):
        if link.patient_id == patient_id and link.until is None:
            link.until, link.reason = work.now, reason
            link.ended_by = principal.user_id or principal.client_id


def _merge(work: UnitOfWork, principal: Principal, patient_id: str, into: str | None) -> None:
    """Whom no encounter is linked to any more was the other patient all the time."""
    still = scoped(principal, PatientLinkRow).where(
        PatientLinkRow.patient_id == patient_id, PatientLinkRow.until.is_(None)
    )
    patient = _find(work, principal, patient_id=patient_id)
    if patient is not None and work.session.scalars(still.limit(1)).first() is None:
        patient.merged_into, patient.match_key, patient.updated_at = into, None, work.now


def _linked(work: UnitOfWork, principal: Principal, row: EncounterRow) -> PatientRow:
    patient = patient_of(work, principal, row)
    if patient is None:
        raise ConflictError("no_patient", "Identify the patient first: nobody is linked yet.")
    return patient


def _keep_where_signed(
    work: UnitOfWork, principal: Principal, row: EncounterRow, kind: ActKind, reason: str
) -> None:
    """After the handover it is an amendment, and a version of its own."""
    if row.status in SIGNED:
        keep_version(work, principal, row, kind.value, reason)
