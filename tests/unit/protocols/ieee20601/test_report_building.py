"""The agent's side: values become reports of all sixteen types, which say the same when read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import EncodeError
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import (
    EventType,
    ScanReportFixed,
    ScanReportMpGrouped,
    decode_event_info,
)
from protocols.ieee20601.remote_operations import EventReport
from protocols.ieee20601.report_building import (
    Entry,
    Form,
    Report,
    fixed_report,
    persons_report,
    scanner_report,
    variable_report,
)
from protocols.ieee20601.transcription import Transcription, transcribe
from protocols.model.observation import NumericObservation
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.reports import LOCAL, read_built, reception
from tests.unit.protocols.ieee20601.scanned import EPISODIC, PERIODIC, episodic, scanning

OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
SCANNED = scanning()
SATURATION = Entry(handle=1, value=Decimal("97.5"), stamp=LOCAL)
PULSE = Entry(handle=10, value=Decimal("80.1"), stamp=LOCAL)
BOTH = [SATURATION, PULSE]


def heard(report: Report, configuration: Configuration = SCANNED) -> Transcription:
    """The report as a manager reads it."""
    info = decode_event_info(report.event_type, report.event_info)
    event = EventReport(report.handle, 0xFFFF_FFFF, int(report.event_type), report.event_info)
    return transcribe(event, info, configuration, reception())  # type: ignore[arg-type]  # built reports are scan reports


def numbers(transcription: Transcription) -> list[object]:
    assert transcription.unread == ()
    assert transcription.unknown_handles == ()
    return [
        one.value.value for one in transcription.observations if isinstance(one, NumericObservation)
    ]


def test_a_fixed_oximeter_report_has_these_octets() -> None:
    unknown = Entry(handle=10, value=Decimal(72), stamp=None)
    report = fixed_report(OXIMETER, [SATURATION, unknown], scan_report_no=7)
    assert (report.event_type, report.handle) == (EventType.SCAN_REPORT_FIXED, 0)
    assert report.event_info.hex() == (
        "f00000070002001c0001000af3cf2026112303020345000a000a00480000000000000000"
    )


def test_a_report_that_was_asked_for_says_so() -> None:
    for build in (fixed_report, variable_report):
        report = build(OXIMETER, BOTH, data_req_id=0x0100, scan_report_no=3)
        assert report.event_info[:4].hex() == "01000003"
        assert report.data_req_id == 0x0100
        assert numbers(read_built(report, OXIMETER)) == [Decimal("97.5"), Decimal("80.1")]


@pytest.mark.parametrize(
    ("handle", "form", "event_type"),
    [
        (EPISODIC, Form.VARIABLE, EventType.UNBUF_SCAN_REPORT_VAR),
        (EPISODIC, Form.FIXED, EventType.UNBUF_SCAN_REPORT_FIXED),
        (EPISODIC, Form.GROUPED, EventType.UNBUF_SCAN_REPORT_GROUPED),
        (PERIODIC, Form.VARIABLE, EventType.BUF_SCAN_REPORT_VAR),
        (PERIODIC, Form.FIXED, EventType.BUF_SCAN_REPORT_FIXED),
        (PERIODIC, Form.GROUPED, EventType.BUF_SCAN_REPORT_GROUPED),
    ],
)
def test_a_scanner_reports_in_three_forms(handle: int, form: Form, event_type: EventType) -> None:
    report = scanner_report(SCANNED, handle, form, BOTH)
    assert (report.event_type, report.handle) == (event_type, handle)
    assert numbers(heard(report)) == [Decimal("97.5"), Decimal("80.1")]


@pytest.mark.parametrize(
    ("scanner", "form", "event_type"),
    [
        (None, Form.VARIABLE, EventType.SCAN_REPORT_MP_VAR),
        (None, Form.FIXED, EventType.SCAN_REPORT_MP_FIXED),
        (EPISODIC, Form.VARIABLE, EventType.UNBUF_SCAN_REPORT_MP_VAR),
        (EPISODIC, Form.FIXED, EventType.UNBUF_SCAN_REPORT_MP_FIXED),
        (EPISODIC, Form.GROUPED, EventType.UNBUF_SCAN_REPORT_MP_GROUPED),
        (PERIODIC, Form.VARIABLE, EventType.BUF_SCAN_REPORT_MP_VAR),
        (PERIODIC, Form.FIXED, EventType.BUF_SCAN_REPORT_MP_FIXED),
        (PERIODIC, Form.GROUPED, EventType.BUF_SCAN_REPORT_MP_GROUPED),
    ],
)
def test_several_persons_are_reported_in_every_form(
    scanner: int | None, form: Form, event_type: EventType
) -> None:
    report = persons_report(SCANNED, form, {1: BOTH, 2: BOTH}, scanner=scanner)
    assert (report.event_type, report.handle) == (event_type, scanner or 0)
    assert numbers(heard(report)) == [Decimal("97.5"), Decimal("80.1")] * 2


def test_a_grouped_report_has_the_octets_other_agents_send() -> None:
    # Antidote's test octets: a scanner's group without handles.
    at_ten = LOCAL.replace(year=2010, month=8, day=3, hour=10, minute=51, second=11, microsecond=0)
    entries = [Entry(handle=entry.handle, value=entry.value, stamp=at_ten) for entry in (BOTH)]
    report = scanner_report(SCANNED, EPISODIC, Form.GROUPED, entries, scan_report_no=9)
    assert report.event_info.hex() == (
        "f0000009000100160014f3cf2010080310511100f3212010080310511100"
    )


def test_a_group_of_a_person_stands_behind_the_persons_id() -> None:
    """Several persons' groups are no list of octet strings: each has its person in front."""
    report = persons_report(SCANNED, Form.GROUPED, {7: BOTH + BOTH}, scanner=PERIODIC)
    info = decode_event_info(report.event_type, report.event_info)
    assert isinstance(info, ScanReportMpGrouped)
    assert [person.person for person in info.persons] == [7, 7]
    assert report.event_info[4:12].hex() == "0002003000070014"


def test_a_periodic_scanner_reports_what_it_gathered() -> None:
    report = scanner_report(SCANNED, PERIODIC, Form.GROUPED, BOTH * 3)
    assert len(numbers(heard(report))) == 6
    gathered = scanner_report(SCANNED, PERIODIC, Form.FIXED, [SATURATION] * 4)
    info = decode_event_info(gathered.event_type, gathered.event_info)
    assert isinstance(info, ScanReportFixed)
    assert len(info.observations) == 4


def test_what_has_no_scanner_or_map_cannot_be_reported() -> None:
    unmapped = scanning(episodic(handle=9))
    with pytest.raises(EncodeError, match="no scanner 55"):
        scanner_report(unmapped, EPISODIC, Form.FIXED, BOTH)
    with pytest.raises(EncodeError, match="no scanner 1"):
        scanner_report(SCANNED, 1, Form.FIXED, BOTH)
    with pytest.raises(EncodeError, match="need a scanner"):
        persons_report(SCANNED, Form.GROUPED, {1: BOTH})
    with pytest.raises(EncodeError, match=r"handles \(1, 10\)"):
        scanner_report(SCANNED, EPISODIC, Form.GROUPED, [PULSE, SATURATION])
    with pytest.raises(EncodeError, match="no object 99"):
        fixed_report(SCANNED, [Entry(handle=99, value=Decimal(1), stamp=None)])
