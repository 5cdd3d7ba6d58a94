"""Report + configuration -> observations: the only place that joins them.

    reception = Reception(device=..., received_at=utc, report_counter=n, clock=facts.clock)
    result = transcribe(report, info, configuration, reception)          a scan report
    result = transcribe_segment(data, entry_map, configuration, reception)   a page of a store

    result.observations       what to pass on
    result.unknown_handles    not empty: answer a confirmed report with ROER 1
    result.without_unit       handles whose values are dimensionless for want of a unit
    result.unread             values kept as octets, with the reason
    result.notes              sentences for ProtocolWarning; no patient data in them
    result.configuration      use it from now on: a report may change units, scales, maps
    result.clock              use it from now on: a report may bring the device's new clock

`LayoutError` (a DecodeError) says that a fixed report does not have the lengths its value map
announces: what we believe of the configuration is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import HandleValueMap, SegmentEntryMap, ValueMapEntry
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.device_clock import DeviceClock, refresh_clock
from protocols.ieee20601.event_reports import (
    ObservationFixed,
    ScanReport,
    ScanReportFixed,
    ScanReportGrouped,
    ScanReportMpFixed,
    ScanReportMpVar,
    ScanReportVar,
)
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass, with_octets
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.reading_records import Reading, Reception, Unread
from protocols.ieee20601.readings import lacks_unit, observations_of, with_overrides
from protocols.ieee20601.remote_operations import MDS_HANDLE, EventReport
from protocols.ieee20601.segment_entries import (
    EntryClock,
    StoredEntry,
    element_octets,
    split_entries,
)
from protocols.ieee20601.tolerances import MISSING_UNIT, PAGE_COUNT
from protocols.model.codes import MdcCode
from protocols.model.observation import Observation

__all__ = [
    "LayoutError",
    "Reception",
    "Transcription",
    "Unread",
    "nothing_new",
    "transcribe",
    "transcribe_segment",
]

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
class _Draft:
    """A transcription being written."""

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
        changed = with_overrides(subject, values, self.notes)
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
                stamps = tuple(item for item in values if item.attribute_id in _STAMPS)
                self.observe(subject, (value, *stamps))

    def turn_to(self, person: int) -> None:
        """What follows is of another person."""
        self.person = person
        self.notes.append(_person(person))

    def observe(self, subject: ConfiguredObject, values: tuple[AttributeValue, ...]) -> None:
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
        self.observations.extend(observations_of(reading, self.reception, self.notes, self.unread))

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
_STAMPS: Final = {
    at.TIME_STAMP_ABS.attribute_id,
    at.TIME_STAMP_REL.attribute_id,
    at.TIME_STAMP_REL_HI_RES.attribute_id,
    at.TIME_STAMP_BO.attribute_id,
}


def transcribe(
    report: EventReport, info: ScanReport, configuration: Configuration, reception: Reception
) -> Transcription:
    """The observations of a scan report of any form.

    Raises LayoutError when a fixed or grouped report has not the lengths its map announces.
    Everything else that is odd ends in `unknown_handles`, `unread` and `notes`.
    """
    draft = _Draft(configuration, reception, info.scan_report_no, reception.clock)
    match info:
        case ScanReportVar():
            for item in info.observations:
                draft.add(item.handle, item.attributes)
        case ScanReportFixed():
            _add_fixed(draft, info.observations)
        case ScanReportMpVar():
            for person in info.persons:
                draft.turn_to(person.person)
                for item in person.observations:
                    draft.add(item.handle, item.attributes)
        case ScanReportMpFixed():
            for person_fixed in info.persons:
                draft.turn_to(person_fixed.person)
                _add_fixed(draft, person_fixed.observations)
        case ScanReportGrouped():
            pieces = _pieces_of(draft.find(report.handle))
            for octets in info.observations:
                _add_group(draft, report.handle, pieces, octets)
        case _:
            pieces = _pieces_of(draft.find(report.handle))
            for person_grouped in info.persons:
                draft.turn_to(person_grouped.person)
                _add_group(draft, report.handle, pieces, person_grouped.values)
    return draft.finish()


def transcribe_segment(
    data: SegmentData,
    entry_map: SegmentEntryMap,
    configuration: Configuration,
    reception: Reception,
    *,
    adjustment: timedelta | None = None,
    person: int | None = None,
    clock: EntryClock | None = None,
) -> Transcription:
    """The observations of one page of a PM-segment, entry by entry.

    An entry's time stands before its elements; a time of another timeline is UNKNOWN. Special
    values survive. `adjustment`: the segment's Date-and-Time-Adjustment; it moves the UTC time,
    not the device's own stamp, which identifies the entry; `person`: the segment's Person-Id;
    `clock`: tells the time of entries that carry none. Raises LayoutError when the page does not
    divide into entries.
    """
    draft = _Draft(configuration, reception, None, reception.clock, stored=True)
    draft.adjustment, draft.person = adjustment or timedelta(0), person
    # An element without octets says nothing, in every entry.
    elements = tuple(
        replace(item, value_map=with_octets(item.value_map))
        for item in entry_map.elements
        if element_octets(item)
    )
    entry_map = replace(entry_map, elements=elements)
    try:
        entries = split_entries(entry_map, data.entries)
    except DecodeError as exc:
        raise LayoutError(str(exc), clause=exc.clause) from exc
    if len(entries) != data.count:
        reception.tolerances.forgive(
            PAGE_COUNT, draft.notes, count=data.count, entries=len(entries)
        )
    for number, entry in enumerate(entries):
        draft.position = data.first + number
        if clock is not None and not entry_map.header:
            entry = replace(entry, absolute_time=clock.at(draft.position))
        for element, octets in entry.elements:
            values = (*_slices(element.value_map, octets), *_entry_stamps(entry))
            if configuration.find(element.handle) is None:
                # The segment's map itself says what the element is.
                draft.observe(
                    ConfiguredObject(
                        handle=element.handle,
                        object_class=element.object_class,
                        type=element.type,
                    ),
                    values,
                )
            else:
                draft.add(element.handle, values)
    return draft.finish()


def _add_fixed(draft: _Draft, observations: tuple[ObservationFixed, ...]) -> None:
    for item in observations:
        subject = draft.find(item.handle)
        if subject is None:
            draft.refuse(item.handle, item.values)
            continue
        draft.add(item.handle, tuple(_slices(subject.value_map, item.values)))


def _pieces_of(scanner: ConfiguredObject | None) -> tuple[HandleValueMap, ...]:
    """The pieces of a scanner's groups; those without octets say nothing, in every group."""
    maps = () if scanner is None else scanner.handle_maps
    return tuple(piece for piece in maps if piece.value_map)


