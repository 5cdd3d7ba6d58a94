"""What the crew says and does beside the patient: events by hand, and the pieces of a photograph.

Not of 11073: no device speaks of it. The words of `CrewEventKind` are the contract's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from protocols.errors import EncodeError
from protocols.model.identifiers import marked_id


class CrewEventKind(StrEnum):
    """The kinds a gateway writes today. A reader keeps a kind it does not know as its word."""

    DRUG = "drug"
    """A drug was given; details `drug`, `dose`, `unit`, `route`."""
    SHOCK = "shock"
    """A shock was given; details `energy` in joules where it was told."""
    CPR_STARTED = "cpr_started"
    CPR_STOPPED = "cpr_stopped"
    CIRCULATION_RETURNED = "circulation_returned"
    """Return of spontaneous circulation (ROSC)."""
    AIRWAY = "airway"
    """An airway was secured; details `device`."""
    ECG_TAKEN = "ecg_taken"
    """A 12-lead ECG was taken at this time."""
    NOTE = "note"
    EARLY_WARNING = "early_warning"
    """A score was taken down; details its parts."""
    PHOTOGRAPH = "photograph"
    """Details `attachment`, `media_type`, `octets`, `sha256`, `parts`; the pieces travel apart."""
    PATIENT_DETAILS = "patient_details"
    """What may be told of who the patient is; details `sex`, `age_years`, `allergies`,
    `identity`."""
    ENCOUNTER_BEGUN = "encounter_begun"
    """The crew began an encounter by itself; `encounter` is the id the vehicle gave it.

    Details `crew_1`, `crew_2` ... are those on board.
    """
    ENCOUNTER_CONFIRMED = "encounter_confirmed"
    ENCOUNTER_RELEASED = "encounter_released"
    HANDED_OVER = "handed_over"
    SHIFT_BEGUN = "shift_begun"
    SHIFT_ENDED = "shift_ended"
    UNDONE = "undone"
    """The event in `undoes` does not count. Nothing is deleted."""


_WORDS: Final[dict[str, str]] = {
    CrewEventKind.DRUG: "Drug given",
    CrewEventKind.SHOCK: "Shock given",
    CrewEventKind.CPR_STARTED: "CPR started",
    CrewEventKind.CPR_STOPPED: "CPR stopped",
    CrewEventKind.CIRCULATION_RETURNED: "Return of spontaneous circulation",
    CrewEventKind.AIRWAY: "Airway",
    CrewEventKind.ECG_TAKEN: "12-lead ECG taken",
    CrewEventKind.NOTE: "Note",
    CrewEventKind.EARLY_WARNING: "NEWS2",
    CrewEventKind.PHOTOGRAPH: "Photograph attached",
    CrewEventKind.PATIENT_DETAILS: "Patient details taken",
    CrewEventKind.ENCOUNTER_BEGUN: "Encounter begun on board",
    CrewEventKind.ENCOUNTER_CONFIRMED: "Encounter confirmed on board",
    CrewEventKind.ENCOUNTER_RELEASED: "Encounter released on board",
    CrewEventKind.HANDED_OVER: "Handed over by the crew",
    CrewEventKind.SHIFT_BEGUN: "Shift begun",
    CrewEventKind.SHIFT_ENDED: "Shift ended",
    CrewEventKind.UNDONE: "Taken back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewEvent:
    """One thing the crew did or said.

    `event_id` is made by the page that the button is on and stays the same over retries. `at` is
    the aware UTC time of the act, `by` the crew member's id or typed name, `vehicle_id` the vehicle
    as dispatch calls it. `details` are (name, value) pairs in the order they were given. `undoes`
    names the event that this one takes back. `encounter` is the reference the crew worked under:
    the cloud's id, or one the vehicle made while it was alone; empty for none.
    EncodeError when `at` has no zone.
    """

    event_id: UUID
    kind: str
    at: datetime
    by: str
    vehicle_id: str
    text: str = ""
    details: tuple[tuple[str, str], ...] = ()
    undoes: UUID | None = None
    encounter: str = ""

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise EncodeError("a crew event's time carries its zone")

    @property
    def words(self) -> str:
        """The event in a line for a person: its kind, or what was written beside it."""
        if self.text and self.kind in (CrewEventKind.DRUG, CrewEventKind.NOTE):
            return self.text
        name = _WORDS.get(self.kind) or self.kind.replace("_", " ")
        return f"{name}: {self.text}" if self.text else name


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentPart:
    """A piece of a file that an event speaks of: number `part` (from 0) of `parts`.

    The whole is the pieces' `octets` one after the other. EncodeError when the numbers do not fit.
    """

    attachment_id: UUID
    part: int
    parts: int
    octets: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.part < self.parts:
            raise EncodeError("an attachment's part is one of its parts")

    @property
    def part_id(self) -> UUID:
        """The identity of the piece, the same for every repeat of it."""
        return marked_id(self.attachment_id, f"part {self.part}")
