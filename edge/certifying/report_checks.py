"""What the reports of a device show: checked as they pass, whatever a script is after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from edge.certifying.findings import Record
from protocols.errors import DecodeError
from protocols.ieee20601.attribute_table import TIME_STAMP_ABS, name_of
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.device_clock import NO_CLOCK
from protocols.ieee20601.event_reports import (
    ConfigReport,
    ObservationFixed,
    ObservationVar,
    ScanReport,
    ScanReportFixed,
    ScanReportMpFixed,
    ScanReportMpVar,
    ScanReportVar,
    decode_event_info,
)
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.remote_operations import EventReport, RoivConfirmedEventReport
from protocols.ieee20601.transcription import LayoutError, Reception, Transcription, transcribe
from protocols.model.codes import SystemId

_NUMBERS = 0x10000
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # no check asks when a report came


class ReportChecks:
    """The checks REP-1 to REP-8, over all associations of a run."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self.configuration: Configuration | None = None
        self._last_numbers: dict[tuple[int, int], int] = {}
        self._used: dict[int, int | None] = {}
        self._last: tuple[int, EventReport] | None = None

    def begin(self, configuration: Configuration | None) -> None:
        """A new association: numbers start again, nothing waits."""
        self.configuration = configuration
        self._last_numbers.clear()
        self._used.clear()
        self._last = None

    def confirmed(self, invoke_id: int, *, before: int) -> None:
        """The report under this id is answered, before the message at this position comes."""
        self._used[invoke_id] = before

    def judge(self, report: EventReport, invoke_id: int, position: int) -> bool:
        """One report; False for a repeat, which counts for nothing else."""
        judge = self._record.judge
        free_from = self._used.get(invoke_id, 0)
        waits = free_from is None or position < free_from
        again = self._last == (invoke_id, report)
        judge("REP-6", not (waits or again), f"{invoke_id} twice", position)
        if waits or again:
            return False
        self._last = (invoke_id, report)
        if isinstance(report, RoivConfirmedEventReport):
            self._used[invoke_id] = None
        try:
            info = decode_event_info(report.event_type, report.event_info)
        except DecodeError as exc:
            judge("REP-2", False, str(exc), position)
            self._forget_count(report.handle)
            return True
        judge("REP-2", True, "", position)
        if isinstance(info, SegmentData | ConfigReport):
            return True
        self._count(report, info, position)
        transcription = self._transcribed(report, info, position)
        if transcription is not None:
            self._values(transcription, position)
        for value in _attributes(info, self.configuration):
            self._stamp(value, position)
        return True

    def _forget_count(self, handle: int) -> None:
        """A report whose number cannot be read is no gap."""
        for key in [key for key in self._last_numbers if key[0] == handle]:
            del self._last_numbers[key]

    def _count(self, report: EventReport, info: ScanReport, position: int) -> None:
        key = (report.handle, info.data_req_id)
        last, number = self._last_numbers.get(key), info.scan_report_no
        self._last_numbers[key] = number
        if last is not None:
            follows = number == (last + 1) % _NUMBERS
            self._record.judge("REP-5", follows, f"{number} after {last}", position)

    def _transcribed(
        self, report: EventReport, info: ScanReport, position: int
    ) -> Transcription | None:
        if self.configuration is None:
            return None
        reception = Reception(
            device=SystemId(b"CERTIFY "), received_at=_ANY_TIME, report_counter=0, clock=NO_CLOCK
        )
        try:
            transcription = transcribe(report, info, self.configuration, reception)
        except LayoutError as exc:
            self._record.judge("REP-4", False, str(exc), position)
            return None
        self._record.judge("REP-4", True, "", position)
        return transcription

    def _values(self, transcription: Transcription, position: int) -> None:
        judge = self._record.judge
        unknown = ", ".join(map(str, transcription.unknown_handles))
        judge("REP-3", not unknown, f"handle {unknown}" if unknown else "", position)
        bad = [item for item in transcription.unread if not item.is_vendor and item.attribute_id]
        first = f"{name_of(bad[0].attribute_id or 0)}: {bad[0].reason}" if bad else ""
        judge("REP-8", not bad, first, position)
        if transcription.observations:
            judge("REP-1", True, "", position)

    def _stamp(self, value: AttributeValue, position: int) -> None:
        if value.attribute_id != TIME_STAMP_ABS.attribute_id:
            return
        try:
            stamp = TIME_STAMP_ABS.decode(value.octets)
        except DecodeError as exc:
            self._record.judge("REP-7", False, str(exc), position)
            return
        if any(stamp.octets):  # all zeros say that the time is not known
            self._record.judge("REP-7", stamp.at is not None, stamp.octets.hex(), position)


def _attributes(info: ScanReport, configuration: Configuration | None) -> Iterator[AttributeValue]:
    """Every attribute that a report names, or that its object's value map does."""
    for observation in _observations(info):
        if isinstance(observation, ObservationVar):
            yield from observation.attributes
            continue
        known = configuration.find(observation.handle) if configuration else None
        at = 0
        for entry in known.value_map if known else ():
            octets = observation.values[at : at + entry.length]
            at += entry.length
            if len(octets) == entry.length:
                yield AttributeValue(entry.attribute_id, octets)


def _observations(info: ScanReport) -> Iterator[ObservationVar | ObservationFixed]:
    match info:
        case ScanReportVar() | ScanReportFixed():
            yield from info.observations
        case ScanReportMpVar() | ScanReportMpFixed():
            for person in info.persons:
                yield from person.observations
