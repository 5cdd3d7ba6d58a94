"""What people told about an encounter, on the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from cloud.api.shared.strict_json import ExactNumber


class CodedModel(BaseModel):
    """A coded text."""

    code: str | None = None
    system: str | None = None
    display: str


class EntryModel(BaseModel):
    """What every entry has. `not_done` and `not_value` say why there is nothing to tell.

    `id` is what a change names it by; readings of devices cannot be changed and have none.
    """

    id: str | None = None
    at: datetime
    by: str | None = None
    before_arrival: bool | None = None
    not_done: str | None = None
    not_value: str | None = None
    note: str | None = None
    flags: list[str] | None = None


class VitalModel(EntryModel):
    """One reading of a device, or one finding of the crew.

    A device's `type` is a reference id of 11073. A finding of several parts, or of words, has
    `values` in place of a `value`.
    """

    type: str
    value: ExactNumber | None = None
    values: dict[str, ExactNumber | str] | None = None
    unit: str | None = None
    source: str = "device"
    device_id: str | None = None


class MedicationModel(EntryModel):
    """A medicine given, or not given and why."""

    code: str | None = None
    system: str | None = None
    display: str
    dose: ExactNumber | None = None
    unit: str | None = None
    route: CodedModel | None = None


class ProcedureModel(EntryModel):
    """Something done to the patient, or not done and why."""

    code: str | None = None
    system: str | None = None
    display: str
    success: bool | None = None
    attempts: int
    complication: str | None = None
    body_site: str | None = None


class ImpressionModel(EntryModel):
    """What the crew believes is wrong."""

    code: str | None = None
    system: str | None = None
    display: str
    primary: bool


class AllergyModel(EntryModel):
    """An allergy, that none is known, or that nobody asked."""

    status: str
    substance: CodedModel | None = None
    reaction: str | None = None


class HistoryModel(EntryModel):
    """What the patient had or takes already."""

    kind: str
    code: str | None = None
    system: str | None = None
    display: str


class PhotographModel(EntryModel):
    """A picture, by what is known of it."""

    attachment_id: str
    media_type: str
    octets: int
    sha256: str


class NoteModel(EntryModel):
    """Free text of the crew."""

    text: str


class RecordModel(BaseModel):
    """What people told. Narrative, notes, history, allergies and photographs are shown at the
    destination only; elsewhere `narrative_available` says whether there is one.
    """

    call_at: datetime | None = None
    on_scene_at: datetime | None = None
    left_scene_at: datetime | None = None
    at_hospital_at: datetime | None = None
    chief_complaint: CodedModel | None = None
    impression: list[ImpressionModel] | None = None
    triage: dict[str, str] | None = None
    acuity: str | None = None
    vitals: list[VitalModel] | None = None
    medications: list[MedicationModel] | None = None
    procedures: list[ProcedureModel] | None = None
    narrative_available: bool | None = None
    narrative: str | None = None
    disposition: str | None = None
    alerts: list[str] | None = None
    allergies: list[AllergyModel] | None = None
    history: list[HistoryModel] | None = None
    photographs: list[PhotographModel] | None = None
    notes: list[NoteModel] | None = None
