"""The way to the hospital: announced, turned elsewhere, handed over, acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.core.encounters.acts import record_act, time_of_act
from cloud.core.encounters.finding import to_change
from cloud.core.encounters.lifecycle import CLOSED, Status, Step, check_open, move
from cloud.core.encounters.record import ActKind
from cloud.core.encounters.releasing import follow_end
from cloud.core.encounters.signatures import Signature, keep_signature
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.versions import keep_version
from cloud.core.kernel.errors import ConflictError, InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class PreAlert:
    """What a hospital is told before the patient comes. `summary` is free text of the crew,
    `resources` are what is asked for.
    """

    facility_id: str
    eta_at: datetime
    summary: str = ""
    resources: Sequence[str] = ()


def make_ready(work: UnitOfWork, principal: Principal, encounter_id: str) -> EncounterRow:
    """The record can be handed over; a second time changes nothing."""
    row = to_change(work, principal, encounter_id)
    if row.status != Status.READY_FOR_HANDOVER:
        move(work, row, Step.MAKE_READY)
        record_act(work, principal, row, ActKind.MADE_READY)
    return row


def pre_alert(
    work: UnitOfWork, principal: Principal, encounter_id: str, alert: PreAlert
) -> EncounterRow:
    """Announce the patient; a facility that is not the destination becomes it.

    ConflictError `encounter_closed`; InvalidError `eta_before_start`.
    """
    row = to_change(work, principal, encounter_id)
    check_open(row)
    if alert.eta_at < row.started_at:
        raise InvalidError("eta_before_start", "Send the time at which the patient will be there.")
    if row.destination != alert.facility_id:
        _turn(work, principal, row, alert.facility_id, "pre_alert")
    row.eta_at = alert.eta_at
    told = {"facility_id": alert.facility_id, "eta": alert.eta_at.isoformat()}
    data: dict[str, Any] = {
        **told,
        "summary": alert.summary,
        "resources": list(alert.resources),
    }
    record_act(work, principal, row, ActKind.PRE_ALERT, data, told=told)
    return row


def change_destination(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    *,
    facility_id: str,
    reason: str,
    eta_at: datetime | None = None,
) -> EncounterRow:
    """Go elsewhere; the facility that was the destination is told. The same again changes nothing.

    ConflictError `encounter_closed`.
    """
    row = to_change(work, principal, encounter_id)
    check_open(row)
    if row.destination != facility_id:
        row.eta_at = eta_at
        _turn(work, principal, row, facility_id, reason)
    return row


def hand_over(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    *,
    facility_id: str,
    received_by: str,
    signature: Signature | None = None,
    at: datetime | None = None,
) -> EncounterRow:
    """Hand the patient over; the same handover again changes nothing. A version is kept.

    ConflictError `already_handed_over` when it went elsewhere, `invalid_transition` when its
    status does not allow it; InvalidError `invalid_signature`, and as `time_of_act`.
    """
    row = to_change(work, principal, encounter_id)
    if row.status in (Status.HANDED_OVER, Status.COMPLETED) and row.handover_at is not None:
        if (row.destination, row.received_by) != (facility_id, received_by):
            raise ConflictError(
                "already_handed_over", "Read the encounter: it was handed over before."
            )
        return row
    handed_at = time_of_act(work, row, at)
    move(work, row, Step.HAND_OVER)
    row.destination, row.received_by = facility_id, received_by
    row.handover_at = row.closed_at = handed_at
    data: dict[str, Any] = {"facility_id": facility_id, "received_by": received_by}
    if signature is not None:
        data["signature"] = keep_signature(work, principal, signature)
    record_act(
        work,
        principal,
        row,
        ActKind.HANDED_OVER,
        data,
        at=handed_at,
        told={"facility_id": facility_id},
    )
    if handed_at < work.now:
        follow_end(work, principal, row)
    keep_version(work, principal, row, ActKind.HANDED_OVER.value)
    return row


def acknowledge(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    *,
    acknowledged_by: str,
    note: str = "",
) -> EncounterRow:
    """The destination says that it knows: of the pre-alert, or that it has taken the patient over.

    Whether the caller speaks for the destination is asked before (`projections`). ConflictError
    `nothing_to_acknowledge`.
    """
    row = to_change(work, principal, encounter_id)
    if row.destination is None or row.status in (Status.CANCELLED, Status.DUPLICATE):
        raise ConflictError("nothing_to_acknowledge", "Nobody announced this patient to you.")
    told = {
        "facility_id": row.destination,
        "of": ActKind.HANDED_OVER.value if row.status in CLOSED else ActKind.PRE_ALERT.value,
    }
    data = {**told, "acknowledged_by": acknowledged_by, "note": note}
    record_act(work, principal, row, ActKind.ACKNOWLEDGED, data, told=told)
    return row


def _turn(
    work: UnitOfWork, principal: Principal, row: EncounterRow, facility_id: str, reason: str
) -> None:
    before, row.destination = row.destination, facility_id
    told = {"facility_id": facility_id, "previous_facility_id": before}
    data = {**told, "reason": reason}
    record_act(work, principal, row, ActKind.DESTINATION_CHANGED, data, told=told)
