"""What happens to an encounter as a whole: written down once, audited, and told to who waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import uuid4

from cloud.core.encounters.record import Act, ActKind
from cloud.core.encounters.record_tables import EncounterActRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

AHEAD: Final = timedelta(minutes=5)
UPDATED: Final = "epcr.encounter.updated"
HANDED_OVER: Final = "epcr.encounter.handed_over"


class Meaning(NamedTuple):
    """What an act is called in the audit, and the event others hear of it by."""

    action: str
    event: str = UPDATED


MEANINGS: Final[Mapping[ActKind, Meaning]] = {
    ActKind.CREATED: Meaning("create", "epcr.encounter.created"),
    ActKind.PRE_ALERT: Meaning("pre-alert", "epcr.encounter.pre_alert"),
    ActKind.DESTINATION_CHANGED: Meaning("change-destination"),
    ActKind.VEHICLE_CHANGED: Meaning("change-vehicle"),
    ActKind.MADE_READY: Meaning("make-ready"),
    ActKind.HANDED_OVER: Meaning("hand-over", HANDED_OVER),
    ActKind.ACKNOWLEDGED: Meaning("acknowledge"),
    ActKind.REFUSED: Meaning("refuse-care"),
    ActKind.OUTCOME: Meaning("tell-outcome"),
    ActKind.COMPLETED: Meaning("complete", "epcr.encounter.completed"),
    ActKind.CANCELLED: Meaning("cancel"),
    ActKind.DUPLICATE: Meaning("mark-duplicate"),
    ActKind.AMENDED: Meaning("amend"),
    ActKind.PATIENT_IDENTIFIED: Meaning("identify-patient"),
    ActKind.PATIENT_CORRECTED: Meaning("correct-patient"),
    ActKind.PATIENT_UNLINKED: Meaning("unlink-patient"),
    ActKind.READINGS_MOVED: Meaning("move-readings"),
    ActKind.EXPORTED: Meaning("tell-export", HANDED_OVER),
}
"""Every kind of act; the catalogue of events is the contract's."""


def record_act(
    work: UnitOfWork,
    principal: Principal,
    row: EncounterRow,
    kind: ActKind,
    data: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
    told: Mapping[str, Any] | None = None,
    is_change: bool = True,
) -> Act:
    """Write down an act of the caller; the encounter is one version further when it `is_change`.

    `data` may say more than the event does: `told` are its ids, and nothing of the patient.
    """
    meaning = MEANINGS[kind]
    if is_change:
        touch(work, row)
    act = EncounterActRow(
        tenant_id=row.tenant_id,
        act_id=uuid4(),
        encounter_id=row.encounter_id,
        kind=kind.value,
        at=at or work.now,
        by=principal.user_id or principal.client_id,
        data=dict(data or {}),
        recorded_at=work.now,
    )
    work.session.add(act)
    audit.record(work, principal, meaning.action, "encounter", row.encounter_id)
    outbox.publish(
        work,
        tenant_id=row.tenant_id,
        event_type=meaning.event,
        resource_type="encounter",
        resource_id=row.encounter_id,
        data={
            "status": row.status,
            "vehicle_id": row.vehicle_id,
            "act": kind.value,
            "version": row.version,
            **(told or {}),
        },
    )
    return to_act(act)


def touch(work: UnitOfWork, row: EncounterRow) -> None:
    """The encounter says something else than before."""
    row.version += 1
    row.updated_at = work.now


def acts_of(work: UnitOfWork, principal: Principal, encounter_id: str) -> tuple[Act, ...]:
    """What happened to an encounter, in the order it was written down."""
    statement = (
        scoped(principal, EncounterActRow)
        .where(EncounterActRow.encounter_id == encounter_id)
        .order_by(EncounterActRow.row_id)
    )
    return tuple(to_act(row) for row in work.session.scalars(statement))


def to_act(row: EncounterActRow) -> Act:
    """The act a row holds."""
    return Act(act_id=row.act_id, kind=row.kind, at=row.at, by=row.by, data=row.data)


def time_of_act(work: UnitOfWork, row: EncounterRow, at: datetime | None) -> datetime:
    """When an act was: now, or as its teller says.

    InvalidError `at_ahead` for a time more than five minutes ahead, `at_before_start` for one from
    before the encounter.
    """
    if at is None:
        return work.now
    if at > work.now + AHEAD:
        raise InvalidError("at_ahead", "Send a time that is not in the future.")
    if at < row.started_at:
        raise InvalidError("at_before_start", "Send a time after the encounter's start.")
    return at
