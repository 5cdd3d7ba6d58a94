"""Retention, legal holds and erasures on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from cloud.api.shared.strict_json import StrictModel
from cloud.core.retention.policies import LONGEST
from cloud.core.retention.tables import REASON_LENGTH

Days = Annotated[int, Field(ge=0, le=LONGEST)]
Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=REASON_LENGTH,
        pattern=r"^[^\x00-\x1f\x7f]+$",
    ),
]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class PolicyRequest(StrictModel):
    """Days each kind is kept; 0: for ever, absent: as the installation keeps it."""

    waveform_days: Days | None = None
    reading_days: Days | None = None
    record_days: Days | None = None


class PolicyModel(BaseModel):
    """Days each kind is kept after it was observed and received; 0: for ever."""

    waveform_days: int
    reading_days: int
    record_days: int


class RetentionModel(BaseModel):
    """What holds, what of it is the tenant's own, and what would go if it were swept now."""

    in_force: PolicyModel
    own: PolicyRequest
    due: DueModel


class DueModel(BaseModel):
    """How much is older than the policy; `late` was heard of patients after they were erased."""

    waveforms: int
    readings: int
    records: int
    late: int


class HoldRequest(StrictModel):
    """An encounter, or a patient with all of theirs, that may not be erased. Name no person."""

    encounter_id: Identifier | None = None
    patient_id: Identifier | None = None
    reason: Reason


class HoldModel(BaseModel):
    """A legal hold; `lifted_at` null while it holds."""

    hold_id: str
    encounter_id: str | None
    patient_id: str | None
    reason: str
    placed_at: datetime
    placed_by: str
    lifted_at: datetime | None
    lifted_by: str | None


class HoldsModel(BaseModel):
    """Every hold there is and was."""

    legal_holds: list[HoldModel]


class ErasureRequest(StrictModel):
    """What to erase and why. With `dry_run` nothing goes: the answer says what would."""

    encounter_id: Identifier | None = None
    patient_id: Identifier | None = None
    reason: Reason
    dry_run: bool = False


class ErasureModel(BaseModel):
    """What went, or would go: `counts` are rows by kind."""

    dry_run: bool
    encounters: list[str]
    patients: list[str]
    counts: dict[str, int]


RetentionModel.model_rebuild()
