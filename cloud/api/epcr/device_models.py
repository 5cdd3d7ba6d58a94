"""Devices and observations on the wire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from cloud.api.shared.strict_json import ExactNumber, StrictModel, Timestamp

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s/]+$")]
Identifier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


def _code(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


MdcName = Annotated[
    str,
    BeforeValidator(_code),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": 120},
                {"type": "integer", "minimum": 0, "maximum": 4294967295},
            ],
            "examples": ["MDC_PULS_OXIM_SAT_O2"],
        }
    ),
]
"""A reference id (`MDC_...`), or the 32-bit number as a string or as a number."""
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


class CalibrationModel(BaseModel):
    """A device's newest calibration; `source` is `person`, or `device` where it told so itself."""

    last_at: datetime
    due_at: datetime | None = None
    is_overdue: bool
    source: Literal["person", "device"]


class DeviceModel(BaseModel):
    """A device; texts it never told are absent.

    `vehicle_id` is where it belongs, `heard_in` the vehicle whose gateway heard it last.
    """

    id: str
    serial_number: str
    device_class: str | None = None
    status: DeviceStatus
    manufacturer: str
    model: str
    firmware: str
    system_id: str | None = None
    vehicle_id: str | None = None
    vehicle_since: datetime | None = None
    heard_in: str | None = None
    gateway_id: str | None = None
    hardware: str = ""
    software: str = ""
    enrolled_at: datetime | None = None
    last_seen_at: datetime | None = None
    status_at: datetime | None = None
    status_reason: str | None = None
    battery_pct: int | None = None
    battery_at: datetime | None = None
    calibration: CalibrationModel | None = None


class ComponentRequest(StrictModel):
    """One of several values measured together."""

    mdc_code: MdcName
    value: ExactNumber
    unit_code: Word


class WaveformRequest(StrictModel):
    """Samples a period apart, the first at `observed_at`: sample x scale + offset, in `unit_code`.

    `period_us` is in microseconds: 4000 is 250 samples a second.
    """

    samples: Annotated[
        tuple[Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)], ...],
        Field(min_length=1, max_length=30_000),
    ]
    period_us: Annotated[int, Field(strict=True, ge=1, le=3_600_000_000)]
    scale: ExactNumber = Decimal(1)
    offset: ExactNumber = Decimal(0)


class ObservationRequest(StrictModel):
    """A reading: a value with its unit, components, or a waveform with its unit."""

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

    mdc_code: MdcName
    value: ExactNumber | None = None
    unit_code: Word | None = None
    encounter_id: Identifier | None = None
    observed_at: Timestamp | None = None
    sequence: Annotated[int, Field(strict=True, ge=0, le=2**53)] | None = None
    components: Annotated[tuple[ComponentRequest, ...], Field(max_length=32)] = ()
    waveform: WaveformRequest | None = None
    status: Literal["final", "preliminary", "error"] = "final"

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        has_number = self.value is not None or self.waveform is not None
        if has_number != (self.unit_code is not None):
            raise ValueError("value or waveform and unit_code come together")
        if not has_number and not self.components:
            raise ValueError("a value, components or a waveform is needed")
        if self.waveform is not None and (self.value is not None or self.components):
            raise ValueError("a waveform comes alone")
        return self


class BatchRequest(StrictModel):
    """Several readings of one device; each is looked at by itself."""

    observations: Annotated[
        tuple[dict[str, Any], ...],
        Field(
            min_length=1,
            max_length=500,
            json_schema_extra={"items": {"$ref": "#/components/schemas/ObservationRequest"}},
        ),
    ]


class ComponentModel(BaseModel):
    """One of several values; `special` stands where the device had no number."""

    mdc_code: str
    value: ExactNumber | None = None
    special: str | None = None
    unit_code: str


class WaveformModel(BaseModel):
    """How a stored waveform is to be read; `samples` where they were asked for."""

    sample_count: int
    period_us: int
    scale: ExactNumber
    offset: ExactNumber
    samples: list[int] | None = None


class ObservationModel(BaseModel):
    """A stored observation. `value` keeps its digits (36.60 is not 36.6).

    `octets`: where the gateway's recorder keeps what it was decoded from.
    """

    id: str
    device_id: str
    mdc_code: str
    mdc_number: int
    kind: Literal["numeric", "compound", "coded", "bits", "text", "waveform"]
    value: ExactNumber | None = None
    special: str | None = None
    unit_code: str | None = None
    components: list[ComponentModel] | None = None
    waveform: WaveformModel | None = None
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
    """A page of observations in time order; `next_cursor` is null at the end."""

    observations: list[ObservationModel]
    next_cursor: str | None = None


class VerdictModel(BaseModel):
    """What became of one reading of a batch, by its place in it from 0.

    `status` is what it would have got alone: 201 stored, 200 stored before, else refused for
    `error`.
    """

    index: int
    status: int
    id: str | None = None
    encounter_id: str | None = None
    flags: list[str] | None = None
    error: str | None = None
    message: str | None = None
    details: dict[str, Any] | None = None


class BatchModel(BaseModel):
    """The verdicts of a batch, in its order, and how many there are of each."""

    stored: int
    repeated: int
    refused: int
    results: list[VerdictModel]
