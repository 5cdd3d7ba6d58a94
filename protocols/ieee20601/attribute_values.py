"""Values of attributes that have parts: one frozen record each (20601 Annex A)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

import construct as cs

from protocols.mder.codes import TYPE, UNIT
from protocols.mder.numbers import FLOAT_TYPE, Number
from protocols.mder.records import RecordConstruct, Wire, wire
from protocols.mder.sequences import ANY, OCTET_STRING, SequenceOf, text_of
from protocols.model.codes import MdcCode, UnitCode


@dataclass(frozen=True, slots=True)
class SystemModel:
    """Manufacturer and model, as octets; `.texts` reads them."""

    manufacturer: bytes = wire(OCTET_STRING)
    model: bytes = wire(OCTET_STRING)

    @property
    def texts(self) -> tuple[str, str]:
        """Manufacturer and model as text, empty where the device left them so."""
        return text_of(self.manufacturer), text_of(self.model)


@dataclass(frozen=True, slots=True)
class ProductSpecification:
    """One production fact (ProdSpecEntry).

    `spec_type`: 1 serial number, 2 part number, 3 hardware, 4 software, 5 firmware revision.
    """

    spec_type: int = wire(cs.Int16ub)
    component: int = wire(cs.Int16ub)
    octets: bytes = wire(OCTET_STRING)

    @property
    def text(self) -> str:
        """The fact as text."""
        return text_of(self.octets)


@dataclass(frozen=True, slots=True)
class TypeVersion:
    """A specialization the device follows: term of partition 8, and its version (TypeVer)."""

    type: int = wire(cs.Int16ub)
    version: int = wire(cs.Int16ub)


@dataclass(frozen=True, slots=True)
class Certification:
    """One regulation or certification fact (RegCertData)."""

    body: int = wire(cs.Int8ub)
    body_type: int = wire(cs.Int8ub)
    octets: bytes = wire(ANY)


@dataclass(frozen=True, slots=True)
class MdsTimeInfo:
    """Which clocks a device has (MdsTimeInfo).

    `capability` bits from 0x8000 real-time clock to 0x0010 the manager sets it; `sync` the
    synchronisation term of partition 8; `accuracy` in RelativeTime ticks; the resolutions are
    of absolute time (1/100 s), relative time (125 us) and high resolution time (us).
    """

    capability: int = wire(cs.Int16ub)
    sync: int = wire(cs.Int16ub)
    accuracy: int = wire(cs.Int32ub)
    absolute_resolution: int = wire(cs.Int16ub)
    relative_resolution: int = wire(cs.Int16ub)
    high_resolution: int = wire(cs.Int32ub)


@dataclass(frozen=True, slots=True)
class ValueMapEntry:
    """One slice of a fixed format report: which attribute, how many octets (AttrValMapEntry)."""

    attribute_id: int = wire(cs.Int16ub)
    length: int = wire(cs.Int16ub)


VALUE_MAP: Final[Wire] = SequenceOf(ValueMapEntry)


def map_octets(value_map: Iterable[ValueMapEntry]) -> int:
    """How many octets a value map announces."""
    return sum(entry.length for entry in value_map)


@dataclass(frozen=True, slots=True)
class MetricStructure:
    """Simple (0), compound (1) or compound-fix (3) metric, and how many parts it has."""

    kind: int = wire(cs.Int8ub)
    components: int = wire(cs.Int8ub)


@dataclass(frozen=True, slots=True)
class BatteryMeasure:
    """A battery figure and its unit (BatMeasure)."""

    value: Number = wire(FLOAT_TYPE)
    unit: UnitCode = wire(UNIT)


class SaFlags(IntFlag):
    """What a device says of its curve (20601 Annex A, SaFlags, BITS-16); bit 0 is 0x8000.

    `SMOOTHED_CURVE`: the device filtered it; `DELAYED_CURVE`: it comes later than what is measured
    beside it; `STATIC_SCALE`: its scale never changes; `SA_EXT_VAL_RANGE`: the non-significant
    bits of its samples hold something else and are masked.
    """

    SMOOTHED_CURVE = 0x8000
    DELAYED_CURVE = 0x4000
    STATIC_SCALE = 0x2000
    SA_EXT_VAL_RANGE = 0x1000


@dataclass(frozen=True, slots=True)
class SampleSpecification:
    """How the samples of an RT-SA are laid out (SaSpec).

    `count` samples an array, `bits` wide each (8, 16 or 32) of which `significant` count;
    `flags`: `SaFlags`, as sent.
    """

    count: int = wire(cs.Int16ub)
    bits: int = wire(cs.Int8ub)
    significant: int = wire(cs.Int8ub)
    flags: int = wire(cs.Int16ub)

    @property
    def signed(self) -> bool:
        """Samples are two's complement: SampleType says so with 255 significant bits."""
        return self.significant == SIGNED_SAMPLES

    @property
    def sample_octets(self) -> int:
        """Octets of one sample, 0 when the width is none of 8, 16, 32."""
        return {8: 1, 16: 2, 32: 4}.get(self.bits, 0)


