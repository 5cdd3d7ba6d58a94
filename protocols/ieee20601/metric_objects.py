"""Objects of a configuration as an agent or a table of standard ones describes them (20601 6.3).

    numeric(1, MdcCode(2, 19384), PERCENT)                        one number a report
    compound(1, PRESSURE, MILLIMETRES_OF_MERCURY, (18949, ...))   several numbers, one unit
    coded(3, RHYTHM, codes_from=3), bits(4, STATUS), text(5, ID)  an enumeration's three forms
    waveform(6, LEAD_II, MILLIVOLTS, shape)                       a real-time sample array
    persistent_store(7, label="day", capacity=100)                a PM-store

Every one is a `ConfigObject`, ready for `build_configuration`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    MetricStructure,
    SampleSpecification,
    ScaleAndRange,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import Attribute, AttributeValue
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.segment_selection import StoreCapability
from protocols.mder.sequences import padded
from protocols.model.codes import MdcCode, UnitCode


class MetricSpec(IntFlag):
    """When and how a metric gives its value (20601 MetricSpecSmall); bit 0 is 0x8000.

    The names of what is usual: `STORED_BY_AGENT` may be stored, `EPISODIC` comes now and then,
    `CALCULATED` and `MANUAL` are episodic and worked out or typed in, `WAVEFORM` is always there.
    """

    INTERMITTENT = 0x8000
    STORED = 0x4000
    UPDATES_APERIODIC = 0x2000
    MEASURED_APERIODIC = 0x1000
    FROM_MANAGER = 0x0080
    FROM_AGENT = 0x0040
    BY_HAND = 0x0008
    WORKED_OUT = 0x0002
    WAVEFORM = FROM_AGENT
    STORED_BY_AGENT = STORED | FROM_AGENT
    EPISODIC = INTERMITTENT | STORED | UPDATES_APERIODIC | MEASURED_APERIODIC | FROM_AGENT
    CALCULATED = EPISODIC | WORKED_OUT
    MANUAL = EPISODIC | BY_HAND


COMPOUND_FIX: Final = 3
"""ms-struct-compound-fix: components never change (MetricStructureSmall)."""


def value_map(*entries: tuple[Attribute[object], int]) -> AttributeValue:
    """An attribute value map: kinds and their lengths in octets."""
    return at.ATTRIBUTE_VAL_MAP.of(
        tuple(ValueMapEntry(kind.attribute_id, length) for kind, length in entries)
    )


BASIC_AND_TIME: Final = value_map((at.NU_VAL_OBS_BASIC, 2), (at.TIME_STAMP_ABS, 8))
SIMPLE_AND_TIME: Final = value_map((at.NU_VAL_OBS_SIMP, 4), (at.TIME_STAMP_ABS, 8))
_LIST_HEAD: Final = 4


def numeric(
    handle: int,
    type_code: MdcCode,
    unit: UnitCode,
    *more: AttributeValue,
    layout: AttributeValue = BASIC_AND_TIME,
    spec: int = MetricSpec.STORED_BY_AGENT,
) -> ConfigObject:
    """A numeric object: type, metric specification, unit, value map, then `more`."""
    return ConfigObject(
        int(ObjectClass.NUMERIC),
        handle,
        (
            at.ID_TYPE.of(type_code),
            at.METRIC_SPEC_SMALL.of(int(spec)),
            at.UNIT_CODE.of(unit),
            layout,
            *more,
        ),
    )


def compound(
    handle: int,
    type_code: MdcCode,
    unit: UnitCode,
    parts: tuple[int, ...],
    *more: AttributeValue,
    spec: int = MetricSpec.EPISODIC,
) -> ConfigObject:
    """A numeric of several SFLOATs in one unit; `parts` are their terms, in the type's partition.

    20601 6.3.4: a list is a count, a length and two octets for every component.
    """
    return numeric(
        handle,
        type_code,
        unit,
        at.METRIC_STRUCT_SMALL.of(MetricStructure(COMPOUND_FIX, len(parts))),
        at.ID_PHYSIO_LIST.of(parts),
        *more,
        layout=value_map(
            (at.NU_CMPD_VAL_OBS_BASIC, _LIST_HEAD + 2 * len(parts)), (at.TIME_STAMP_ABS, 8)
        ),
        spec=spec,
    )


def coded(
    handle: int,
    type_code: MdcCode,
    *more: AttributeValue,
    codes_from: int | None = None,
    spec: int = MetricSpec.EPISODIC,
) -> ConfigObject:
    """An enumeration whose value is a term of partition `codes_from` (None: that of its type)."""
    partition = () if codes_from is None else (at.ENUM_OBS_VAL_PART.of(codes_from),)
    layout = value_map((at.ENUM_OBS_VAL_SIMP_OID, 2), (at.TIME_STAMP_ABS, 8))
    return _enumeration(handle, type_code, (*partition, layout, *more), spec)


def bits(
    handle: int,
    type_code: MdcCode,
    *more: AttributeValue,
    width: int = 16,
    spec: int = MetricSpec.EPISODIC,
) -> ConfigObject:
    """An enumeration of 16 or 32 state bits."""
    kind = at.ENUM_OBS_VAL_BASIC_BIT_STR if width == 16 else at.ENUM_OBS_VAL_SIMP_BIT_STR
    layout = value_map((kind, width // 8), (at.TIME_STAMP_ABS, 8))
    return _enumeration(handle, type_code, (layout, *more), spec)


def text(
    handle: int, type_code: MdcCode, *more: AttributeValue, spec: int = MetricSpec.EPISODIC
) -> ConfigObject:
    """An enumeration whose value is text; its length varies, so it has no value map."""
    return _enumeration(handle, type_code, more, spec)


def _enumeration(
    handle: int, type_code: MdcCode, more: tuple[AttributeValue, ...], spec: int
) -> ConfigObject:
    return ConfigObject(
        int(ObjectClass.ENUMERATION),
        handle,
        (at.ID_TYPE.of(type_code), at.METRIC_SPEC_SMALL.of(int(spec)), *more),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformShape:
    """How a sample array is laid out and what its samples mean.

    `samples` an array, `period_ticks` apart (125 us each); `bits` wide, 8, 16 or 32. A sample from
    0 to `highest` means `scale.lower_absolute` to `scale.upper_absolute`.
    """

    samples: int
    period_ticks: int
    bits: int
    scale: ScaleAndRange

    @property
    def octets(self) -> int:
        """Length of the array's OCTET STRING with its own length of two octets."""
        return 2 + self.samples * self.bits // 8