def _add_group(
    draft: _Draft, scanner_handle: int, pieces: tuple[HandleValueMap, ...], octets: bytes
) -> None:
    """A grouped report: octets of several objects in the order of the scanner's handle map."""
    if not pieces:
        draft.refuse(scanner_handle, octets)
        return
    length = sum(entry.length for group in pieces for entry in group.value_map)
    if length != len(octets):
        raise LayoutError(
            f"scanner {scanner_handle}: {len(octets)} octets where its map has {length}",
            clause="20601 Handle-Attribute-Value-Map",
        )
    at_octet = 0
    for group in pieces:
        size = sum(entry.length for entry in group.value_map)
        draft.add(group.handle, tuple(_slices(group.value_map, octets[at_octet : at_octet + size])))
        at_octet += size


def _slices(value_map: tuple[ValueMapEntry, ...], octets: bytes) -> Iterator[AttributeValue]:
    """The attributes of a fixed observation; LayoutError when lengths disagree."""
    length = sum(entry.length for entry in value_map)
    if length != len(octets):
        raise LayoutError(
            f"{len(octets)} octets where the value map has {length}",
            clause="20601 Attribute-Value-Map",
        )
    start = 0
    for entry in value_map:
        yield AttributeValue(entry.attribute_id, octets[start : start + entry.length])
        start += entry.length


def _entry_stamps(entry: StoredEntry) -> Iterator[AttributeValue]:
    if entry.absolute_time is not None:
        yield at.TIME_STAMP_ABS.of(entry.absolute_time)
    if entry.relative_time is not None:
        yield at.TIME_STAMP_REL.of(entry.relative_time)
    if entry.high_resolution_time is not None:
        yield at.TIME_STAMP_REL_HI_RES.of(entry.high_resolution_time)
    if entry.base_offset_time is not None:
        yield at.TIME_STAMP_BO.of(entry.base_offset_time)


def _person(person: int) -> str:
    return f"a multi-person report: readings of person {person} are taken as the patient's"


def _sentence(unread: Unread) -> str:
    what = "" if unread.attribute_id is None else f" {at.name_of(unread.attribute_id)}"
    return f"handle {unread.handle}{what}: {unread.reason}"
