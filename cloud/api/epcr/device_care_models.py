"""What is done to devices, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from cloud.api.epcr.device_models import Name, Word
from cloud.api.shared.strict_json import StrictModel, Timestamp

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class AssignRequest(StrictModel):
    """The vehicle a device belongs to from now on, or from `since`; null for none."""

    vehicle_id: Name | None
    since: Timestamp | None = None
    reason: Reason | None = None


class CareRequest(StrictModel):
    """Why a device is retired, set aside or taken up again."""

    reason: Reason


class CalibrationRequest(StrictModel):
    """A calibration that was done; `reference` names its certificate or work order."""

    calibrated_at: Timestamp
    due_at: Timestamp | None = None
    reference: Word | None = None


class AssignmentModel(BaseModel):
    """That a device belonged to a vehicle, or to none; `until` is absent while it does."""

    vehicle_id: str | None = None
    since: datetime
    until: datetime | None = None
    source: str = Field(description="`assigned` by somebody, or `heard` there by a gateway.")
    by: str
    reason: str | None = None


class AssignmentsModel(BaseModel):
    """Where a device belonged, the oldest word first."""

    assignments: list[AssignmentModel]


class DeviceEventModel(BaseModel):
    """One thing that happened to a device."""

    kind: str
    at: datetime
    by: str
    reason: str | None = None
    details: dict[str, Any]


class DeviceEventsModel(BaseModel):
    """What happened to a device, newest first."""

    events: list[DeviceEventModel]
