"""Reports and receptions for the tests of transcription."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.device_clock import NO_CLOCK, DeviceClock, tick_clock
from protocols.ieee20601.event_reports import (
    EventType,
    ObservationVar,
    ScanReport,
    ScanReportVar,
    decode_event_info,
)
from protocols.ieee20601.remote_operations import EventReport, RoivEventReport
from protocols.ieee20601.report_building import Report
from protocols.ieee20601.time_info import CalendarClock
from protocols.ieee20601.transcription import Reception, Transcription, transcribe
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import SystemId

DEVICE = SystemId(bytes.fromhex("1122334455667788"))
RECEIVED = datetime(2026, 11, 23, 1, 2, 4, tzinfo=UTC)
LOCAL = datetime(2026, 11, 23, 3, 2, 3, 450_000)  # noqa: DTZ001  # the device's own timeline


def absolute_clock(ahead: timedelta) -> DeviceClock:
    """A device whose absolute time was so far ahead of UTC at RECEIVED."""
    shown = RECEIVED.replace(tzinfo=None) + ahead
    return NO_CLOCK.was_read(CalendarClock.ABSOLUTE, shown, utc=RECEIVED)


def base_offset_clock(ahead: timedelta) -> DeviceClock:
    """A device whose base-offset time was so far ahead of UTC at RECEIVED."""
    shown = RECEIVED.replace(tzinfo=None) + ahead
    return NO_CLOCK.was_read(CalendarClock.BASE_OFFSET, shown, utc=RECEIVED)


def ticking_clock(ticks: int, tick_us: int = 125) -> DeviceClock:
    """A device whose counter was at `ticks` at RECEIVED."""
    return DeviceClock(relative=tick_clock(ticks, RECEIVED, tick_us, 1 << 32), tick_us=tick_us)


TWO_HOURS_AHEAD = absolute_clock(timedelta(hours=2))


def reception(clock: DeviceClock = NO_CLOCK, *, counter: int = 1, test: bool = False) -> Reception:
    return Reception(
        device=DEVICE, received_at=RECEIVED, report_counter=counter, clock=clock, test=test
    )


def event(info: bytes = b"", handle: int = 0) -> EventReport:
    return RoivEventReport(handle, 0xFFFFFFFF, int(EventType.SCAN_REPORT_VAR), info)


def stamp(local: datetime = LOCAL) -> AttributeValue:
    return at.TIME_STAMP_ABS.of(AbsoluteTime.of(local))


def var_report(*observations: tuple[int, tuple[AttributeValue, ...]]) -> ScanReportVar:
    return ScanReportVar(
        0xF000, 3, tuple(ObservationVar(handle, values) for handle, values in observations)
    )


def read(
    info: ScanReport, configuration: Configuration, facts: Reception | None = None
) -> Transcription:
    return transcribe(event(), info, configuration, facts or reception())


def read_built(
    report: Report, configuration: Configuration, facts: Reception | None = None
) -> Transcription:
    info = decode_event_info(report.event_type, report.event_info)
    assert not isinstance(info, bytes)
    return transcribe(event(), info, configuration, facts or reception())  # type: ignore[arg-type]  # built reports are scan reports
