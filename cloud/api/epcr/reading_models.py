"""Readings that wait, and what people decide about them, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from cloud.api.epcr.device_models import Identifier, Name
from cloud.api.shared.strict_json import ExactNumber, StrictModel, Timestamp
from cloud.core.encounters.waiting import Waits

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class ValueModel(BaseModel):
    """One reading; `value` is absent where it is several numbers, or none."""

    at: datetime
    value: ExactNumber | None = None
    unit_code: str | None = None
    text: str | None = None


class WaitingKindModel(BaseModel):
    """How many readings of a code wait, with the first and the last of them."""

    mdc_code: str
    count: int
    samples: int | None = None
    first: ValueModel | None = None
    last: ValueModel | None = None


class StretchModel(BaseModel):
    """What one device measured in one vehicle without a pause and waits for one reason.

    `vehicle_id`, `device_id`, `since` and `until` are what a move takes to link it; `candidates`
    are the encounters the vehicle was in about then.
    """

    vehicle_id: str | None = None
    device_id: str
    since: datetime
    until: datetime
    reason: Waits
    advice: str
    observations: int
    waveforms: int
    candidates: list[str]
    kinds: list[WaitingKindModel]


class UnlinkedReadingsModel(BaseModel):
    """A page of the tray by vehicle, device and time; `next_cursor` is null at the end."""

    stretches: list[StretchModel]
    since: datetime
    until: datetime
    next_cursor: str | None = None


class MoveRequest(StrictModel):
    """Readings taken since a time and before another, and where they shall be.

    Leave out `from_encounter_id` for what waits, `to_encounter_id` to let it wait again.
    """

    from_encounter_id: Identifier | None = None
    to_encounter_id: Identifier | None = None
    vehicle_id: Name | None = None
    device_ids: Annotated[tuple[Identifier, ...], Field(max_length=50)] = ()
    since: Timestamp
    until: Timestamp
    reason: Why

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if self.from_encounter_id == self.to_encounter_id:
            raise ValueError("two places are needed")
        return self


class MovedDeviceModel(BaseModel):
    """How many readings of a device were moved."""

    device_id: str
    vehicle_id: str | None = None
    observations: int
    waveforms: int


class MoveModel(BaseModel):
    """A move as it was done."""

    id: str
    from_encounter_id: str | None = None
    to_encounter_id: str | None = None
    since: datetime
    until: datetime
    reason: str
    by: str
    at: datetime
    observations: int
    waveforms: int
    devices: list[MovedDeviceModel]


class MovesModel(BaseModel):
    """Moves, the newest first; `next_cursor` is null at the end."""

    moves: list[MoveModel]
    next_cursor: str | None = None


class VehicleRequest(StrictModel):
    """The vehicle an encounter goes on in, since `at` (now)."""

    vehicle_id: Name
    at: Timestamp | None = None
    reason: Why | None = None
