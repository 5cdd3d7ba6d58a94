"""Who a patient is, sealed: written version by version, opened only here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import func, select

from cloud.core.encounters.record import NextOfKin, PatientIdentity
from cloud.core.encounters.record_tables import PatientIdentityRow, PatientRow
from cloud.core.kernel.exact_json import dumps, loads
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

UNKNOWN: Final = "unknown"
PARTLY_KNOWN: Final = "partly_known"
KNOWN: Final = "known"
VERIFIED: Final[Literal["verified"]] = "verified"
_FULL_DATE: Final = len("1961-04-12")
_NAMES_NOBODY: Final = frozenset({"sex", "nhs_number_status", "deceased_at"})
"""What can be told of somebody nobody knows."""


def identity_of(
    work: UnitOfWork, vault: Vault, principal: Principal, patient_id: str | None
) -> PatientIdentity | None:
    """The newest of what is known of a patient of the caller's tenant, None where nothing is.

    Who may see it is for the caller to ask before (`projections`). VaultError as `Vault.open`.
    """
    if patient_id is None:
        return None
    row = work.session.scalars(
        scoped(principal, PatientIdentityRow)
        .where(PatientIdentityRow.patient_id == patient_id)
        .order_by(PatientIdentityRow.version.desc())
        .limit(1)
    ).first()
    return None if row is None else _opened(vault, row)


def keep_identity(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    patient: PatientRow,
    identity: PatientIdentity,
) -> None:
    """One more version of who the patient is; the ones before stay."""
    newest = work.session.scalar(
        select(func.max(PatientIdentityRow.version)).where(
            PatientIdentityRow.tenant_id == principal.tenant_id,
            PatientIdentityRow.patient_id == patient.patient_id,
        )
    )
    work.session.add(
        PatientIdentityRow(
            tenant_id=patient.tenant_id,
            patient_id=patient.patient_id,
            version=(newest or 0) + 1,
            sealed=vault.seal(dumps(_document(identity)), purpose=_purpose(patient)),
            by=principal.user_id or principal.client_id,
            at=work.now,
        )
    )
    patient.status = status_of(identity)
    patient.updated_at = work.now
    work.session.flush()


def status_of(identity: PatientIdentity) -> str:
    """Known by a verified NHS number, or by both names and the whole date of birth."""
    has_number = bool(identity.nhs_number) and identity.nhs_number_status == VERIFIED
    is_named = bool(identity.family_name and identity.given_name)
    if has_number or (is_named and len(identity.birth_date) == _FULL_DATE):
        return KNOWN
    told = [name for name in _told(identity) if name not in _NAMES_NOBODY]
    return PARTLY_KNOWN if told else UNKNOWN


def is_birth_date(text: str, today: date) -> bool:
    """Whether it is a year, a month of one or a day of one, and has begun."""
    try:
        year, *rest = (int(part) for part in text.split("-"))
        month, day = (*rest, *(1, 1)[len(rest) :])
        return date(year, month, day) <= today
    except ValueError:
        return False


def contradicted(known: PatientIdentity, told: PatientIdentity) -> list[str]:
    """The names of what `told` says otherwise than `known`; that a number was verified meanwhile
    contradicts nothing.
    """
    before, now = _told(known), _told(told)
    return [
        name
        for name, value in now.items()
        if name != "nhs_number_status" and before.get(name, value) != value
    ]


def supplemented(told: PatientIdentity, known: PatientIdentity) -> PatientIdentity:
    """What is told, and what was known of the rest."""
    whole = replace(known, **_told(told))
    is_verified = VERIFIED in (told.nhs_number_status, known.nhs_number_status)
    if told.nhs_number == known.nhs_number and is_verified:
        return replace(whole, nhs_number_status=VERIFIED)
    return whole


def _told(identity: PatientIdentity) -> dict[str, Any]:
    """What is said in it; the status of a number belongs to the number."""
    said = {one.name: getattr(identity, one.name) for one in fields(identity)}
    if not identity.nhs_number:
        said.pop("nhs_number_status")
    return {name: value for name, value in said.items() if value}


def _document(identity: PatientIdentity) -> dict[str, Any]:
    said = asdict(identity)
    if identity.deceased_at is not None:
        said["deceased_at"] = identity.deceased_at.isoformat()
    return said


def _opened(vault: Vault, row: PatientIdentityRow) -> PatientIdentity:
    said: Mapping[str, Any] = loads(vault.open(row.sealed, purpose=_purpose(row)))
    kin, deceased = said["next_of_kin"], said["deceased_at"]
    return PatientIdentity(
        **{
            **said,
            "address": tuple(said["address"]),
            "next_of_kin": None if kin is None else NextOfKin(**kin),
            "deceased_at": None if deceased is None else datetime.fromisoformat(deceased),
        }
    )


def _purpose(row: PatientRow | PatientIdentityRow) -> str:
    return f"patient:{row.tenant_id}:{row.patient_id}"
