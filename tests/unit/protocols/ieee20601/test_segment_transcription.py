"""Pages of PM-segments: their entries as observations, at their own times."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    SampleSpecification,
    SegmentElement,
    SegmentEntryMap,
    ValueMapEntry,
)
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.device_clock import NO_CLOCK, DeviceClock
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.persistent_store import SEGMENT_DATA, SegmentData
from protocols.ieee20601.segment_entries import EntryClock, EntryHeader
from protocols.ieee20601.segment_transcription import transcribe_segment
from protocols.ieee20601.transcription import LayoutError, nothing_new
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    NumericObservation,
    SampleArrayObservation,
)
from protocols.model.quantity import SpecialValue
from protocols.model.timestamps import DeviceTime, TimeQuality
from protocols.specializations import blood_pressure
from tests.unit.protocols.ieee20601.reports import (
    RECEIVED,
    TWO_HOURS_AHEAD,
    base_offset_clock,
    reception,
    ticking_clock,
)
from tests.vectors import own_apdus

BATTERY = at.VAL_BATT_CHARGE.attribute_id
BASIC_BITS = at.ENUM_OBS_VAL_BASIC_BIT_STR.attribute_id
CODE = at.ENUM_OBS_VAL_SIMP_OID.attribute_id
SAMPLES = at.SIMP_SA_OBS_VAL.attribute_id
WAVES = build_configuration(
    0x4000,
    (
        ConfigObject(
            int(ObjectClass.SAMPLE_ARRAY),
            3,
            (
                at.ID_TYPE.of(MdcCode(2, 258)),
                at.SA_SPECN.of(SampleSpecification(2, 16, 255, 0)),
                at.TIME_PD_SAMP.of(16),
            ),
        ),
    ),
)
NO_OBJECTS = build_configuration(0x4000, ())
PAGE: SegmentData = SEGMENT_DATA.decode(own_apdus.SEGMENT_PAGE)
ENTRY_MAP: SegmentEntryMap = at.PM_SEG_MAP.decode(own_apdus.SEGMENT_MAP)
SECONDS = 1_000_000


def test_entries_become_observations_at_their_own_times() -> None:
    clock = ticking_clock(3000, SECONDS)
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


@pytest.mark.parametrize("clock", [NO_CLOCK, ticking_clock(500, SECONDS)])
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
    clock = TWO_HOURS_AHEAD
    (observation,) = transcribe_segment(page, entry_map, NO_OBJECTS, reception(clock)).observations
    assert observation.observed_at.at == RECEIVED
    assert observation.observed_at.quality is TimeQuality.DEVICE
    unknown = SegmentData(1, 0, 1, 0xC000, bytes(8) + octets[8:])
    (lost,) = transcribe_segment(unknown, entry_map, NO_OBJECTS, reception(clock)).observations
    assert lost.observed_at.quality is TimeQuality.UNKNOWN
    assert lost.observed_at.device_time is None


def test_a_stored_entry_sent_again_keeps_its_identity_in_every_association() -> None:
    clock = ticking_clock(3000, SECONDS)
    first = transcribe_segment(PAGE, ENTRY_MAP, NO_OBJECTS, reception(clock, counter=1))
    again = transcribe_segment(PAGE, ENTRY_MAP, NO_OBJECTS, reception(NO_CLOCK, counter=9))
    ids = [observation.observation_id for observation in first.observations]
    assert ids == [observation.observation_id for observation in again.observations]
    assert len(set(ids)) == 2


def test_a_stored_entry_may_be_of_any_age() -> None:
    entry_map = SegmentEntryMap(0x8000, ENTRY_MAP.elements)
    page = SegmentData(1, 0, 1, 0xC000, bytes.fromhex("1998112303020400" + "0000000a"))
    clock = TWO_HOURS_AHEAD
    (observation,) = transcribe_segment(page, entry_map, NO_OBJECTS, reception(clock)).observations
    assert observation.observed_at.quality is TimeQuality.DEVICE


def test_a_page_that_does_not_divide_is_a_layout_error() -> None:
    broken = SegmentData(1, 0, 1, 0xC000, bytes(7))
    with pytest.raises(LayoutError, match="no whole number of 8-octet entries"):
        transcribe_segment(broken, ENTRY_MAP, NO_OBJECTS, reception())


def test_a_page_that_counts_wrong_is_read_with_a_note() -> None:
    page = SegmentData(1, 0, 5, 0xC000, PAGE.entries)
    result = transcribe_segment(page, ENTRY_MAP, NO_OBJECTS, reception())
    assert len(result.observations) == 2
    assert result.notes == ("tolerated page-count: a page announced 5 entries and holds 2",)


def test_the_segment_s_adjustment_moves_the_time_but_not_the_identity() -> None:
    entry_map = SegmentEntryMap(0x8000, ENTRY_MAP.elements)
    page = SegmentData(1, 0, 1, 0xC000, bytes.fromhex("2026112301020400" + "0000000a"))
    clock = TWO_HOURS_AHEAD
    (plain,) = transcribe_segment(page, entry_map, NO_OBJECTS, reception(clock)).observations
    adjusted = transcribe_segment(
        page, entry_map, NO_OBJECTS, reception(clock), adjustment=timedelta(hours=-1)
    )
    (moved,) = adjusted.observations
    assert plain.observed_at.at - moved.observed_at.at == timedelta(hours=1)
    assert plain.observation_id == moved.observation_id
    # The live reports that follow know nothing of the segment's adjustment.
    assert adjusted.clock == clock


def test_two_segments_of_two_persons_hold_other_readings() -> None:
    clock = ticking_clock(3000, SECONDS)
    ids = {
        item.observation_id
        for person in (None, 0xFFFF, 1, 2)
        for item in transcribe_segment(
            PAGE, ENTRY_MAP, NO_OBJECTS, reception(clock), person=person
        ).observations
    }
    assert len(ids) == 3 * PAGE.count


def test_entries_with_base_offset_times_are_mapped_by_their_own_clock() -> None:
    entry_map = SegmentEntryMap(0x1000, ENTRY_MAP.elements)
    seconds = int((RECEIVED - datetime(1900, 1, 1, tzinfo=UTC)).total_seconds())
    octets = seconds.to_bytes(4, "big") + bytes(4) + bytes.fromhex("0000000a")
    clock = base_offset_clock(timedelta(seconds=30))
    page = SegmentData(1, 0, 1, 0xC000, octets)
    result = transcribe_segment(
        page, entry_map, NO_OBJECTS, reception(clock), adjustment=timedelta(hours=1)
    )
    (observation,) = result.observations
    assert observation.observed_at.at == RECEIVED - timedelta(seconds=30)
    assert observation.observed_at.quality is TimeQuality.DEVICE


def test_entries_with_high_resolution_times_keep_their_ticks() -> None:
    entry_map = SegmentEntryMap(0x2000, ENTRY_MAP.elements)
    octets = (9_000_000).to_bytes(8, "big") + bytes.fromhex("0000000a")
    page = SegmentData(1, 0, 1, 0xC000, octets)
    (observation,) = transcribe_segment(page, entry_map, NO_OBJECTS, reception()).observations
    assert observation.observed_at.device_time == DeviceTime.relative(9_000_000)


def test_entries_hold_compounds_codes_bits_and_samples_of_configured_objects() -> None:
    configuration = blood_pressure.SPECIALIZATION.configuration
    cuff_map = SegmentEntryMap(
        0x4000,
        (
            SegmentElement(6, MdcCode(2, 18948), 1, configuration.objects[1].value_map[:1]),
            SegmentElement(5, MdcCode(2, 1), 9, (ValueMapEntry(BASIC_BITS, 2),)),
            SegmentElement(5, MdcCode(2, 2), 8, (ValueMapEntry(CODE, 2),)),
        ),
    )
    compound = bytes.fromhex("0003 0006 0078 0050 005D")
    page = SegmentData(
        1, 0, 1, 0xC000, bytes.fromhex("00000064") + compound + b"\x80\x00" + b"\x00\x07"
    )
    result = transcribe_segment(page, cuff_map, configuration, reception())
    pressure, bits, code = result.observations
    assert isinstance(pressure, CompoundNumericObservation)
    assert [str(part.value) for _, part in pressure.components] == ["120", "80", "93"]
    assert isinstance(bits, BitsObservation)
    assert (bits.bits, bits.width) == (0x8000, 16)
    assert isinstance(code, CodedObservation)
    assert code.value == MdcCode(2, 7)
    assert all(o.observed_at.device_time == DeviceTime.relative(100) for o in result.observations)
    wave_map = SegmentEntryMap(
        0x4000, (SegmentElement(9, MdcCode(2, 258), 3, (ValueMapEntry(SAMPLES, 6),)),)
    )
    page = SegmentData(1, 0, 1, 0xC000, bytes.fromhex("00000064 0004 FFFF0001"))
    (wave,) = transcribe_segment(page, wave_map, WAVES, reception()).observations
    assert isinstance(wave, SampleArrayObservation)
    assert np.frombuffer(wave.samples, dtype="<i4").tolist() == [-1, 1]


def test_elements_without_octets_cost_nothing_in_any_entry() -> None:
    empty = replace(ENTRY_MAP.elements[0], value_map=())
    page = SegmentData(1, 0, 2000, 0xC000, bytes(4 * 2000))
    padded = SegmentEntryMap(0, (*[empty] * 2000, *ENTRY_MAP.elements))
    result = transcribe_segment(page, padded, NO_OBJECTS, reception())
    plain = transcribe_segment(
        page, SegmentEntryMap(0, ENTRY_MAP.elements), NO_OBJECTS, reception()
    )
    assert result == plain
    assert len(result.observations) == 2000


def test_entries_without_any_time_stay_apart() -> None:
    entry_map = SegmentEntryMap(0, ENTRY_MAP.elements)
    page = SegmentData(1, 4, 2, 0xC000, bytes.fromhex("0000000a0000000a"))
    first, second = transcribe_segment(page, entry_map, NO_OBJECTS, reception()).observations
    assert isinstance(first, NumericObservation)
    assert first.value.number == Decimal(10)
    assert first.observation_id != second.observation_id


def test_entries_of_a_periodic_store_have_their_times_and_keep_their_identities() -> None:
    """Start 03:00:00 local, a minute apart; the page begins with entry 1."""
    start = AbsoluteTime(bytes.fromhex("2026112303000000"))
    clock = EntryClock.of(start, 480_000)
    entry_map = SegmentEntryMap(0, ENTRY_MAP.elements)
    page = SegmentData(1, 1, 2, 0xC000, bytes.fromhex("0000000a0000000a"))
    fetched = [
        transcribe_segment(page, entry_map, NO_OBJECTS, facts, clock=clock).observations
        for facts in (reception(TWO_HOURS_AHEAD), reception(TWO_HOURS_AHEAD, counter=9))
    ]
    assert [item.observed_at.at for item in fetched[0]] == [
        datetime(2026, 11, 23, 1, 1, tzinfo=UTC),
        datetime(2026, 11, 23, 1, 2, tzinfo=UTC),
    ]
    assert fetched[0] == fetched[1]
    own = transcribe_segment(PAGE, ENTRY_MAP, NO_OBJECTS, reception(), clock=clock)
    assert own == transcribe_segment(PAGE, ENTRY_MAP, NO_OBJECTS, reception())


@pytest.mark.parametrize(
    ("header", "octets", "kind"),
    [
        (EntryHeader.BASE_OFFSET_TIME, bytes.fromhex("E8754700 0000 0000"), "base-offset"),
        (EntryHeader.HIGH_RESOLUTION_TIME, (5_000_000).to_bytes(8, "big"), "relative"),
    ],
)
def test_other_times_stand_before_entries_too(
    header: EntryHeader, octets: bytes, kind: str
) -> None:
    value_map = (ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),)
    element = replace(ENTRY_MAP.elements[0], value_map=value_map)
    page = SegmentData(0, 0, 1, 0xC000, octets + b"\0\x61")
    entry_map = SegmentEntryMap(header, (element,))
    (observation,) = transcribe_segment(page, entry_map, NO_OBJECTS, reception()).observations
    device_time = observation.observed_at.device_time
    assert device_time is not None
    assert device_time.kind == kind


def test_a_page_that_is_known_says_nothing_new() -> None:
    clock = NO_CLOCK
    nothing = nothing_new(NO_OBJECTS, clock)
    assert (nothing.observations, nothing.unread, nothing.notes) == ((), (), ())
    assert (nothing.configuration, nothing.clock) == (NO_OBJECTS, clock)
    assert not nothing.is_unreadable


def test_a_page_of_which_no_value_can_be_read_says_so() -> None:
    cut_short = SegmentElement(6, MdcCode(2, 18458), 10, (ValueMapEntry(2636, 1),))
    page = SegmentData(1, 0, 1, 0xC000, bytes(1))
    result = transcribe_segment(page, SegmentEntryMap(0, (cut_short,)), NO_OBJECTS, reception())
    assert result.is_unreadable
    vendor = SegmentElement(6, MdcCode(2, 18458), 10, (ValueMapEntry(0xF123, 1),))
    result = transcribe_segment(page, SegmentEntryMap(0, (vendor,)), NO_OBJECTS, reception())
    assert [item.is_vendor for item in result.unread] == [True]
    assert not result.is_unreadable


def test_an_entry_may_tell_of_the_device_itself() -> None:
    battery = SegmentElement(37, MdcCode(1, 37), 0, (ValueMapEntry(BATTERY, 2),))
    mds = ConfigObject(int(ObjectClass.MDS), 0, ())
    page = SegmentData(1, 0, 1, 0xC000, bytes.fromhex("00000007 0050"))
    (level,) = transcribe_segment(
        page, SegmentEntryMap(0x4000, (battery,)), build_configuration(0x4000, (mds,)), reception()
    ).observations
    assert isinstance(level, NumericObservation)
    assert str(level.value.number) == "80"
    assert level.observed_at.device_time == DeviceTime.relative(7)


def test_a_high_resolution_time_is_told_as_ticks() -> None:
    page = SegmentData(1, 0, 1, 0xC000, (9).to_bytes(8, "big") + bytes.fromhex("0000000a"))
    entry_map = SegmentEntryMap(0x2000, ENTRY_MAP.elements)
    (reading,) = transcribe_segment(page, entry_map, NO_OBJECTS, reception()).observations
    assert reading.observed_at.device_time == DeviceTime.relative(9)


def test_elements_of_one_type_that_are_not_configured_are_twins() -> None:
    (element,) = ENTRY_MAP.elements
    pair = SegmentEntryMap(0x8000, (element, replace(element, handle=element.handle + 1)))
    page = SegmentData(1, 0, 1, 0xC000, bytes.fromhex("2026112303020400 0000000a 0000000b"))
    first, second = transcribe_segment(page, pair, NO_OBJECTS, reception()).observations
    assert first.type == second.type
    alone = SegmentEntryMap(0x8000, (pair.elements[1],))
    page = SegmentData(1, 0, 1, 0xC000, bytes.fromhex("2026112303020400 0000000b"))
    (other,) = transcribe_segment(page, alone, NO_OBJECTS, reception()).observations
    assert len({first.observation_id, second.observation_id, other.observation_id}) == 3
    turned = SegmentEntryMap(0x8000, pair.elements[::-1])
    page = SegmentData(1, 0, 1, 0xC000, bytes.fromhex("2026112303020400 0000000b 0000000a"))
    again = transcribe_segment(page, turned, NO_OBJECTS, reception()).observations
    assert [item.observation_id for item in again] == [second.observation_id, first.observation_id]
