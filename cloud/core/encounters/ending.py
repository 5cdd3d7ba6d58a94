"""How an encounter ends: completed, refused, cancelled, a duplicate; and what the hospital tells of
it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cloud.core.encounters.acts import acts_of, record_act, time_of_act
from cloud.core.encounters.finding import to_change
from cloud.core.encounters.lifecycle import SIGNED, Status, Step, check_open, move
from cloud.core.encounters.record import ActKind
from cloud.core.encounters.signatures import Signature, keep_signature
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.versions import keep_version
from cloud.core.kernel.errors import ConflictError, InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

NOT_CONVEYED: Final = (
    "treated_on_scene",
    "referred",
    "refused_care",
    "refused_transport",
    "dead_on_scene",
    "no_patient_found",
    "transferred_to_other_unit",
)
"""Why an encounter ends without a handover to a facility."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A patient who will not be treated, or not be taken along. `refused` is care or transport.

    `has_capacity`: whether they can decide it. `reason` and `witnessed_by` are free text.
    """

    refused: str
    has_capacity: bool
    are_risks_told: bool
    reason: str = ""
    witnessed_by: str = ""
    signature: Signature | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a hospital tells afterwards; what is None is not told yet.

    `diagnoses` are codings; `status_30_days` is alive, dead or unknown.
    """

    diagnoses: Sequence[Mapping[str, str]] | None = None
    disposition: str | None = None
    status_30_days: str | None = None

    def told(self) -> dict[str, Any]:
        """What is told, by the names of the wire."""
        said: dict[str, Any] = {
            "disposition": self.disposition,
            "status_30_days": self.status_30_days,
        }
        if self.diagnoses is not None:
            said["diagnosis"] = [dict(one) for one in self.diagnoses]
        return {name: value for name, value in said.items() if value is not None}


def refuse(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    refusal: Refusal,
    *,
    at: datetime | None = None,
) -> EncounterRow:
    """Write down that the patient refused; the encounter may then be completed without a handover.

    ConflictError `encounter_closed`; InvalidError `invalid_signature`, and as `time_of_act`.
    """
    row = to_change(work, principal, encounter_id)
    check_open(row)
    refused_at = time_of_act(work, row, at)
    data: dict[str, Any] = {
        "refused": refusal.refused,
        "has_capacity": refusal.has_capacity,
        "are_risks_told": refusal.are_risks_told,
        "reason": refusal.reason,
        "witnessed_by": refusal.witnessed_by,
    }
    if refusal.signature is not None:
        data["signature"] = keep_signature(work, principal, refusal.signature)
    record_act(work, principal, row, ActKind.REFUSED, data, at=refused_at)
    return row


def complete(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, not_conveyed: str = ""
) -> EncounterRow:
    """Close the mission's paperwork; a second time changes nothing. A version is kept.

    Without a handover it needs a reason of `NOT_CONVEYED`, or a refusal: ConflictError
    `not_handed_over`.
    """
    row = to_change(work, principal, encounter_id)
    if row.status == Status.COMPLETED:
        return row
    if row.status == Status.HANDED_OVER:
        move(work, row, Step.COMPLETE)
        not_conveyed = ""
    else:
        check_open(row)
        not_conveyed = not_conveyed or _refused(work, principal, encounter_id)
        if not not_conveyed:
            raise ConflictError(
                "not_handed_over", "Hand the patient over, or say why they were not conveyed."
            )
        move(work, row, Step.COMPLETE_ON_SCENE)
    data = {"not_conveyed": not_conveyed} if not_conveyed else {}
    record_act(work, principal, row, ActKind.COMPLETED, data, told=data)
    keep_version(work, principal, row, ActKind.COMPLETED.value)
    return row


def cancel(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, reason: str
) -> EncounterRow:
    """There was no patient after all, or nobody went; a second time changes nothing.

    ConflictError `invalid_transition` after a handover.
    """
    row = to_change(work, principal, encounter_id)
    if row.status != Status.CANCELLED:
        move(work, row, Step.CANCEL)
        record_act(work, principal, row, ActKind.CANCELLED, {"reason": reason})
    return row


def mark_duplicate(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, of: str
) -> EncounterRow:
    """It tells of the same patient contact as another encounter; the same again changes nothing.

    InvalidError `unknown_original` for one that is not the caller's, is the same one, or counts for
    nothing itself; ConflictError `invalid_transition`.
    """
    row = to_change(work, principal, encounter_id)
    if row.status == Status.DUPLICATE and row.duplicate_of == of:
        return row
    original = work.session.scalars(
        scoped(principal, EncounterRow).where(
            EncounterRow.encounter_id == of,
            EncounterRow.encounter_id != encounter_id,
            EncounterRow.status.not_in((Status.CANCELLED.value, Status.DUPLICATE.value)),
        )
    ).one_or_none()
    if original is None:
        raise InvalidError(
            "unknown_original",
            "Name another encounter of your organisation that counts.",
            details={"fields": ["duplicate_of"]},
        )
    move(work, row, Step.MARK_DUPLICATE)
    row.duplicate_of = of
    data = {"duplicate_of": of}
    record_act(work, principal, row, ActKind.DUPLICATE, data, told=data)
    return row


def tell_outcome(
    work: UnitOfWork, principal: Principal, encounter_id: str, outcome: Outcome
) -> EncounterRow:
    """What became of the patient; what was told before and is not told anew stays.

    ConflictError `not_handed_over`; InvalidError `nothing_told`.
    """
    row = to_change(work, principal, encounter_id)
    if row.status not in SIGNED:
        raise ConflictError("not_handed_over", "Tell the outcome after the handover.")
    told = outcome.told()
    if not told:
        raise InvalidError("nothing_told", "Send a diagnosis, a disposition or the status.")
    before = [act.data for act in acts_of(work, principal, encounter_id) if act.kind == "outcome"]
    whole = {**(before[-1] if before else {}), **told}
    record_act(work, principal, row, ActKind.OUTCOME, whole, told={"tells": sorted(told)})
    return row


def _refused(work: UnitOfWork, principal: Principal, encounter_id: str) -> str:
    """Why nobody was conveyed, when the patient refused; empty otherwise."""
    acts = acts_of(work, principal, encounter_id)
    refused = [act.data["refused"] for act in acts if act.kind == ActKind.REFUSED]
    return f"refused_{refused[-1]}" if refused else ""
