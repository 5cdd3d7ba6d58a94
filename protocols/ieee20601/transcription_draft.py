"""A transcription being written: readings in, observations and all that is to be said of them out.

    draft = TranscriptionDraft(configuration, reception, sequence, reception.clock)
    draft.add(handle, values)          one object's values, in the order of the report
    draft.finish()                     -> Transcription

Two readings of one report are never one measurement, even where their device gives them one
stamp: the second of the same identity counts as the second occurrence of it. A report that is
sent again gives the same identities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import ValueMapEntry, map_octets
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.device_clock import STAMPS, DeviceClock, refresh_clock
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.ieee20601.reading_records import Reading, Reception, Unread
from protocols.ieee20601.readings import lacks_unit, observations_of, with_overrides
from protocols.ieee20601.remote_operations import MDS_HANDLE
from protocols.ieee20601.tolerances import MISSING_UNIT
from protocols.model.codes import MdcCode
from protocols.model.identifiers import marked_id
from protocols.model.observation import Observation

PARTITION_OBJECTS: Final = 1


class LayoutError(DecodeError):
    """A fixed report does not have the lengths of its attribute value map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """What a report says, and what could not be said of it; see the module."""

    observations: tuple[Observation, ...]
    unknown_handles: tuple[int, ...]
    unread: tuple[Unread, ...]
    notes: tuple[str, ...]
    configuration: Configuration
    clock: DeviceClock
    without_unit: tuple[int, ...]

    @property
    def is_unreadable(self) -> bool:
        """Whether there are values and not one of them can be read."""
        return not self.observations and any(not item.is_vendor for item in self.unread)


def nothing_new(configuration: Configuration, clock: DeviceClock) -> Transcription:
    """What a page says whose entries are known to be durable."""
    return Transcription(
        observations=(),
        unknown_handles=(),
        unread=(),
        notes=(),
        configuration=configuration,
        clock=clock,
        without_unit=(),
    )


@dataclass(slots=True)
class TranscriptionDraft:
    """A transcription being written.

    `sequence`: the report's scan-report-no; `stored`, `adjustment`, `person` see `Reading`;
    `position` counts the readings.
    """

    configuration: Configuration
    reception: Reception
    sequence: int | None
    clock: DeviceClock
    stored: bool = False
    adjustment: timedelta = timedelta(0)
    person: int | None = None
    position: int = 0
    changed: dict[int, ConfiguredObject] = field(default_factory=dict)
    observations: list[Observation] = field(default_factory=list)
    unknown_handles: list[int] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    without_unit: list[int] = field(default_factory=list)
    _occurrences: Counter[UUID] = field(default_factory=Counter)

    def add(self, handle: int, values: tuple[AttributeValue, ...]) -> None:
        """One object's values."""
        self.position += 1
        if handle == MDS_HANDLE:
            self._add_mds(values)
            return
        subject = self.find(handle)
        if subject is None:
            self.refuse(handle, b"".join(value.octets for value in values))
            return
        changed = with_overrides(subject, values, self.notes, self.reception.tolerances)
        if changed is not subject and not self.stored:
            self.changed[handle] = changed
        self.observe(changed, values)

    def find(self, handle: int) -> ConfiguredObject | None:
        """The object of a handle as the report has left it so far."""
        return self.changed.get(handle) or self.configuration.find(handle)

    def _add_mds(self, values: tuple[AttributeValue, ...]) -> None:
        """Attributes of the device itself: battery, power, and its clock when it was set."""
        present = {value.attribute_id for value in values}
        if present & _CLOCK_ATTRIBUTES:
            self.clock = refresh_clock(
                self.clock,
                values,
                utc=self.reception.received_at,
                notes=self.notes,
                tolerances=self.reception.tolerances,
            )
        for value in values:
            if value.attribute_id in _MDS_READINGS:
                subject = ConfiguredObject(
                    handle=MDS_HANDLE,
                    object_class=ObjectClass.MDS,
                    type=MdcCode(PARTITION_OBJECTS, value.attribute_id),
                )
                stamps = tuple(item for item in values if item.attribute_id in STAMPS)
                self.observe(subject, (value, *stamps))

    def turn_to(self, person: int) -> None:
        """What follows is of another person."""
        self.person = person
        self.notes.append(_person(person))

    def observe(self, subject: ConfiguredObject, values: tuple[AttributeValue, ...]) -> None:
        """The values of an object as it is described."""
        reading = Reading(
            subject=subject,
            values=values,
            position=self.position,
            sequence=self.sequence,
            stored=self.stored,
            adjustment=self.adjustment,
            person=self.person,
        )
        if lacks_unit(reading) and self.reception.tolerances.allow(MISSING_UNIT):
            self.without_unit.append(subject.handle)
        made = observations_of(reading, self.reception, self.notes, self.unread)
        self.observations.extend(map(self._tell_apart, made))

    def _tell_apart(self, observation: Observation) -> Observation:
        """The observation under an identity that no other of this report has."""
        identity = observation.observation_id
        self._occurrences[identity] += 1
        occurrence = self._occurrences[identity]
        if occurrence == 1:
            return observation
        other = marked_id(identity, f"occurrence={occurrence}")
        return replace(observation, observation_id=other, named_by=None)

    def refuse(self, handle: int, octets: bytes) -> None:
        """Values of a handle the configuration does not have."""
        self.unknown_handles.append(handle)
        self.unread.append(Unread(handle, None, octets, "no such handle in the configuration"))

    def _sentences(self) -> Iterator[str]:
        """Of what could not be read; a vendor's attribute has its tolerance's sentence already."""
        return (_sentence(item) for item in self.unread if not item.is_vendor)

    def finish(self) -> Transcription:
        """The transcription; every sentence once."""
        configuration = self.configuration
        if self.changed:
            objects = MappingProxyType({**configuration.objects, **self.changed})
            configuration = replace(configuration, objects=objects)
        return Transcription(
            observations=tuple(self.observations),
            unknown_handles=tuple(dict.fromkeys(self.unknown_handles)),
            unread=tuple(self.unread),
            notes=tuple(dict.fromkeys((*self.notes, *self._sentences()))),
            configuration=configuration,
            clock=self.clock,
            without_unit=tuple(dict.fromkeys(self.without_unit)),
        )


_CLOCK_ATTRIBUTES: Final = {
    at.TIME_ABS.attribute_id,
    at.TIME_BO.attribute_id,
    at.TIME_ABS_ADJUST.attribute_id,
    at.MDS_TIME_INFO.attribute_id,
}
_MDS_READINGS: Final = {
    at.VAL_BATT_CHARGE.attribute_id,
    at.TIME_BATT_REMAIN.attribute_id,
    at.POWER_STAT.attribute_id,
}


def slices_of(value_map: tuple[ValueMapEntry, ...], octets: bytes) -> Iterator[AttributeValue]:
    """The attributes of a fixed observation; LayoutError when lengths disagree."""
    length = map_octets(value_map)
    if length != len(octets):
        raise LayoutError(
            f"{len(octets)} octets where the value map has {length}",
            clause="20601 Attribute-Value-Map",
        )
    start = 0
    for entry in value_map:
        yield AttributeValue(entry.attribute_id, octets[start : start + entry.length])
        start += entry.length


def _person(person: int) -> str:
    return f"a multi-person report: readings of person {person} are taken as the patient's"


def _sentence(unread: Unread) -> str:
    what = "" if unread.attribute_id is None else f" {at.name_of(unread.attribute_id)}"
    return f"handle {unread.handle}{what}: {unread.reason}"
