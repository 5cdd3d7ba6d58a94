"""Observations: what a device measured, one frozen record each (10206 observation classes).

Every kind shares the fields of `Observation`'s members below:
`observation_id` a UUIDv5 of the measurement's identity (see `identifiers`), `type` what was
measured, `observed_at` when, `device` which device, `status` as the device said, `supplements`
the Supplemental-Types (fast, slow, spot ...) that tell apart two readings of one type. `named_by`
is what the id was made of where no device's time was: a hint that is no part of what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Flag
from typing import Final
from uuid import UUID

from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.identifiers import Naming
from protocols.model.quantity import Quantity
from protocols.model.timestamps import ObservedTime

SAMPLE_OCTETS: Final = 4


class MeasurementStatus(Flag):
    """20601 MeasurementStatus bits; 0 is a plain valid reading."""

    VALID = 0
    INVALID = 0x8000
    QUESTIONABLE = 0x4000
    NOT_AVAILABLE = 0x2000
    CALIBRATION_ONGOING = 0x1000
    TEST_DATA = 0x0800
    DEMO_DATA = 0x0400
    VALIDATED = 0x0080
    EARLY_INDICATION = 0x0040
    ONGOING = 0x0020


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    observation_id: UUID
    type: MdcCode
    observed_at: ObservedTime
    device: SystemId
    status: MeasurementStatus = MeasurementStatus.VALID
    supplements: tuple[MdcCode, ...] = ()
    named_by: Naming | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericObservation(_Common):
    """One measured number (FHIR profile PhdNumericObservation)."""

    value: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundNumericObservation(_Common):
    """Numbers of one measurement in the configuration's order (PhdCompoundNumericObservation)."""

    components: tuple[tuple[MdcCode, Quantity], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleArrayObservation(_Common):
    """A stretch of waveform (PhdRtsaObservation).

    `samples` are the integers the device sent as consecutive little-endian signed 32-bit
    values (numpy "<i4"), `count` of them. The physical value is `sample x scale + offset` in
    `unit`. `period_us` is the time between samples in microseconds; `observed_at` is the time
    of the first sample. `sequence` is the report's number in its association
    (scan-report-no) where the device counts.
    """

    samples: bytes
    scale: Decimal
    offset: Decimal
    period_us: int
    unit: UnitCode
    sequence: int | None = None

    @property
    def count(self) -> int:
        """How many samples."""
        return len(self.samples) // SAMPLE_OCTETS


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedObservation(_Common):
    """A coded finding or event (PhdCodedEnumerationObservation)."""

    value: MdcCode


@dataclass(frozen=True, slots=True, kw_only=True)
class BitsObservation(_Common):
    """State or event bits (PhdBitsEnumerationObservation); bit 0 is the highest of `width`."""

    bits: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextObservation(_Common):
    """A text finding (PhdStringEnumerationObservation)."""

    text: str


Observation = (
    NumericObservation
    | CompoundNumericObservation
    | SampleArrayObservation
    | CodedObservation
    | BitsObservation
    | TextObservation
)
