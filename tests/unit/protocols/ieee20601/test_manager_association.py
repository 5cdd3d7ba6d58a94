"""What a manager remembers of one association: told once, counted once, void without another."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SegmentEntryMap
from protocols.ieee20601.classification import UnknownObjectError
from protocols.ieee20601.event_reports import ConfigReport, ScanReportVar
from protocols.ieee20601.invocations import ReceivedReports
from protocols.ieee20601.manager_association import ManagerAssociation
from protocols.ieee20601.persistent_store import SegmentData, SegmentInfo
from protocols.ieee20601.remote_operations import EventReport
from protocols.ieee20601.stored_data import StoredDataPlan
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.exchange import AGENT

UTC_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REPORT = EventReport(0, 0xFFFFFFFF, 0x0D1F, b"")
PAGE = SegmentData(16, 0, 0, 0xC000, b"")


def association() -> ManagerAssociation:
    return ManagerAssociation(
        system_id=AGENT,
        offered_config_id=0x0190,
        test=False,
        token=1,
        received=ReceivedReports(),
        configuration=STANDARD_CONFIGURATIONS[0x0190],
    )


def numbered(number: int, request: int = 0xF000) -> ScanReportVar:
    return ScanReportVar(request, number, ())


def test_a_configuration_is_no_report_of_observations() -> None:
    with pytest.raises(DecodeError):
        association().transcribe(REPORT, ConfigReport(0x4001, ()), utc=UTC_NOON)


def test_a_page_of_a_segment_that_nobody_announced_has_no_object() -> None:
    with pytest.raises(UnknownObjectError):
        association().transcribe(REPORT, PAGE, utc=UTC_NOON)


def test_numbers_are_counted_for_each_request_and_not_for_pages() -> None:
    counted = association()
    assert counted.count_missed(REPORT, numbered(7)) == 0
    assert counted.count_missed(REPORT, numbered(1, request=1)) == 0
    assert counted.count_missed(REPORT, PAGE) == 0
    assert counted.count_missed(REPORT, numbered(10)) == 2
    assert counted.count_missed(REPORT, numbered(10)) == 0


def test_at_the_end_only_what_nobody_will_send_again_is_read() -> None:
    ended = association()
    ended.holding = True
    for invoke_id in (1, None):
        info = numbered(1)
        transcription = ended.transcribe(REPORT, info, utc=UTC_NOON)
        kept = ended.adopt(REPORT, info, transcription, utc=UTC_NOON, invoke_id=invoke_id, size=9)
        assert kept is None
    assert ended.is_held(1)
    assert not ended.is_held(2)
    assert ended.release_held(unconfirmed_only=True) == [(None, ())]
    assert not ended.is_held(1)


def test_a_page_is_read_by_the_map_of_its_segment() -> None:
    known: set[bytes] = set()
    fetching = association()
    fetching.plan = StoredDataPlan((), is_durable=known.__contains__)
    no_elements = at.PM_SEG_MAP.of(SegmentEntryMap(0x8000, ()))
    fetching.plan.segments_reported(0, (SegmentInfo(16, (no_elements,)),), [])
    page = SegmentData(16, 0, 1, 0xC000, bytes(8))
    assert fetching.transcribe(REPORT, page, utc=UTC_NOON).notes == ()
    other = SegmentData(16, 0, 2, 0xC000, bytes(8))
    assert fetching.transcribe(REPORT, other, utc=UTC_NOON).notes != ()
    # One that is known to be durable is not read again.
    known.add(fetching.plan.mark_of(0, other))
    assert fetching.transcribe(REPORT, other, utc=UTC_NOON).notes == ()
