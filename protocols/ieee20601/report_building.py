"""Typed values -> scan reports of every form (the agent's side).

    entry = Entry(handle, stamp=local, value=Decimal("98"))
    fixed_report(configuration, [entry, ...]) -> Report        octets laid out by the value maps
    variable_report(configuration, [entry, ...]) -> Report     each value with its attribute id
    scanner_report(configuration, 55, Form.GROUPED, [entry, ...]) -> Report
    persons_report(configuration, Form.FIXED, {1: [entry, ...], 2: [...]}) -> Report

Report(event_type, event_info, handle) goes to `AgentConnection.send_report`. `value_building`
says what a value becomes. EncodeError when value, object and map do not fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from protocols.errors import EncodeError
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import (
    AGENT_INITIATED_DATA,
    EventType,
    ObservationFixed,
    ObservationVar,
    PersonFixed,
    PersonGrouped,
    PersonVar,
    ScanReport,
    ScanReportFixed,
    ScanReportGrouped,
    ScanReportMpFixed,
    ScanReportMpGrouped,
    ScanReportMpVar,
    ScanReportVar,
    encode_event_info,
)
from protocols.ieee20601.objects import ConfiguredObject
from protocols.ieee20601.remote_operations import MDS_HANDLE
from protocols.ieee20601.scanners import Scanner, ScannerKind, scanners_of
from protocols.ieee20601.value_building import (
    Bits,
    Entry,
    Value,
    fixed_values,
    variable_values,
)

__all__ = [
    "Bits",
    "Entry",
    "Form",
    "Report",
    "Value",
    "fixed_report",
    "persons_report",
    "scanner_report",
    "variable_report",
]


class Form(Enum):
    """How a report lays out its values; GROUPED is for scanners alone."""

    VARIABLE = "variable"
    FIXED = "fixed"
    GROUPED = "grouped"


@dataclass(frozen=True, slots=True)
class Report:
    """A scan report ready to send, and the object it comes from: the MDS or a scanner."""

    event_type: EventType
    event_info: bytes
    handle: int = MDS_HANDLE

    @property
    def data_req_id(self) -> int:
        """The data request it answers, or data-req-id-agent-initiated."""
        return int.from_bytes(self.event_info[:2], "big")


_E = EventType
_EVENTS: Final[dict[tuple[ScannerKind | None, Form, bool], EventType]] = {
    (None, Form.VARIABLE, False): _E.SCAN_REPORT_VAR,
    (None, Form.FIXED, False): _E.SCAN_REPORT_FIXED,
    (None, Form.VARIABLE, True): _E.SCAN_REPORT_MP_VAR,
    (None, Form.FIXED, True): _E.SCAN_REPORT_MP_FIXED,
    (ScannerKind.EPISODIC, Form.VARIABLE, False): _E.UNBUF_SCAN_REPORT_VAR,
    (ScannerKind.EPISODIC, Form.FIXED, False): _E.UNBUF_SCAN_REPORT_FIXED,
    (ScannerKind.EPISODIC, Form.GROUPED, False): _E.UNBUF_SCAN_REPORT_GROUPED,
    (ScannerKind.EPISODIC, Form.VARIABLE, True): _E.UNBUF_SCAN_REPORT_MP_VAR,
    (ScannerKind.EPISODIC, Form.FIXED, True): _E.UNBUF_SCAN_REPORT_MP_FIXED,
    (ScannerKind.EPISODIC, Form.GROUPED, True): _E.UNBUF_SCAN_REPORT_MP_GROUPED,
    (ScannerKind.PERIODIC, Form.VARIABLE, False): _E.BUF_SCAN_REPORT_VAR,
    (ScannerKind.PERIODIC, Form.FIXED, False): _E.BUF_SCAN_REPORT_FIXED,
    (ScannerKind.PERIODIC, Form.GROUPED, False): _E.BUF_SCAN_REPORT_GROUPED,
    (ScannerKind.PERIODIC, Form.VARIABLE, True): _E.BUF_SCAN_REPORT_MP_VAR,
    (ScannerKind.PERIODIC, Form.FIXED, True): _E.BUF_SCAN_REPORT_MP_FIXED,
    (ScannerKind.PERIODIC, Form.GROUPED, True): _E.BUF_SCAN_REPORT_MP_GROUPED,
}
"""Who reports (None: the MDS), form, several persons -> event type: the sixteen of 20601 7.4."""


def fixed_report(
    configuration: Configuration,
    entries: Iterable[Entry],
    *,
    scan_report_no: int = 0,
    data_req_id: int = AGENT_INITIATED_DATA,
) -> Report:
    """A fixed format report of the MDS; the value or a stamp must fill every value map entry."""
    source = _Source(configuration, None, scan_report_no, data_req_id)
    return source.report(Form.FIXED, entries)


def variable_report(
    configuration: Configuration,
    entries: Iterable[Entry],
    *,
    scan_report_no: int = 0,
    data_req_id: int = AGENT_INITIATED_DATA,
) -> Report:
    """A variable format report of the MDS: only what the entries hold."""
    source = _Source(configuration, None, scan_report_no, data_req_id)
    return source.report(Form.VARIABLE, entries)


def scanner_report(
    configuration: Configuration,
    handle: int,
    form: Form,
    entries: Iterable[Entry],
    *,
    scan_report_no: int = 0,
    data_req_id: int = AGENT_INITIATED_DATA,
) -> Report:
    """A scanner's report: UNBUF of an episodic scanner, BUF of a periodic one.

    Grouped: the entries stand in the order of the scanner's map; each full turn of the map is
    one group, so a periodic scanner may give several.
    """
    source = _Source(configuration, handle, scan_report_no, data_req_id)
    return source.report(form, entries)


def persons_report(
    configuration: Configuration,
    form: Form,
    persons: Mapping[int, Iterable[Entry]],
    *,
    scanner: int | None = None,
    scan_report_no: int = 0,
    data_req_id: int = AGENT_INITIATED_DATA,
) -> Report:
    """A report of several persons by their person ids; of the MDS, or of a scanner's handle."""
    source = _Source(configuration, scanner, scan_report_no, data_req_id)
    return source.persons_report(form, persons)


