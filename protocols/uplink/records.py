"""The wire form of the uplink contract, version 1: tagged arrays, so that names cost nothing.

The arrays only ever grow at their end: an old reader ignores what follows, a new reader fills
what is missing. Exact decimals travel as text, times as ISO 8601 with zone, ids as text.

Records never refer to each other in a circle, so the garbage collector need not visit them
(`gc=False`): a backlog is read as tens of thousands at once, and the visits cost a fifth of it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class TimeRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`ObservedTime`: UTC, quality, the device time's kind and value (both empty if none)."""

    at: datetime
    quality: str
    device_kind: str = ""
    device_value: str = ""


class CommonRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What every observation has; codes in their context-free 32-bit form."""

    observation_id: UUID
    type_cf: int
    time: TimeRecord
    device: bytes
    status: int = 0
    supplements: tuple[int, ...] = ()


class QuantityRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`Quantity`: decimal digits or a special value's name, and the unit's term."""

    value: str
    unit: int


class NumericRecord(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="n"):
    """`NumericObservation`."""

    common: CommonRecord
    value: QuantityRecord


class CompoundRecord(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="c"):
    """`CompoundNumericObservation`."""

    common: CommonRecord
    components: tuple[tuple[int, QuantityRecord], ...]


class SamplesRecord(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="w"):
    """`SampleArrayObservation`; `width` is 2 or 4 octets a sample, little endian, signed."""

    common: CommonRecord
    samples: bytes
    width: int
    scale: str
    offset: str
    period_us: int
    unit: int
    sequence: int | None = None


class CodedRecord(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="e"):
    """`CodedObservation`."""

    common: CommonRecord
    value: int


class BitsRecord(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="b"):
    """`BitsObservation`."""

    common: CommonRecord
    bits: int
    width: int


class TextRecord(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="t"):
    """`TextObservation`."""

    common: CommonRecord
    text: str


class DeviceRecord(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="d"):
    """`DeviceInfo`."""

    system_id: bytes
    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    firmware: str = ""
    hardware: str = ""
    software: str = ""
    specializations: tuple[tuple[int, int], ...] = ()


class CrewEventRecord(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="x"):
    """`CrewEvent`."""

    event_id: UUID
    kind: str
    at: datetime
    by: str
    vehicle_id: str
    text: str = ""
    details: tuple[tuple[str, str], ...] = ()
    undoes: UUID | None = None
    encounter: str = ""


class AttachmentPartRecord(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="p"):
    """`AttachmentPart`."""

    attachment_id: UUID
    part: int
    parts: int
    octets: bytes


ContentRecord = (
    NumericRecord
    | CompoundRecord
    | SamplesRecord
    | CodedRecord
    | BitsRecord
    | TextRecord
    | DeviceRecord
    | CrewEventRecord
    | AttachmentPartRecord
)


class RowRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`UplinkRow`; the content is read on its own, so that one bad row spoils no batch."""

    sequence: int
    captured_at: datetime
    content: msgspec.Raw
    octets: str = ""


class BatchRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`UplinkBatch`, contract version first."""

    version: int
    batch_id: UUID
    gateway_id: str
    vehicle_id: str
    stream: str
    boot_epoch: int
    sent_at: datetime
    rows: tuple[RowRecord, ...]
    floor: int = 0
    traceparent: str = ""


class RejectedRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`RejectedRow`."""

    sequence: int
    reason: str


class ReceiptRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`Receipt`."""

    stream: str
    boot_epoch: int
    through: int


class AckRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`UplinkAck`, contract version first."""

    version: int
    batch_id: UUID
    stored: int
    repeated: int
    rejected: tuple[RejectedRecord, ...] = ()
    accepts: int = 1
    receipt: ReceiptRecord | None = None
