"""An oximeter's configuration with an episodic and a periodic scanner."""

from __future__ import annotations

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import HandleValueMap, ValueMapEntry
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.objects import ObjectClass
from protocols.specializations.registry import STANDARD_CONFIGURATIONS

EPISODIC = 55
PERIODIC = 40
TICKS_A_SECOND = 8000
LAYOUT = (ValueMapEntry(0x0A4C, 2), ValueMapEntry(0x0990, 8))
MAPS = (HandleValueMap(1, LAYOUT), HandleValueMap(10, LAYOUT))


def episodic(*more: AttributeValue, handle: int = EPISODIC) -> ConfigObject:
    """An episodic scanner with a handle map and whatever else it says of itself."""
    attributes = (at.SCAN_HANDLE_ATTR_VAL_MAP.of(MAPS), *more)
    return ConfigObject(ObjectClass.EPISODIC_SCANNER, handle, attributes)


def periodic(*more: AttributeValue, seconds: int = 1) -> ConfigObject:
    """A periodic scanner with a handle map that reports every so many seconds."""
    attributes = (
        at.SCAN_HANDLE_ATTR_VAL_MAP.of(MAPS),
        at.SCAN_REP_PD.of(seconds * TICKS_A_SECOND),
        *more,
    )
    return ConfigObject(ObjectClass.PERIODIC_SCANNER, PERIODIC, attributes)


def scanning(*scanners: ConfigObject) -> Configuration:
    """The oximeter with these scanners; with one of each kind unless told."""
    metrics = STANDARD_CONFIGURATIONS[0x0190].report.objects
    return build_configuration(0x4000, (*metrics, *(scanners or (episodic(), periodic()))))
