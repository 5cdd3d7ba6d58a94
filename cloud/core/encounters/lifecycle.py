"""An encounter's life, row for row. Rule: no status changes anywhere else."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.errors import ConflictError
from cloud.core.kernel.work import UnitOfWork


class Status(StrEnum):
    """Where an encounter is."""

    IN_PROGRESS = "in_progress"
    READY_FOR_HANDOVER = "ready_for_handover"
    HANDED_OVER = "handed_over"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"


class Step(StrEnum):
    """What moves it. `COMPLETE_ON_SCENE` is the end of one whose patient is brought nowhere."""

    MAKE_READY = "make_ready"
    HAND_OVER = "hand_over"
    COMPLETE = "complete"
    COMPLETE_ON_SCENE = "complete_on_scene"
    CANCEL = "cancel"
    MARK_DUPLICATE = "mark_duplicate"


class Row(NamedTuple):
    """From `status`, `step` leads to `next_status`."""

    status: Status
    step: Step
    next_status: Status


ROWS: Final[tuple[Row, ...]] = (
    Row(Status.IN_PROGRESS, Step.MAKE_READY, Status.READY_FOR_HANDOVER),
    Row(Status.IN_PROGRESS, Step.HAND_OVER, Status.HANDED_OVER),
    Row(Status.IN_PROGRESS, Step.COMPLETE_ON_SCENE, Status.COMPLETED),
    Row(Status.IN_PROGRESS, Step.CANCEL, Status.CANCELLED),
    Row(Status.IN_PROGRESS, Step.MARK_DUPLICATE, Status.DUPLICATE),
    Row(Status.READY_FOR_HANDOVER, Step.HAND_OVER, Status.HANDED_OVER),
    Row(Status.READY_FOR_HANDOVER, Step.COMPLETE_ON_SCENE, Status.COMPLETED),
    Row(Status.READY_FOR_HANDOVER, Step.CANCEL, Status.CANCELLED),
    Row(Status.READY_FOR_HANDOVER, Step.MARK_DUPLICATE, Status.DUPLICATE),
    Row(Status.HANDED_OVER, Step.COMPLETE, Status.COMPLETED),
)
TABLE: Final = {(row.status, row.step): row.next_status for row in ROWS}
CLOSED: Final = frozenset(
    {Status.HANDED_OVER, Status.COMPLETED, Status.CANCELLED, Status.DUPLICATE}
)
"""Statuses in which the vehicle's new readings no longer belong to the encounter."""
SIGNED: Final = frozenset({Status.HANDED_OVER, Status.COMPLETED})
"""Statuses in which the record was given to somebody: what changes it is an amendment."""


def after(status: Status, step: Step) -> Status:
    """The next status; ConflictError `invalid_transition` for a pair the table does not hold."""
    try:
        return TABLE[status, step]
    except KeyError as exc:
        raise ConflictError(
            "invalid_transition",
            f"The encounter is {status}; {step} is not possible from there.",
            details={"status": status.value, "step": step.value},
        ) from exc


def move(work: UnitOfWork, row: EncounterRow, step: Step) -> None:
    """Take an encounter one step on; ConflictError when the table does not hold the step."""
    row.status = after(Status(row.status), step).value
    if row.closed_at is None and row.status in CLOSED:
        row.closed_at = work.now


def check_open(row: EncounterRow) -> None:
    """ConflictError `encounter_closed` when the patient is no longer with the crew."""
    if row.status in CLOSED:
        raise ConflictError(
            "encounter_closed",
            f"The encounter is {row.status}: the patient is no longer with the crew.",
            details={"status": row.status},
        )
