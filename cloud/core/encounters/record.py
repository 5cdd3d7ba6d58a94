"""What one encounter says, as values: every projection reads it.

The words follow NEMSIS 3.5 where it has one: a *Not Value* says why there is no value, a *Pertinent
Negative* why something was not done or not found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID


class NotValue(StrEnum):
    """Why a value is missing (NEMSIS Not Values)."""

    NOT_APPLICABLE = "not_applicable"
    NOT_RECORDED = "not_recorded"
    NOT_REPORTING = "not_reporting"


class PertinentNegative(StrEnum):
    """Why something was not done, or is not there (NEMSIS Pertinent Negatives)."""

    CONTRAINDICATION_NOTED = "contraindication_noted"
    DENIED_BY_ORDER = "denied_by_order"
    EXAM_FINDING_NOT_PRESENT = "exam_finding_not_present"
    MEDICATION_ALLERGY = "medication_allergy"
    MEDICATION_ALREADY_TAKEN = "medication_already_taken"
    NO_KNOWN_DRUG_ALLERGY = "no_known_drug_allergy"
    NONE_REPORTED = "none_reported"
    NOT_PERFORMED = "not_performed"
    ORDER_CRITERIA_NOT_MET = "order_criteria_not_met"
    REFUSED = "refused"
    SYMPTOM_NOT_PRESENT = "symptom_not_present"
    UNABLE_TO_COMPLETE = "unable_to_complete"
    UNRESPONSIVE = "unresponsive"


@dataclass(frozen=True, slots=True)
class Coded:
    """A thing by its name, and by its code in a code system (a URI) where somebody chose one."""

    display: str
    code: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What every entry of a list has.

    `item_id` is that of the operation or crew event it came by; `by` the crew member's id.
    `not_done` and `not_value` stand where there is nothing to tell; `flags` are our own words.
    """

    item_id: UUID
    at: datetime
    by: str = ""
    source: Literal["manual", "device"] = "manual"
    before_arrival: bool = False
    not_done: PertinentNegative | None = None
    not_value: NotValue | None = None
    note: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital(Item):
    """A finding of `VITAL_TYPES`; `values` are its named parts, the only one is called `value`.

    `unit` is UCUM and counts for every number among them.
    """

    type: str
    values: tuple[tuple[str, Decimal | str], ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Medication(Item):
    """A medicine given, or not given and why."""

    code: Coded
    dose: Decimal | None = None
    unit: str = ""
    route: Coded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure(Item):
    """Something done to the patient, or not done and why; `success` None where nobody said."""

    code: Coded
    success: bool | None = None
    attempts: int = 1
    complication: str = ""
    body_site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression(Item):
    """What the crew believes is wrong with the patient."""

    code: Coded
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Allergy(Item):
    """An allergy, or that none is known, or that nobody asked: three different things."""

    status: Literal["allergic", "no_known", "not_asked"]
    code: Coded | None = None
    reaction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Item):
    """What the patient had or takes already."""

    kind: Literal["condition", "medication", "device"]
    code: Coded


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph(Item):
    """A picture attached to the encounter; the octets are kept apart. `sha256` is hexadecimal."""

    attachment_id: UUID
    media_type: str
    octets: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Item):
    """Free text of the crew."""

    text: str


VITAL_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "heart_rate": ("value",),
    "spo2": ("value",),
    "respiration_rate": ("value",),
    "blood_pressure": ("systolic", "diastolic", "mean"),
    "etco2": ("value",),
    "temperature": ("value",),
    "glucose": ("value",),
    "gcs": ("eye", "verbal", "motor", "total"),
    "avpu": ("level",),
    "pain": ("value",),
    "fast": ("face", "arm", "speech", "result"),
    "news2": (
        "respiration_rate",
        "saturation",
        "oxygen",
        "systolic",
        "pulse",
        "consciousness",
        "temperature",
        "total",
        "risk",
    ),
    "oxygen": ("flow",),
    "rhythm": ("rhythm",),
    "pupils": ("left", "right"),
    "pef": ("value",),
    "weight": ("value",),
}
"""Each type of finding and the names its values may have."""

