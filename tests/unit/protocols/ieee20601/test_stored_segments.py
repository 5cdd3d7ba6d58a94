"""PM-stores: requests, pages, stored entries and their times."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SegmentEntryMap
from protocols.ieee20601.attributes import AttributeValue, find
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.device_clock import NO_CLOCK, DeviceClock, TickAnchor
from protocols.ieee20601.event_reports import EventType
from protocols.ieee20601.persistent_store import (
    SEGMENT_DATA,
    SEGMENT_INFOS,
    SegmentData,
    SegmentInfo,
    SegmentStatus,
    all_segments_request,
    confirm_segment_data,
    split_entries,
    trigger_transfer,
)
from protocols.ieee20601.remote_operations import RoivConfirmedEventReport
from protocols.ieee20601.transcription import LayoutError, transcribe_segment
from protocols.model.codes import MdcCode
from protocols.model.observation import NumericObservation
from protocols.model.quantity import SpecialValue
from protocols.model.timestamps import ClockOffset, DeviceTime, TimeQuality
from tests.unit.protocols.ieee20601.reports import RECEIVED, reception
from tests.vectors import own_apdus

NO_OBJECTS = build_configuration(0x4000, ())
PAGE: SegmentData = SEGMENT_DATA.decode(own_apdus.SEGMENT_PAGE)
ENTRY_MAP: SegmentEntryMap = at.PM_SEG_MAP.decode(own_apdus.SEGMENT_MAP)
SECONDS = 1_000_000


def test_requests_have_these_octets() -> None:
    assert all_segments_request(0x0100).action_info.hex() == "000100020000"
    assert trigger_transfer(0x0100, 16).action_info.hex() == "0010"


def test_segment_infos_are_read_by_their_attributes() -> None:
    info = SegmentInfo(16, (AttributeValue(at.PM_SEG_MAP.attribute_id, own_apdus.SEGMENT_MAP),))
    (read,) = SEGMENT_INFOS.decode(SEGMENT_INFOS.encode((info,)))
    assert find(read.attributes, at.PM_SEG_MAP) == ENTRY_MAP
    assert find(read.attributes, at.CLEAR_TIMEOUT) is None


def test_a_page_is_confirmed_with_its_own_description() -> None:
    report = RoivConfirmedEventReport(0x0100, 0, EventType.SEGMENT_DATA, b"")
    reply = confirm_segment_data(report, PAGE)
    assert reply.event_reply_info.hex() == "001000000000000000020080"
    stop = confirm_segment_data(report, PAGE, SegmentStatus.MANAGER_ABORT)
    assert stop.event_reply_info.hex()[-4:] == "0008"


def test_entries_become_observations_at_their_own_times() -> None:
    clock = DeviceClock(relative=TickAnchor(3000, RECEIVED, SECONDS), tick_us=SECONDS)
    result = transcribe_segment(PAGE, ENTRY_MAP, NO_OBJECTS, reception(clock))
    dose, missing = result.observations
    assert isinstance(dose, NumericObservation)
    assert isinstance(missing, NumericObservation)
    assert dose.type == MdcCode(130, 13313)
    assert str(dose.value.number) == "3.0"
    assert dose.observed_at.at == RECEIVED - timedelta(seconds=2000)
    assert dose.observed_at.quality is TimeQuality.DEVICE
    assert dose.observed_at.device_time == DeviceTime.relative(1000)
    # An entry without a number survives as what it is.
    assert missing.value.value is SpecialValue.NAN
    assert missing.observed_at.at == RECEIVED - timedelta(seconds=1000)


@pytest.mark.parametrize(
    "clock", [NO_CLOCK, DeviceClock(relative=TickAnchor(500, RECEIVED, SECONDS))]
)
def test_a_time_of_no_known_timeline_is_unknown_and_shown(clock: DeviceClock) -> None:
    result = transcribe_segment(PAGE, ENTRY_MAP, NO_OBJECTS, reception(clock))
    for observation, ticks in zip(result.observations, (1000, 2000), strict=True):
        assert observation.observed_at.quality is TimeQuality.UNKNOWN
        assert observation.observed_at.at == RECEIVED
        assert observation.observed_at.device_time == DeviceTime.relative(ticks)


def test_entries_with_calendar_times_are_mapped_by_the_offset() -> None:
    entry_map = SegmentEntryMap(0x8000, ENTRY_MAP.elements)
    octets = bytes.fromhex("2026112303020400" + "0000000a")
    page = SegmentData(1, 0, 1, 0xC000, octets)
    clock = DeviceClock(absolute=ClockOffset(timedelta(hours=-2)))
    (observation,) = transcribe_segment(page, entry_map, NO_OBJECTS, reception(clock)).observations
    assert observation.observed_at.at == RECEIVED
    assert observation.observed_at.quality is TimeQuality.DEVICE
    unknown = SegmentData(1, 0, 1, 0xC000, bytes(8) + octets[8:])
    (lost,) = transcribe_segment(unknown, entry_map, NO_OBJECTS, reception(clock)).observations
    assert lost.observed_at.quality is TimeQuality.UNKNOWN
    assert lost.observed_at.device_time is None


def test_a_stored_entry_sent_again_keeps_its_identity_in_every_association() -> None:
    clock = DeviceClock(relative=TickAnchor(3000, RECEIVED, SECONDS), tick_us=SECONDS)
    first = transcribe_segment(PAGE, ENTRY_MAP, NO_OBJECTS, reception(clock, counter=1))
    again = transcribe_segment(PAGE, ENTRY_MAP, NO_OBJECTS, reception(NO_CLOCK, counter=9))
    ids = [observation.observation_id for observation in first.observations]
    assert ids == [observation.observation_id for observation in again.observations]
    assert len(set(ids)) == 2


def test_a_stored_entry_may_be_of_any_age() -> None:
    entry_map = SegmentEntryMap(0x8000, ENTRY_MAP.elements)
    page = SegmentData(1, 0, 1, 0xC000, bytes.fromhex("1998112303020400" + "0000000a"))
    clock = DeviceClock(absolute=ClockOffset(timedelta(hours=-2)))
    (observation,) = transcribe_segment(page, entry_map, NO_OBJECTS, reception(clock)).observations
    assert observation.observed_at.quality is TimeQuality.DEVICE


def test_high_resolution_entries_are_cut_and_mapped() -> None:
    entry_map = SegmentEntryMap(0xE000, ENTRY_MAP.elements)
    octets = bytes(8) + bytes.fromhex("00000001" + "0000000000000002" + "0000000a")
    (entry,) = split_entries(entry_map, octets)
    assert entry.absolute_time is not None
    assert entry.absolute_time.at is None
    assert (entry.relative_time, entry.high_resolution_time) == (1, 2)
    assert entry.elements == ((ENTRY_MAP.elements[0], b"\0\0\0\x0a"),)


def test_a_page_that_does_not_divide_is_a_layout_error() -> None:
    broken = SegmentData(1, 0, 1, 0xC000, bytes(7))
    with pytest.raises(LayoutError, match="no whole number of 8-octet entries"):
        transcribe_segment(broken, ENTRY_MAP, NO_OBJECTS, reception())
    with pytest.raises(DecodeError):
        split_entries(SegmentEntryMap(0, ()), b"\0")


def test_a_page_that_counts_wrong_is_read_with_a_note() -> None:
    page = SegmentData(1, 0, 5, 0xC000, PAGE.entries)
    result = transcribe_segment(page, ENTRY_MAP, NO_OBJECTS, reception())
    assert len(result.observations) == 2
    assert result.notes == ("a page announced 5 entries and holds 2",)


def test_entries_without_any_time_stay_apart() -> None:
    entry_map = SegmentEntryMap(0, ENTRY_MAP.elements)
    page = SegmentData(1, 4, 2, 0xC000, bytes.fromhex("0000000a0000000a"))
    first, second = transcribe_segment(page, entry_map, NO_OBJECTS, reception()).observations
    assert isinstance(first, NumericObservation)
    assert first.value.number == Decimal(10)
    assert first.observation_id != second.observation_id