SIGNED_SAMPLES: Final = 255
"""`significant` of signed samples (20601 SampleType, samples-signed)."""


@dataclass(frozen=True, slots=True)
class ScaleAndRange:
    """Samples `lower_scaled`..`upper_scaled` mean `lower_absolute`..`upper_absolute` linearly."""

    lower_absolute: Number
    upper_absolute: Number
    lower_scaled: int
    upper_scaled: int


def _scale(raw: Wire) -> Wire:
    """ScaleRangeSpec8, 16 or 32: two FLOATs, then two samples of that width."""
    return cs.ExprAdapter(
        cs.Sequence(FLOAT_TYPE, FLOAT_TYPE, raw, raw),
        lambda parts, _: ScaleAndRange(*parts),
        lambda scale, _: [
            scale.lower_absolute,
            scale.upper_absolute,
            scale.lower_scaled,
            scale.upper_scaled,
        ],
    )


@dataclass(frozen=True, slots=True)
class SegmentStatistic:
    """One statistic of a PM-segment: minimum 1, maximum 2, mean 3 (SegmentStatisticEntry)."""

    kind: int = wire(cs.Int16ub)
    octets: bytes = wire(OCTET_STRING)


@dataclass(frozen=True, slots=True)
class ObservedNumber:
    """A numeric value that carries its own metric, state and unit (NuObsValue)."""

    metric: int = wire(cs.Int16ub)
    status: int = wire(cs.Int16ub)
    unit: UnitCode = wire(UNIT)
    value: Number = wire(FLOAT_TYPE)


class EnumChoice(IntEnum):
    """Which form an observed enumeration has (20601 Annex A, EnumVal)."""

    CODE = 1
    TEXT = 2
    BITS = 16


@dataclass(frozen=True, slots=True)
class ObservedEnumeration:
    """An enumeration value with its metric and state (EnumObsValue); `choice`: `EnumChoice`."""

    metric: int = wire(cs.Int16ub)
    status: int = wire(cs.Int16ub)
    choice: int = wire(cs.Int16ub)
    octets: bytes = wire(ANY)


@dataclass(frozen=True, slots=True)
class BaseOffsetTime:
    """Seconds since 1900 UTC, 1/65536 s, and the local offset in minutes (BaseOffsetTime)."""

    seconds: int = wire(cs.Int32ub)
    fraction: int = wire(cs.Int16ub)
    offset_minutes: int = wire(cs.Int16sb)


SYSTEM_MODEL: Final[Wire] = RecordConstruct(SystemModel)
PRODUCT_SPECIFICATIONS: Final[Wire] = SequenceOf(ProductSpecification)
TYPE_VERSIONS: Final[Wire] = SequenceOf(TypeVersion)
CERTIFICATIONS: Final[Wire] = SequenceOf(Certification)
TIME_INFO: Final[Wire] = RecordConstruct(MdsTimeInfo)
METRIC_STRUCTURE: Final[Wire] = RecordConstruct(MetricStructure)
BATTERY_MEASURE: Final[Wire] = RecordConstruct(BatteryMeasure)
SAMPLE_SPECIFICATION: Final[Wire] = RecordConstruct(SampleSpecification)
SCALE_8: Final[Wire] = _scale(cs.Int8ub)
SCALE_16: Final[Wire] = _scale(cs.Int16ub)
SCALE_32: Final[Wire] = _scale(cs.Int32ub)
SEGMENT_STATISTICS: Final[Wire] = SequenceOf(SegmentStatistic)
OBSERVED_NUMBER: Final[Wire] = RecordConstruct(ObservedNumber)
OBSERVED_ENUMERATION: Final[Wire] = RecordConstruct(ObservedEnumeration)
BASE_OFFSET_TIME: Final[Wire] = RecordConstruct(BaseOffsetTime)


@dataclass(frozen=True, slots=True)
class HandleValueMap:
    """The slices of one object in a grouped scan report (HandleAttrValMapEntry)."""

    handle: int = wire(cs.Int16ub)
    value_map: tuple[ValueMapEntry, ...] = wire(VALUE_MAP)


@dataclass(frozen=True, slots=True)
class SegmentElement:
    """One metric in every entry of a segment (SegmEntryElem)."""

    object_class: int = wire(cs.Int16ub)
    type: MdcCode = wire(TYPE)
    handle: int = wire(cs.Int16ub)
    value_map: tuple[ValueMapEntry, ...] = wire(VALUE_MAP)


@dataclass(frozen=True, slots=True)
class SegmentEntryMap:
    """How the entries of a PM-segment are laid out (PmSegmentEntryMap).

    `header` bits: 0x8000 absolute time, 0x4000 relative time, 0x2000 high resolution time.
    """

    header: int = wire(cs.Int16ub)
    elements: tuple[SegmentElement, ...] = wire(SequenceOf(SegmentElement))


HANDLE_VALUE_MAPS: Final[Wire] = SequenceOf(HandleValueMap)
SEGMENT_ENTRY_MAP: Final[Wire] = RecordConstruct(SegmentEntryMap)
