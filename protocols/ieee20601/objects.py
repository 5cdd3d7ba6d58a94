"""The domain information model: what a configuration says about one object (20601 6.3).

`describe_object` reads the attributes of a configured object into a `ConfiguredObject`. What it
cannot read it leaves out with a sentence; the raw attributes always stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    HandleValueMap,
    MetricStructure,
    SaFlags,
    SampleSpecification,
    ScaleAndRange,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import AttributeValue, find_readable
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.tolerances import (
    CLOCK_IN_VALUE_MAP,
    DEFAULT_TOLERANCES,
    PRIVATE_TERM,
    Tolerances,
)
from protocols.model.codes import MdcCode, UnitCode

PARTITION_SCADA: Final = 2
VENDOR_TERMS: Final = range(0xF000, 0xFC00)
"""Terms of any partition that belong to vendors (10101, private terms)."""


class ObjectClass(IntEnum):
    """Object classes of partition 1 (MDC_MOC_*)."""

    METRIC = 4
    ENUMERATION = 5
    NUMERIC = 6
    SAMPLE_ARRAY = 9
    SCANNER = 16
    CONFIGURABLE_SCANNER = 17
    EPISODIC_SCANNER = 18
    PERIODIC_SCANNER = 19
    MDS = 37
    PM_STORE = 61
    PM_SEGMENT = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredObject:
    """One object of a configuration.

    `type` is what it measures; `parts` the terms of a compound's components, in order;
    `value_map` the slices of a fixed format report; `period_ticks` the sample period in steps of
    125 us; `handle_maps` a scanner's slices. Fields are None or empty where the device says
    nothing. `attributes` holds everything as sent. `has_twin`: another object of the configuration
    measures the same, with the same supplemental types.
    """

    handle: int
    object_class: int
    type: MdcCode | None = None
    unit: UnitCode | None = None
    supplements: tuple[MdcCode, ...] = ()
    parts: tuple[MdcCode, ...] = ()
    structure: MetricStructure | None = None
    value_map: tuple[ValueMapEntry, ...] = ()
    enumeration_partition: int | None = None
    source_handle: int | None = None
    samples: SampleSpecification | None = None
    scale: ScaleAndRange | None = None
    period_ticks: int | None = None
    handle_maps: tuple[HandleValueMap, ...] = ()
    confirm_timeout_ticks: int | None = None
    attributes: tuple[AttributeValue, ...] = ()
    has_twin: bool = False

    @property
    def apart(self) -> str:
        """What tells its readings from its twin's (see `Identity.of`), empty without one."""
        return f"object={self.handle}" if self.has_twin else ""

    @property
    def is_metric(self) -> bool:
        """Numeric, enumeration or sample array: what observations come from."""
        return self.object_class in _METRICS


_METRICS: Final = (ObjectClass.ENUMERATION, ObjectClass.NUMERIC, ObjectClass.SAMPLE_ARRAY)


def describe_object(
    raw: ConfigObject, notes: list[str], tolerances: Tolerances = DEFAULT_TOLERANCES
) -> ConfiguredObject:
    """What an object's attributes say; oddities become sentences in `notes`.

    Raises DecodeError for a deviation that `tolerances` do not forgive, for nothing else.
    """
    attributes = raw.attributes
    own: list[str] = []
    type_code = _metric_type(attributes, own)
    partition = find_readable(attributes, at.METRIC_ID_PART, own)
    if partition is None:
        partition = type_code.partition if type_code else PARTITION_SCADA
    entries = find_readable(attributes, at.ATTRIBUTE_VAL_MAP, own) or ()
    described = ConfiguredObject(
        handle=raw.handle,
        object_class=raw.object_class,
        type=type_code,
        unit=find_readable(attributes, at.UNIT_CODE, own),
        supplements=find_readable(attributes, at.SUPPLEMENTAL_TYPES, own) or (),
        parts=tuple(
            MdcCode(partition, term)
            for term in find_readable(attributes, at.ID_PHYSIO_LIST, own) or ()
        ),
        structure=find_readable(attributes, at.METRIC_STRUCT_SMALL, own),
        value_map=usable_map(entries, raw.handle, notes, tolerances),
        enumeration_partition=find_readable(attributes, at.ENUM_OBS_VAL_PART, own),
        source_handle=find_readable(attributes, at.SOURCE_HANDLE_REF, own),
        samples=find_readable(attributes, at.SA_SPECN, own),
        scale=scale_of(attributes, own),
        period_ticks=find_readable(attributes, at.TIME_PD_SAMP, own),
        handle_maps=tuple(
            replace(piece, value_map=with_octets(piece.value_map))
            for piece in find_readable(attributes, at.SCAN_HANDLE_ATTR_VAL_MAP, own) or ()
        ),
        confirm_timeout_ticks=find_readable(attributes, at.CONFIRM_TIMEOUT, own),
        attributes=attributes,
    )
    own.extend(curve_notes(described.samples))
    if described.is_metric and type_code is None:
        own.append("a metric object without a type")
    if type_code is not None and type_code.term in VENDOR_TERMS:
        tolerances.forgive(PRIVATE_TERM, notes, handle=raw.handle, term=str(type_code))
    notes.extend(f"object {raw.handle}: {sentence}" for sentence in own)
    return described


def with_octets(value_map: Iterable[ValueMapEntry]) -> tuple[ValueMapEntry, ...]:
    """The entries of a map that have octets; the others say nothing, in every report."""
    return tuple(entry for entry in value_map if entry.length)


def scale_of(attributes: tuple[AttributeValue, ...], notes: list[str]) -> ScaleAndRange | None:
    """The scale and range specification of any width, None without one."""
    for kind in (at.SCALE_SPECN_I16, at.SCALE_SPECN_I8, at.SCALE_SPECN_I32):
        found = find_readable(attributes, kind, notes)
        if found is not None:
            return found
    return None


def curve_notes(samples: SampleSpecification | None) -> Iterator[str]:
    """What a reader of the curve should know and no observation carries (20601 SaFlags)."""
    flags = samples.flags if samples else 0
    if flags & SaFlags.SMOOTHED_CURVE:
        yield "its device smoothed this curve"
    if flags & SaFlags.DELAYED_CURVE:
        yield "this curve comes later than what is measured beside it"


def _metric_type(attributes: tuple[AttributeValue, ...], notes: list[str]) -> MdcCode | None:
    """Type, or the more exact Metric-Id in its partition (20601 6.3.3.3, Metric-Id)."""
    type_code = find_readable(attributes, at.ID_TYPE, notes)
    metric_id = find_readable(attributes, at.ID_PHYSIO, notes)
    if metric_id is None:
        return type_code
    partition = find_readable(attributes, at.METRIC_ID_PART, notes)
    if partition is None:
        partition = type_code.partition if type_code else PARTITION_SCADA
    return MdcCode(partition, metric_id)


def usable_map(
    entries: Iterable[ValueMapEntry], handle: int, notes: list[str], tolerances: Tolerances
) -> tuple[ValueMapEntry, ...]:
    """The value map of an object as it is used; see CLOCK_IN_VALUE_MAP and `with_octets`.

    DecodeError for a deviation that is not forgiven.
    """
    used = []
    for entry in entries:
        if entry.attribute_id == at.TIME_ABS.attribute_id:
            tolerances.forgive(CLOCK_IN_VALUE_MAP, notes, handle=handle)
            used.append(ValueMapEntry(at.TIME_STAMP_ABS.attribute_id, entry.length))
        else:
            used.append(entry)
    return with_octets(used)
