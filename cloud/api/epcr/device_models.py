"""Devices and observations on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from cloud.api.shared.strict_json import ExactNumber, StrictModel, Timestamp

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s/]+$")]
Identifier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
DeviceClass = Literal[
    "defib", "ecg", "oximeter", "bp", "glucose", "etco2", "thermometer", "multiparameter"
]
DeviceStatus = Literal["discovered", "active", "offline", "retired", "quarantined"]


class EnrolRequest(StrictModel):
    """A device to enrol."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "serial_number": "LP15-000123",
                    "device_class": "defib",
                    "manufacturer": "Vitalwire Simulators",
                    "vehicle_id": "AMB-7",
                    "system_id": "FE-ED-AB-EE-DE-AD-77-C3",
                }
            ]
        }
    )

    serial_number: Word
    device_class: DeviceClass
    manufacturer: Word
    model: Word | None = None
    firmware: Word | None = None
    vehicle_id: Name | None = None
    system_id: (
        Annotated[str, StringConstraints(pattern=r"^([0-9A-Fa-f]{2}[-:]?){7}[0-9A-Fa-f]{2}$")]
        | None
    ) = None
    udi: Word | None = None


class DeviceModel(BaseModel):
    """A device; texts it never told are absent."""

    id: str
    serial_number: str
    device_class: str | None = None
    status: DeviceStatus
    manufacturer: str
    model: str
    firmware: str
    system_id: str | None = None
    vehicle_id: str | None = None
    gateway_id: str | None = None
    enrolled_at: datetime | None = None
    last_seen_at: datetime | None = None
    battery_pct: int | None = None


class ComponentRequest(StrictModel):
    """One of several values measured together."""

    mdc_code: Word
    value: ExactNumber
    unit_code: Word


class ObservationRequest(StrictModel):
    """A reading: a value with its unit, or components."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "mdc_code": "MDC_PULS_OXIM_SAT_O2",
                    "value": 97.50,
                    "unit_code": "%",
                    "observed_at": "2026-11-23T10:14:05+00:00",
                    "sequence": 17,
                }
            ]
        }
    )

    mdc_code: Word
    value: ExactNumber | None = None
    unit_code: Word | None = None
    encounter_id: Identifier | None = None
    observed_at: Timestamp | None = None
    sequence: Annotated[int, Field(strict=True, ge=0, le=2**53)] | None = None
    components: Annotated[tuple[ComponentRequest, ...], Field(max_length=32)] = ()
    status: Literal["final", "preliminary", "error"] = "final"

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        if (self.value is None) != (self.unit_code is None):
            raise ValueError("value and unit_code come together")
        if self.value is None and not self.components:
            raise ValueError("a value or components are needed")
        return self


class ComponentModel(BaseModel):
    """One of several values; `special` stands where the device had no number."""

    mdc_code: str
    value: ExactNumber | None = None
    special: str | None = None
    unit_code: str


class ObservationModel(BaseModel):
    """A stored observation. `value` keeps its digits (36.60 is not 36.6).

    `octets`: where the gateway's recorder keeps what it was decoded from.
    """

    id: str
    device_id: str
    mdc_code: str
    mdc_number: int
    kind: Literal["numeric", "compound", "coded", "bits", "text"]
    value: ExactNumber | None = None
    special: str | None = None
    unit_code: str | None = None
    components: list[ComponentModel] | None = None
    value_code: str | None = None
    bits: int | None = None
    text: str | None = None
    encounter_id: str | None = None
    observed_at: datetime
    captured_at: datetime | None = None
    received_at: datetime
    status: Literal["final", "preliminary", "error"]
    flags: list[str]
    octets: str | None = None


class ObservationsModel(BaseModel):
    """A page of observations in time order; `next_cursor` is absent at the end."""

    observations: list[ObservationModel]
    next_cursor: str | None = None
