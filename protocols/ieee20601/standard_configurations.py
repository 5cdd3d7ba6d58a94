"""Configurations every manager must know, so that an agent need not send them (104xx annexes).

`STANDARD_CONFIGURATIONS[0x02BC]` is a whole `Configuration`. Written by hand from the
attribute tables of the specializations; object handles and value maps are fixed by them.
"""

from __future__ import annotations

from typing import Any, Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import MetricStructure, ValueMapEntry
from protocols.ieee20601.attributes import Attribute, AttributeValue
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.objects import ObjectClass
from protocols.model.codes import MdcCode, UnitCode

METRIC_SPEC_STORED_AGENT: Final = 0x4040
"""Stored data possible, access initiated by the agent (MetricSpecSmall)."""
METRIC_SPEC_EPISODIC: Final = 0xF040
"""Intermittent, stored, aperiodic updates and measurements, initiated by the agent."""
COMPOUND_FIX: Final = 3
"""ms-struct-compound-fix: components never change (MetricStructureSmall)."""

PERCENT: Final = UnitCode(544)
BEATS_PER_MINUTE: Final = UnitCode(2720)
MILLIMETRES_OF_MERCURY: Final = UnitCode(3872)
KILOGRAMS: Final = UnitCode(1731)
CENTIMETRES: Final = UnitCode(1297)
KILOGRAMS_PER_SQUARE_METRE: Final = UnitCode(1952)
MODALITY_SPOT: Final = MdcCode(2, 19516)


def value_map(*entries: tuple[Attribute[Any], int]) -> AttributeValue:
    """An attribute value map: kinds and their lengths in octets."""
    return at.ATTRIBUTE_VAL_MAP.of(
        tuple(ValueMapEntry(kind.attribute_id, length) for kind, length in entries)
    )


BASIC_AND_TIME: Final = value_map((at.NU_VAL_OBS_BASIC, 2), (at.TIME_STAMP_ABS, 8))
SIMPLE_AND_TIME: Final = value_map((at.NU_VAL_OBS_SIMP, 4), (at.TIME_STAMP_ABS, 8))
COMPOUND_3_AND_TIME: Final = value_map((at.NU_CMPD_VAL_OBS_BASIC, 10), (at.TIME_STAMP_ABS, 8))


def numeric(
    handle: int,
    type_code: MdcCode,
    unit: UnitCode,
    *more: AttributeValue,
    layout: AttributeValue = BASIC_AND_TIME,
    spec: int = METRIC_SPEC_STORED_AGENT,
) -> ConfigObject:
    """A numeric object: type, metric specification, unit, value map, then `more`."""
    return ConfigObject(
        int(ObjectClass.NUMERIC),
        handle,
        (
            at.ID_TYPE.of(type_code),
            at.METRIC_SPEC_SMALL.of(spec),
            at.UNIT_CODE.of(unit),
            layout,
            *more,
        ),
    )


def _oximeter(config_id: int, *more: AttributeValue) -> Configuration:
    """10404: oxygen saturation and pulse rate."""
    return build_configuration(
        config_id,
        (
            numeric(1, MdcCode(2, 19384), PERCENT, *more),
            numeric(10, MdcCode(2, 18458), BEATS_PER_MINUTE, *more),
        ),
    )


def _blood_pressure() -> Configuration:
    """10407: systolic, diastolic, mean as one compound; pulse rate."""
    pressures = numeric(
        1,
        MdcCode(2, 18948),
        MILLIMETRES_OF_MERCURY,
        at.METRIC_STRUCT_SMALL.of(MetricStructure(COMPOUND_FIX, 3)),
        at.ID_PHYSIO_LIST.of((18949, 18950, 18951)),
        layout=COMPOUND_3_AND_TIME,
        spec=METRIC_SPEC_EPISODIC,
    )
    pulse = numeric(2, MdcCode(2, 18474), BEATS_PER_MINUTE, spec=METRIC_SPEC_EPISODIC)
    return build_configuration(0x02BC, (pressures, pulse))


def _scale() -> Configuration:
    """10415: body weight, height, and the body mass index worked out from the weight."""
    return build_configuration(
        0x05DC,
        (
            numeric(1, MdcCode(2, 57664), KILOGRAMS, layout=SIMPLE_AND_TIME),
            numeric(2, MdcCode(2, 57668), CENTIMETRES, layout=SIMPLE_AND_TIME),
            numeric(
                3,
                MdcCode(2, 57680),
                KILOGRAMS_PER_SQUARE_METRE,
                at.SOURCE_HANDLE_REF.of(1),
                layout=SIMPLE_AND_TIME,
            ),
        ),
    )


STANDARD_CONFIGURATIONS: Final[dict[int, Configuration]] = {
    configuration.config_id: configuration
    for configuration in (
        _oximeter(0x0190),
        _oximeter(0x0191, at.SUPPLEMENTAL_TYPES.of((MODALITY_SPOT,))),
        _blood_pressure(),
        _scale(),
    )
}
"""Standard configuration id -> configuration."""
