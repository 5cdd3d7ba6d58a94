"""Report + configuration -> observations: the only place that joins them.

    reception = Reception(device=..., received_at=utc, report_counter=n, clock=facts.clock)
    result = transcribe(report, info, configuration, reception)

`segment_transcription` does the same for a page of a PM-segment.

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

from protocols.ieee20601.attribute_values import HandleValueMap, map_octets
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import (
    ObservationFixed,
    ScanReport,
    ScanReportFixed,
    ScanReportGrouped,
    ScanReportMpFixed,
    ScanReportMpGrouped,
    ScanReportMpVar,
    ScanReportVar,
)
from protocols.ieee20601.objects import ConfiguredObject
from protocols.ieee20601.reading_records import Reception, Unread
from protocols.ieee20601.remote_operations import EventReport
from protocols.ieee20601.transcription_draft import (
    LayoutError,
    Transcription,
    TranscriptionDraft,
    nothing_new,
    slices_of,
)

__all__ = [
    "LayoutError",
    "Reception",
    "Transcription",
    "Unread",
    "nothing_new",
    "transcribe",
]


def transcribe(
    report: EventReport, info: ScanReport, configuration: Configuration, reception: Reception
) -> Transcription:
    """The observations of a scan report of any form.

    Raises LayoutError when a fixed or grouped report has not the lengths its map announces.
    Everything else that is odd ends in `unknown_handles`, `unread` and `notes`; so does the whole
    content of a report whose own source is not in the configuration.
    """
    draft = TranscriptionDraft(configuration, reception, info.scan_report_no, reception.clock)
    is_grouped = isinstance(info, ScanReportGrouped | ScanReportMpGrouped)
    if report.handle and configuration.find(report.handle) is None and not is_grouped:
        draft.refuse(report.handle, report.event_info)
    else:
        _add_report(draft, report.handle, info)
    return draft.finish()


def _add_report(draft: TranscriptionDraft, source: int, info: ScanReport) -> None:
    """The readings of a report; of a grouped one, `source` is the scanner."""
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
            pieces = _pieces_of(draft.find(source))
            for octets in info.observations:
                _add_group(draft, source, pieces, octets)
        case _:
            pieces = _pieces_of(draft.find(source))
            for person_grouped in info.persons:
                draft.turn_to(person_grouped.person)
                _add_group(draft, source, pieces, person_grouped.values)


def _add_fixed(draft: TranscriptionDraft, observations: tuple[ObservationFixed, ...]) -> None:
    for item in observations:
        subject = draft.find(item.handle)
        if subject is None:
            draft.refuse(item.handle, item.values)
            continue
        draft.add(item.handle, tuple(slices_of(subject.value_map, item.values)))


def _pieces_of(scanner: ConfiguredObject | None) -> tuple[HandleValueMap, ...]:
    """The pieces of a scanner's groups; those without octets say nothing, in every group."""
    maps = () if scanner is None else scanner.handle_maps
    return tuple(piece for piece in maps if piece.value_map)


def _add_group(
    draft: TranscriptionDraft,
    scanner_handle: int,
    pieces: tuple[HandleValueMap, ...],
    octets: bytes,
) -> None:
    """A grouped report: octets of several objects in the order of the scanner's handle map."""
    if not pieces:
        draft.refuse(scanner_handle, octets)
        return
    length = sum(map_octets(group.value_map) for group in pieces)
    if length != len(octets):
        raise LayoutError(
            f"scanner {scanner_handle}: {len(octets)} octets where its map has {length}",
            clause="20601 Handle-Attribute-Value-Map",
        )
    at_octet = 0
    for group in pieces:
        size = map_octets(group.value_map)
        values = slices_of(group.value_map, octets[at_octet : at_octet + size])
        draft.add(group.handle, tuple(values))
        at_octet += size