TIMES: Final = (
    "call",
    "dispatch_notified",
    "unit_notified",
    "en_route",
    "on_scene",
    "at_patient",
    "left_scene",
    "at_destination",
    "handover",
    "back_in_service",
)
"""The times of a mission in their order (NEMSIS eTimes; LOINC has a code for all but handover)."""

ARREST: Final = (
    "etiology",
    "witnessed_by",
    "bystander_cpr",
    "first_rhythm",
    "resuscitation",
    "rosc_at",
    "rhythm_at_destination",
    "ended_reason",
)
"""What is asked of a cardiac arrest (NEMSIS eArrest, the Utstein form)."""

ALERTS: Final = ("stemi", "stroke", "arrest", "sepsis", "trauma")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The current value of one path, and the operation that set it; `value` is None with a
    `not_value`.
    """

    path: str
    value: Any
    at: datetime
    by: str = ""
    op_id: UUID | None = None
    not_value: NotValue | None = None
    flags: tuple[str, ...] = ()


class ActKind(StrEnum):
    """What can happen to an encounter as a whole."""

    CREATED = "created"
    PRE_ALERT = "pre_alert"
    DESTINATION_CHANGED = "destination_changed"
    VEHICLE_CHANGED = "vehicle_changed"
    MADE_READY = "made_ready"
    HANDED_OVER = "handed_over"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    OUTCOME = "outcome"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"
    AMENDED = "amended"
    PATIENT_IDENTIFIED = "patient_identified"
    PATIENT_CORRECTED = "patient_corrected"
    PATIENT_UNLINKED = "patient_unlinked"
    READINGS_MOVED = "readings_moved"
    EXPORTED = "exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that happened to the encounter; `data` holds what its kind tells, by the wire names
    of the contract.
    """

    act_id: UUID
    kind: str
    at: datetime
    by: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextOfKin:
    """Somebody to call."""

    name: str
    relationship: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientIdentity:
    """Who the patient is, as far as anybody knows. Kept sealed; never in logs or events.

    `birth_date` may be partial (`1961`, `1961-04`). `nhs_number` is ten digits.
    """

    family_name: str = ""
    given_name: str = ""
    birth_date: str = ""
    sex: str = ""
    nhs_number: str = ""
    nhs_number_status: Literal["verified", "unverified", "unavailable"] = "unavailable"
    address: tuple[str, ...] = ()
    city: str = ""
    postcode: str = ""
    phone: str = ""
    email: str = ""
    next_of_kin: NextOfKin | None = None
    gp_practice: str = ""
    deceased_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientOutline:
    """What the pseudonymised projection may show of the patient.

    `age_band` covers five years (`40-44`), `90+` for all above; `postcode_area` is the routing
    part. `status` is unknown, partly_known or known.
    """

    status: str
    pseudonym: str
    age_band: str | None = None
    sex: str | None = None
    postcode_area: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterRecord:
    """Everything people told about one encounter; what devices measured is kept apart.

    Lists are in time order; what was taken back is not among them. `acts` are oldest first.
    """

    fields: Mapping[str, Field] = field(default_factory=dict)
    vitals: tuple[Vital, ...] = ()
    medications: tuple[Medication, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    impressions: tuple[Impression, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    history: tuple[History, ...] = ()
    photographs: tuple[Photograph, ...] = ()
    notes: tuple[Note, ...] = ()
    acts: tuple[Act, ...] = ()

    def value(self, path: str) -> Any:  # noqa: ANN401 - the catalogue says of which type each path is
        """The current value of a path, None where it was not told or has a Not Value."""
        found = self.fields.get(path)
        return None if found is None else found.value

    def time(self, name: str) -> datetime | None:
        """One of `TIMES`, aware."""
        found: datetime | None = self.value(f"times.{name}")
        return found

    def newest(self, kind: str) -> Act | None:
        """The newest act of a kind."""
        return next((act for act in reversed(self.acts) if act.kind == kind), None)

    @property
    def alerts(self) -> tuple[str, ...]:
        """Which of `ALERTS` were raised."""
        return tuple(self.value("alerts") or ())
