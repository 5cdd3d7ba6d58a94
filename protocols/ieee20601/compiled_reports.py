"""A configuration compiled to a decoder of its fixed and grouped scan reports.

    compiled = CompiledReports(configuration, device)
    found = compiled.read(report, reception)      None: read it the interpreted way
    found.info, found.transcription               equal to what the interpreted way gives

The first report of a shape is measured (which handles, how many groups) and its layout is
compiled; the next ones are recognised by their length and verified octet by octet where they
must be constant. Anything that is not exactly of a known shape, and all that could give a
warning or an error, is left to `decode_event_info` and `transcribe`: they are the oracle.

Shapes are bounded: a device that invents a new one every time gets the interpreted way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from protocols.errors import DecodeError
from protocols.ieee20601.compiled_layouts import (
    Layout,
    Values,
    fixed_layout,
    grouped_layout,
    value_at,
)
from protocols.ieee20601.compiled_observations import ObservationMaker
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import (
    EventType,
    ObservationFixed,
    ScanReport,
    ScanReportFixed,
    ScanReportGrouped,
)
from protocols.ieee20601.reading_records import Reception
from protocols.ieee20601.remote_operations import MDS_HANDLE, EventReport
from protocols.ieee20601.tolerances import MISSING_UNIT
from protocols.ieee20601.transcription import Transcription
from protocols.model.codes import SystemId

_Key = tuple[int, int]
"""Of a report: its scanner (0 in a fixed report, which needs none) and its octets."""
_Shape = tuple[int, tuple[int, ...]]
"""Of a report: its scanner and its handles, or where its groups begin."""
_MOST_SHAPES: Final = 32
_MOST_MEMBERS: Final = 256
_MOST_VALUES: Final = 1024
_LIST: Final = 8
"""Where the list's members begin: behind data-req-id, scan-report-no, count and length."""
_FIXED: Final = {
    EventType.SCAN_REPORT_FIXED,
    EventType.UNBUF_SCAN_REPORT_FIXED,
    EventType.BUF_SCAN_REPORT_FIXED,
}
_GROUPED: Final = {EventType.UNBUF_SCAN_REPORT_GROUPED, EventType.BUF_SCAN_REPORT_GROUPED}


@dataclass(frozen=True, slots=True)
class CompiledReport:
    """A report that was read the compiled way."""

    info: ScanReport
    transcription: Transcription


class CompiledReports:
    """The compiled layouts of one configuration for one device; see the module."""

    def __init__(self, configuration: Configuration, device: SystemId) -> None:
        self.configuration: Final = configuration
        self._device = device
        self._shapes: set[_Shape] = set()
        self._makers: dict[_Key, tuple[ObservationMaker, ...]] = {}

    def read(self, report: EventReport, reception: Reception) -> CompiledReport | None:
        """The report's content and transcription, None where the interpreted path must read it.

        Raises nothing. `reception.device` is the device this was compiled for.
        """
        octets = report.event_info
        if report.handle and self.configuration.find(report.handle) is None:
            return None
        if report.event_type in _FIXED:
            key: _Key = (MDS_HANDLE, len(octets))
        elif report.event_type in _GROUPED and report.handle:
            key = (report.handle, len(octets))
        else:
            return None
        found = self._decode(key, octets)
        if found is None and self._learn(key, octets):
            found = self._decode(key, octets)
        if found is None:
            return None
        maker, values = found
        if maker.without_unit and not reception.tolerances.allow(MISSING_UNIT):
            return None
        observations = maker.observations(values, reception)
        if observations is None:
            return None
        return CompiledReport(
            _info(maker.layout, values, octets),
            Transcription(
                observations=observations,
                unknown_handles=(),
                unread=(),
                notes=(),
                configuration=self.configuration,
                clock=reception.clock,
                without_unit=maker.without_unit,
            ),
        )

    def _decode(self, key: _Key, octets: bytes) -> tuple[ObservationMaker, Values] | None:
        for maker in self._makers.get(key, ()):
            values = maker.layout.decode(octets)
            if values is not None:
                return maker, values
        return None

    def _learn(self, key: _Key, octets: bytes) -> bool:
        """Compile the shape of a report that nothing known fits; whether there is a new layout."""
        if len(self._shapes) >= _MOST_SHAPES:
            return False
        scanner, _ = key
        shape = (scanner, _groups(octets) if scanner else _handles(octets))
        if shape in self._shapes or not 0 < len(shape[1]) <= _MOST_MEMBERS:
            return False
        self._shapes.add(shape)
        layout = self._layout(*shape)
        if layout is None or len(layout.places) > _MOST_VALUES:
            return False
        try:
            maker = ObservationMaker(layout, self._device)
        except DecodeError:
            return False
        self._makers[key] = (*self._makers.get(key, ()), maker)
        return True

    def _layout(self, scanner: int, parts: tuple[int, ...]) -> Layout | None:
        find = self.configuration.find
        if scanner:
            source = find(scanner)
            return None if source is None else grouped_layout(source, find, len(parts))
        subjects = [subject for handle in parts if (subject := find(handle)) is not None]
        return fixed_layout(subjects) if len(subjects) == len(parts) else None


def _handles(octets: bytes) -> tuple[int, ...]:
    """The handles of a fixed report as far as its lengths can be followed."""
    return tuple(_u16(octets, at) for at in _members(octets, 4))


def _groups(octets: bytes) -> tuple[int, ...]:
    """Where the groups of a grouped report begin, by its lengths."""
    return tuple(_members(octets, 2))


def _members(octets: bytes, head: int) -> Iterator[int]:
    """Where the members of the report's list begin; each ends with an OCTET STRING."""
    at = _LIST
    while at + head <= len(octets):
        yield at
        at += head + _u16(octets, at + head - 2)


def _u16(octets: bytes, at: int) -> int:
    return int.from_bytes(octets[at : at + 2], "big")


def _info(layout: Layout, values: Values, octets: bytes) -> ScanReport:
    """The record the interpreted path would have made of the same octets."""
    data_req_id, number = value_at(values, 0, int), value_at(values, 1, int)
    if layout.groups:
        return ScanReportGrouped(data_req_id, number, tuple(octets[at] for at in layout.groups))
    observations = [
        ObservationFixed(reading.subject.handle, octets[reading.octets])
        for reading in layout.readings
    ]
    return ScanReportFixed(data_req_id, number, tuple(observations))
