"""What a manager remembers of one association: told once, counted once, void without another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SegmentElement, SegmentEntryMap, ValueMapEntry
from protocols.ieee20601.classification import UnknownObjectError
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import ConfigObject, ConfigReport, ScanReportVar
from protocols.ieee20601.events import ReportsMissed, SamplesMissed, SamplesOverlapping
from protocols.ieee20601.invocations import ReceivedReports
from protocols.ieee20601.manager_association import ManagerAssociation
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.persistent_store import SegmentData, SegmentInfo
from protocols.ieee20601.remote_operations import EventReport
from protocols.ieee20601.stored_data import StoredDataPlan
from protocols.ieee20601.time_info import CalendarClock
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import SampleArrayObservation
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.exchange import AGENT

UTC_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REPORT = EventReport(0, 0xFFFFFFFF, 0x0D1F, b"")
LEAD_II = MdcCode(2, 258)
LEAD_TYPE = at.ID_TYPE.of(LEAD_II)
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
    told = [
        counted.count_missed(REPORT, info)
        for info in (numbered(7), numbered(1, request=1), PAGE, numbered(10), numbered(10))
    ]
    assert told == [None, None, None, ReportsMissed(2, first=8, last=9), None]


def test_of_endless_kinds_of_reports_the_latest_are_counted() -> None:
    counted = association()
    for request in range(300):
        counted.count_missed(REPORT, numbered(7, request=request))
    told = [counted.count_missed(REPORT, numbered(9, request=request)) for request in (299, 0)]
    assert told == [ReportsMissed(1, first=8, last=8), None]


def test_numbers_that_wrapped_are_named_as_they_would_have_been() -> None:
    counted = association()
    counted.count_missed(REPORT, numbered(0xFFFE))
    assert counted.count_missed(REPORT, numbered(2)) == ReportsMissed(3, first=0xFFFF, last=1)


def wave(second: float, type_code: MdcCode = LEAD_II) -> SampleArrayObservation:
    """One second of a 100 Hz waveform."""
    return SampleArrayObservation(
        observation_id=UUID(int=0),
        type=type_code,
        observed_at=ObservedTime(UTC_NOON + timedelta(seconds=second), TimeQuality.DEVICE),
        device=AGENT,
        samples=bytes(4 * 100),
        scale=Decimal(1),
        offset=Decimal(0),
        period_us=10_000,
        unit=UnitCode(512),
    )


def test_samples_that_never_came_are_told_by_the_handle_of_their_object() -> None:
    lead = build_configuration(0x4001, (ConfigObject(ObjectClass.SAMPLE_ARRAY, 5, (LEAD_TYPE,)),))
    followed = association()
    followed.configuration = lead
    assert list(followed.sample_gaps((wave(0), wave(1), wave(2.5)))) == [SamplesMissed(5, 50)]
    assert list(followed.sample_gaps((wave(9, MdcCode(2, 1)),))) == []
    followed.clock = followed.clock.was_read(
        CalendarClock.ABSOLUTE, UTC_NOON.replace(tzinfo=None), utc=UTC_NOON
    )
    assert list(followed.sample_gaps((wave(9), wave(9.5)))) == [SamplesOverlapping(5, 50)]


def test_waveforms_that_only_their_supplements_tell_apart_are_followed_each() -> None:
    fast, slow = ((MdcCode(2, term),) for term in (19508, 19512))
    objects = [
        ConfigObject(
            ObjectClass.SAMPLE_ARRAY, handle, (LEAD_TYPE, at.SUPPLEMENTAL_TYPES.of(supplements))
        )
        for handle, supplements in ((5, fast), (6, slow))
    ]
    followed = association()
    followed.configuration = build_configuration(0x4001, objects)
    arrays = [
        replace(wave(second), supplements=supplements)
        for second in (0, 1, 3)
        for supplements in (fast, slow)
    ]
    assert list(followed.sample_gaps(arrays)) == [SamplesMissed(5, 100), SamplesMissed(6, 100)]


def test_twin_waveforms_are_not_taken_for_one_that_overlaps_itself() -> None:
    twins = [ConfigObject(ObjectClass.SAMPLE_ARRAY, handle, (LEAD_TYPE,)) for handle in (5, 6)]
    followed = association()
    followed.configuration = build_configuration(0x4001, twins)
    assert list(followed.sample_gaps((wave(0), wave(0), wave(1), wave(1)))) == []


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


def test_entries_of_a_periodic_store_are_timed_by_the_store_and_the_segment() -> None:
    fetching = association()
    attributes = (at.TIME_PD_SAMP.of(8000),)
    store = ConfigObject(int(ObjectClass.PM_STORE), 9, attributes)
    fetching.configuration = build_configuration(0x4001, (store,))
    fetching.plan = StoredDataPlan(())
    value_map = (ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),)
    element = SegmentElement(int(ObjectClass.NUMERIC), MdcCode(2, 19384), 1, value_map)
    start = AbsoluteTime(bytes.fromhex("2026112311595900"))
    facts = (at.PM_SEG_MAP.of(SegmentEntryMap(0, (element,))), at.TIME_START_SEG.of(start))
    fetching.plan.segments_reported(9, (SegmentInfo(16, facts),), [])
    page = SegmentData(16, 0, 2, 0xC000, b"\0\x62\0\x61")
    times = [
        item.observed_at.device_time
        for item in fetching.transcribe(replace(REPORT, handle=9), page, utc=UTC_NOON).observations
    ]
    assert times == [
        DeviceTime("absolute", f"2026-11-23T{clock}.00") for clock in ("11:59:59", "12:00:00")
    ]


def test_a_sentence_is_news_once_and_of_too_many_each_is() -> None:
    known = association()
    assert [known.is_news(text) for text in ("a", "a", "b")] == [True, False, True]
    many = [str(number) for number in range(300)]
    assert all(known.is_news(text) for text in many)
    assert known.is_news(many[-1]), "too many to remember"
    assert not known.is_news(many[0])