class _Source:
    """Who reports, with the heading of the report."""

    def __init__(
        self,
        configuration: Configuration,
        handle: int | None,
        scan_report_no: int,
        data_req_id: int,
    ) -> None:
        self._configuration = configuration
        self._handle = handle
        self._scanner = None if handle is None else scanners_of(configuration).get(handle)
        if handle is not None and self._scanner is None:
            raise EncodeError(f"the configuration has no scanner {handle}")
        self._heading = (data_req_id, scan_report_no)

    def report(self, form: Form, entries: Iterable[Entry]) -> Report:
        """One person's report."""
        info: ScanReport
        match form:
            case Form.VARIABLE:
                info = ScanReportVar(*self._heading, self._variable(entries))
            case Form.FIXED:
                info = ScanReportFixed(*self._heading, self._fixed(entries))
            case _:
                info = ScanReportGrouped(*self._heading, self._groups(entries))
        return self._finish(form, info, several=False)

    def persons_report(self, form: Form, persons: Mapping[int, Iterable[Entry]]) -> Report:
        """Several persons' report; a person may have several groups."""
        info: ScanReport
        each = persons.items()
        match form:
            case Form.VARIABLE:
                told = tuple(PersonVar(who, self._variable(entries)) for who, entries in each)
                info = ScanReportMpVar(*self._heading, told)
            case Form.FIXED:
                laid = tuple(PersonFixed(who, self._fixed(entries)) for who, entries in each)
                info = ScanReportMpFixed(*self._heading, laid)
            case _:
                grouped = tuple(
                    PersonGrouped(who, group)
                    for who, entries in each
                    for group in self._groups(entries)
                )
                info = ScanReportMpGrouped(*self._heading, grouped)
        return self._finish(form, info, several=True)

    def _finish(self, form: Form, info: ScanReport, *, several: bool) -> Report:
        kind = self._scanner.kind if self._scanner else None
        event_type = _EVENTS[kind, form, several]
        handle = MDS_HANDLE if self._handle is None else self._handle
        return Report(event_type, encode_event_info(event_type, info), handle)

    def _fixed(self, entries: Iterable[Entry]) -> tuple[ObservationFixed, ...]:
        return tuple(
            ObservationFixed(entry.handle, fixed_values(self._subject(entry), entry))
            for entry in entries
        )

    def _variable(self, entries: Iterable[Entry]) -> tuple[ObservationVar, ...]:
        return tuple(
            ObservationVar(entry.handle, variable_values(self._subject(entry), entry))
            for entry in entries
        )

    def _groups(self, entries: Iterable[Entry]) -> tuple[bytes, ...]:
        scanner, each = self._grouping(), tuple(entries)
        size = len(scanner.maps)
        return tuple(
            self._group(scanner, each[first : first + size]) for first in range(0, len(each), size)
        )

    def _group(self, scanner: Scanner, entries: tuple[Entry, ...]) -> bytes:
        handles = tuple(item.handle for item in scanner.maps)
        if tuple(entry.handle for entry in entries) != handles:
            raise EncodeError(f"a group of scanner {scanner.handle} has the handles {handles}")
        return b"".join(
            fixed_values(self._subject(entry), entry, item.value_map)
            for entry, item in zip(entries, scanner.maps, strict=True)
        )

    def _grouping(self) -> Scanner:
        if self._scanner is None or not self._scanner.maps:
            raise EncodeError("grouped reports need a scanner with a handle map")
        return self._scanner

    def _subject(self, entry: Entry) -> ConfiguredObject:
        subject = self._configuration.find(entry.handle)
        if subject is None:
            raise EncodeError(f"the configuration has no object {entry.handle}")
        return subject
