"""Configurations: an agent's objects by handle, from a report's octets or from data.

decode_configuration(report.event_info) -> Configuration      (a config report's event-info)
encode_configuration(configuration) -> octets                  the same octets again
build_configuration(0x4000, objects) -> Configuration          objects: ConfigObject records

configuration.config_id, .objects (handle -> ConfiguredObject), .warnings, .pm_stores
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from protocols.ieee20601.event_reports import CONFIG_REPORT, ConfigObject, ConfigReport
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass, describe_object
from protocols.ieee20601.tolerances import (
    DEFAULT_TOLERANCES,
    DUPLICATE_HANDLE,
    Tolerances,
    tolerances_of,
)
from protocols.mder.records import Leniency


@dataclass(frozen=True, slots=True)
class Configuration:
    """What an agent has: its objects by handle.

    `report` is the record it came from; `warnings` are sentences about what was odd and
    tolerated: a handle twice (the later object counts), vendor terms, wrong attributes.
    `firmware`: that of the device it was learnt from in an earlier run, empty where unknown.
    """

    config_id: int
    objects: Mapping[int, ConfiguredObject]
    report: ConfigReport
    warnings: tuple[str, ...] = ()
    firmware: str = ""

    def find(self, handle: int) -> ConfiguredObject | None:
        """The object of a handle, None when there is no such handle."""
        return self.objects.get(handle)

    @property
    def fault(self) -> str:
        """Why no manager can use it, in a sentence; the empty text when it can be used."""
        if not self.objects:
            return "a configuration without objects"
        for handle, item in self.objects.items():
            if item.is_metric and item.type is None:
                return f"object {handle} does not say what it measures"
        return ""

    @property
    def pm_stores(self) -> tuple[int, ...]:
        """Handles of the persistent metric stores."""
        return tuple(
            handle
            for handle, item in self.objects.items()
            if item.object_class == ObjectClass.PM_STORE
        )


def decode_configuration(
    octets: bytes, *, leniency: Leniency = DEFAULT_TOLERANCES
) -> Configuration:
    """The configuration of a config report's event-info; DecodeError when it is no such thing.

    `leniency`: see `tolerances_of`. What it does not forgive is refused (the manager answers
    RORJ 2), what it forgives becomes a warning.
    """
    notes: list[str] = []
    report = CONFIG_REPORT.decode(octets, leniency=leniency, notes=notes)
    return _described(report, notes, tolerances_of(leniency))


def build_configuration(config_id: int, objects: Iterable[ConfigObject]) -> Configuration:
    """A configuration from records, as an agent or a table of standard ones has it."""
    return _described(ConfigReport(config_id, tuple(objects)), [], DEFAULT_TOLERANCES)


def encode_configuration(configuration: Configuration) -> bytes:
    """The event-info of the report that says this configuration."""
    return CONFIG_REPORT.encode(configuration.report)


def _described(report: ConfigReport, notes: list[str], tolerances: Tolerances) -> Configuration:
    objects: dict[int, ConfiguredObject] = {}
    for raw in report.objects:
        if raw.handle in objects:
            tolerances.forgive(DUPLICATE_HANDLE, notes, handle=raw.handle)
        objects[raw.handle] = describe_object(raw, notes, tolerances)
    # Two probes of one kind may measure at the same moment: their handles tell them apart.
    kinds = Counter((item.type, item.supplements) for item in objects.values() if item.is_metric)
    for handle, item in objects.items():
        if item.is_metric and kinds[item.type, item.supplements] > 1:
            objects[handle] = replace(item, has_twin=True)
    return Configuration(
        report.config_id, MappingProxyType(objects), report, tuple(dict.fromkeys(notes))
    )
