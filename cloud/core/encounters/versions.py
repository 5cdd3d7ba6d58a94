"""The record as it stood when somebody was given it: kept at the handover and at every amendment.

What was handed over stays readable for ever, whatever is said later.
"""

from __future__ import annotations

from cloud.core.encounters.acts import record_act
from cloud.core.encounters.lifecycle import SIGNED
from cloud.core.encounters.record import ActKind
from cloud.core.encounters.record_codec import record_document
from cloud.core.encounters.record_tables import EncounterVersionRow
from cloud.core.encounters.recorded import record_of
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.errors import ConflictError, NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork


def keep_version(
    work: UnitOfWork, principal: Principal, row: EncounterRow, kind: str, reason: str = ""
) -> None:
    """Keep the record as it is now under the encounter's version; `kind` says at what."""
    work.session.flush()
    work.session.add(
        EncounterVersionRow(
            tenant_id=row.tenant_id,
            encounter_id=row.encounter_id,
            version=row.version,
            kind=kind,
            reason=reason,
            by=principal.user_id or principal.client_id,
            at=work.now,
            record=record_document(record_of(work, principal, row)),
        )
    )
    work.session.flush()


def amend(work: UnitOfWork, principal: Principal, row: EncounterRow, reason: str) -> None:
    """Close an amendment: call it after what is amended was changed, in the same unit.

    It makes a new version with its reason, and tells whoever has the old one. ConflictError
    `not_handed_over` while the record was given to nobody: then it is simply changed.
    """
    if row.status not in SIGNED:
        raise ConflictError(
            "not_handed_over", "Change the encounter itself: nobody was given its record yet."
        )
    record_act(work, principal, row, ActKind.AMENDED, {"reason": reason})
    keep_version(work, principal, row, ActKind.AMENDED.value, reason)


def versions_of(
    work: UnitOfWork, principal: Principal, encounter_id: str
) -> list[EncounterVersionRow]:
    """The versions that were kept of an encounter, oldest first."""
    statement = (
        scoped(principal, EncounterVersionRow)
        .where(EncounterVersionRow.encounter_id == encounter_id)
        .order_by(EncounterVersionRow.version)
    )
    return list(work.session.scalars(statement))


def version_of(
    work: UnitOfWork, principal: Principal, encounter_id: str, version: int
) -> EncounterVersionRow:
    """One version; NotFoundError `version_not_found` for one that was not kept."""
    row = work.session.scalars(
        scoped(principal, EncounterVersionRow).where(
            EncounterVersionRow.encounter_id == encounter_id,
            EncounterVersionRow.version == version,
        )
    ).one_or_none()
    if row is None:
        raise NotFoundError("version_not_found", "Use a version that the encounter's list has.")
    return row