_SCALE_KINDS: Final = {8: at.SCALE_SPECN_I8, 16: at.SCALE_SPECN_I16, 32: at.SCALE_SPECN_I32}


def waveform(
    handle: int,
    type_code: MdcCode,
    unit: UnitCode,
    shape: WaveformShape,
    *more: AttributeValue,
    spec: int = MetricSpec.WAVEFORM,
) -> ConfigObject:
    """A real-time sample array."""
    return ConfigObject(
        int(ObjectClass.SAMPLE_ARRAY),
        handle,
        (
            at.ID_TYPE.of(type_code),
            at.METRIC_SPEC_SMALL.of(int(spec)),
            at.UNIT_CODE.of(unit),
            at.TIME_PD_SAMP.of(shape.period_ticks),
            _SCALE_KINDS[shape.bits].of(shape.scale),
            at.SA_SPECN.of(SampleSpecification(shape.samples, shape.bits, shape.bits, 0)),
            value_map((at.SIMP_SA_OBS_VAL, shape.octets), (at.TIME_STAMP_ABS, 8)),
            *more,
        ),
    )


def persistent_store(
    handle: int,
    *more: AttributeValue,
    label: str,
    capacity: int,
    segments: int = 0,
    capabilities: int = StoreCapability.EPISODIC_ENTRIES | StoreCapability.CLEAR_BY_LIST,
    clear_timeout_ticks: int = 80_000,
) -> ConfigObject:
    """A PM-store for up to `capacity` entries; `clear_timeout_ticks` of 125 us to clear it.

    How the entries look is said by each segment's own map, not by the configuration.
    """
    return ConfigObject(
        int(ObjectClass.PM_STORE),
        handle,
        (
            at.PM_STORE_CAPAB.of(int(capabilities)),
            at.METRIC_STORE_SAMPLE_ALG.of(0),
            at.METRIC_STORE_CAPAC_CNT.of(capacity),
            at.METRIC_STORE_USAGE_CNT.of(0),
            at.OP_STAT.of(0),
            at.PM_STORE_LABEL_STRING.of(padded(label)),
            at.NUM_SEG.of(segments),
            at.CLEAR_TIMEOUT.of(clear_timeout_ticks),
            *more,
        ),
    )
