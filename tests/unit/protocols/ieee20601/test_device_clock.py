"""A device's clocks: read with the MDS, read again when they change, used for every stamp."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import BaseOffsetTime, MdsTimeInfo
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.device_clock import (
    EPOCH_1900,
    NO_CLOCK,
    DeviceClock,
    Stamps,
    base_offset_time,
    base_offset_utc,
    observe_time,
    read_clock,
    read_stamps,
    refresh_clock,
    tick_clock,
)
from protocols.ieee20601.time_info import CalendarClock, TimeBits
from protocols.ieee20601.tolerances import DEFAULT_TOLERANCES, STRICT_TOLERANCES
from protocols.mder.times import NO_RELATIVE_TIME, AbsoluteTime
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAIN = NOON.replace(tzinfo=None)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def absolute(local: datetime) -> AttributeValue:
    return at.TIME_ABS.of(AbsoluteTime.of(local))


def base_offset(utc: datetime, minutes: int) -> BaseOffsetTime:
    return BaseOffsetTime(int((utc - EPOCH_1900).total_seconds()), 0, minutes)


def adjustment(by: timedelta) -> AttributeValue:
    hundredths = by // timedelta(milliseconds=10)
    return AttributeValue(
        at.TIME_ABS_ADJUST.attribute_id, hundredths.to_bytes(6, "big", signed=True)
    )


def clock(*attributes: AttributeValue, utc: datetime = NOON) -> DeviceClock:
    return read_clock(attributes, utc=utc, notes=[])


def seen(
    stamps: Stamps, device: DeviceClock, *, at_utc: datetime = NOON, stored: bool = False
) -> ObservedTime:
    return observe_time(stamps, device, received_at=at_utc, stored=stored)


def test_nothing_is_known_of_clocks_that_are_not_there_or_not_set() -> None:
    zeros = (
        AttributeValue(at.TIME_ABS.attribute_id, bytes(8)),
        at.TIME_REL.of(0),
        at.TIME_REL_HI_RES.of((1 << 64) - 1),
        at.TIME_BO.of(BaseOffsetTime(0, 0, 0)),
    )
    assert clock(*zeros) == clock() == NO_CLOCK
    assert NO_CLOCK.shows(CalendarClock.ABSOLUTE, NOON) is None


def test_a_clock_goes_on_from_where_it_was_read() -> None:
    device = clock(absolute(PLAIN + HOUR), at.TIME_BO.of(base_offset(PLAIN - MINUTE, 60)))
    assert device.shows(CalendarClock.ABSOLUTE, NOON + MINUTE) == PLAIN + HOUR + MINUTE
    assert device.shows(CalendarClock.BASE_OFFSET, NOON) == PLAIN - MINUTE


def test_a_base_offset_stamp_keeps_its_offset_and_is_utc() -> None:
    device = clock(at.TIME_BO.of(base_offset(PLAIN, 60)))
    stamps = read_stamps((at.TIME_STAMP_BO.of(base_offset(PLAIN - MINUTE, -210)),), [])
    assert seen(stamps, device) == ObservedTime(
        NOON - MINUTE,
        TimeQuality.DEVICE,
        DeviceTime("base-offset", "2026-11-23T08:29:00.000000-03:30"),
    )


def test_an_offset_of_more_than_a_day_is_none() -> None:
    stamps = read_stamps((at.TIME_STAMP_BO.of(base_offset(PLAIN, 24 * 60)),), [])
    assert stamps.device_time == DeviceTime.absolute(PLAIN)


def test_base_offset_time_has_steps_of_a_65536th_second() -> None:
    half = BaseOffsetTime(1, 0x8000, 0)
    assert base_offset_utc(half) == EPOCH_1900 + timedelta(seconds=1.5)
    assert base_offset_utc(None) is None


@pytest.mark.parametrize(
    ("utc", "seconds"),
    [
        (datetime(1900, 1, 1, 0, 0, 1), 1),  # noqa: DTZ001  # naive by its nature
        (datetime(2026, 11, 23, 12), 4_004_424_000),  # noqa: DTZ001  # as above
        (datetime(2036, 2, 7, 6, 28, 17), 1),  # noqa: DTZ001  # as above
    ],
)
def test_base_offset_time_counts_seconds_from_1900_and_begins_anew(
    utc: datetime, seconds: int
) -> None:
    made = base_offset_time(utc.replace(microsecond=500_000), 60)
    assert made == BaseOffsetTime(seconds, 0x8000, 60)


def test_a_synchronised_base_offset_clock_is_kept_as_it_is() -> None:
    bits = TimeBits.BASE_OFFSET_SYNCED | TimeBits.BASE_OFFSET_UTC_ALIGNED
    info = at.MDS_TIME_INFO.of(MdsTimeInfo(bits, 7938, 0, 0, 0, 0))
    late = at.TIME_BO.of(base_offset(PLAIN + SECOND, 60))
    stamps = Stamps(base_offset=PLAIN - MINUTE, offset=HOUR)
    assert seen(stamps, clock(info, late)).at == NOON - MINUTE
    assert seen(stamps, clock(late)).at == NOON - MINUTE - SECOND


def test_a_counter_without_a_usable_stamp_is_no_stamp() -> None:
    stamps = read_stamps((at.TIME_STAMP_REL.of(NO_RELATIVE_TIME),), [])
    assert stamps == Stamps()
    assert seen(stamps, NO_CLOCK) == ObservedTime(NOON, TimeQuality.RECEIVED)
    assert stamps.device_time is None


@pytest.mark.parametrize(
    "stamps", [Stamps(relative=8000), Stamps(high_resolution=1_000_000)], ids=["125 us", "1 us"]
)
def test_counters_are_mapped_by_their_own_reading(stamps: Stamps) -> None:
    device = clock(at.TIME_REL.of(16_000), at.TIME_REL_HI_RES.of(2_000_000))
    assert seen(stamps, device).at == NOON - SECOND
    assert seen(stamps, device, stored=True).quality is TimeQuality.DEVICE
    assert seen(stamps, NO_CLOCK, stored=True).quality is TimeQuality.UNKNOWN


def test_a_stored_tick_after_the_reading_belongs_to_another_run_of_the_counter() -> None:
    device = DeviceClock(relative=tick_clock(16_000, NOON, 125, 1 << 32))
    assert seen(Stamps(relative=16_001), device).quality is TimeQuality.DEVICE
    assert seen(Stamps(relative=16_001), device, stored=True).quality is TimeQuality.UNKNOWN


def test_a_calendar_that_is_not_set_leaves_the_time_to_the_counter() -> None:
    unset = datetime(2000, 1, 1)  # noqa: DTZ001 - a device's own time
    device = clock(absolute(PLAIN), at.TIME_REL.of(16_000))
    observed = seen(Stamps(absolute=unset, relative=8000), device)
    assert (observed.at, observed.quality) == (NOON - SECOND, TimeQuality.DEVICE)
    assert observed.device_time == DeviceTime.absolute(unset)


def test_a_base_offset_clock_that_nobody_read_leaves_the_time_to_the_counter() -> None:
    stamps = Stamps(base_offset=PLAIN, offset=HOUR, relative=8000)
    assert seen(stamps, clock(at.TIME_REL.of(16_000))).at == NOON - SECOND
    far = Stamps(base_offset=PLAIN + HOUR, relative=8000)
    both = clock(at.TIME_BO.of(base_offset(PLAIN, 0)), at.TIME_REL.of(16_000))
    assert seen(far, both).at == NOON - SECOND


def test_after_the_clock_was_put_forward_older_stamps_stay_on_their_timeline() -> None:
    before = clock(absolute(PLAIN - 3 * HOUR))
    after = refresh_clock(before, (absolute(PLAIN + MINUTE),), utc=NOON + MINUTE, notes=[])
    at_utc = NOON + 2 * MINUTE
    old = Stamps(absolute=PLAIN - 3 * HOUR + 30 * SECOND)
    assert seen(old, after, at_utc=at_utc).at == NOON + 30 * SECOND
    assert seen(old, after, at_utc=at_utc, stored=True).at == NOON + 30 * SECOND
    assert seen(Stamps(absolute=PLAIN + 90 * SECOND), after, at_utc=at_utc).at == NOON + 90 * SECOND


def test_after_the_clock_was_put_back_stamps_ahead_of_it_are_of_the_timeline_before() -> None:
    before = clock(absolute(PLAIN + HOUR))
    after = refresh_clock(before, (absolute(PLAIN + MINUTE),), utc=NOON + MINUTE, notes=[])
    old = Stamps(absolute=PLAIN + HOUR + 30 * SECOND)
    assert seen(old, after, at_utc=NOON + 2 * MINUTE).at == NOON + 30 * SECOND


def test_an_adjustment_alone_moves_the_clock() -> None:
    before = clock(absolute(PLAIN))
    after = refresh_clock(before, (adjustment(HOUR),), utc=NOON + MINUTE, notes=[])
    assert after.shows(CalendarClock.ABSOLUTE, NOON + MINUTE) == PLAIN + HOUR + MINUTE
    assert len(after.absolute) == 2
    told = (absolute(PLAIN + HOUR + MINUTE), adjustment(HOUR))
    assert refresh_clock(before, told, utc=NOON + MINUTE, notes=[]) == after


def test_an_adjustment_of_a_clock_nobody_read_says_nothing() -> None:
    assert refresh_clock(NO_CLOCK, (adjustment(HOUR),), utc=NOON, notes=[]) == NO_CLOCK


def test_a_new_reading_that_agrees_only_refreshes() -> None:
    before = clock(absolute(PLAIN))
    after = refresh_clock(before, (absolute(PLAIN + HOUR),), utc=NOON + HOUR, notes=[])
    assert after == clock(absolute(PLAIN + HOUR), utc=NOON + HOUR)


def test_new_time_info_counts_for_the_readings_that_follow() -> None:
    bits = at.MDS_TIME_INFO.of(MdsTimeInfo(TimeBits.ABSOLUTE_SYNCED, 7938, 0, 0, 0, 0))
    after = refresh_clock(clock(absolute(PLAIN)), (bits, absolute(PLAIN)), utc=NOON, notes=[])
    assert after.absolute[-1].synchronised


def test_a_segment_s_adjustment_moves_the_time_and_keeps_the_stamp() -> None:
    observed = observe_time(
        Stamps(absolute=PLAIN - 2 * HOUR),
        clock(absolute(PLAIN)),
        received_at=NOON,
        stored=True,
        adjustment=HOUR,
    )
    assert observed.at == NOON - HOUR
    assert observed.device_time == DeviceTime.absolute(PLAIN - 2 * HOUR)


def test_a_clock_that_was_set_by_us_is_read_at_that_moment() -> None:
    device = replace(clock(absolute(PLAIN + HOUR)), tick_us=8)
    after = device.was_read(CalendarClock.ABSOLUTE, PLAIN, utc=NOON)
    assert after.shows(CalendarClock.ABSOLUTE, NOON) == PLAIN
    assert after.tick_us == 8


UNSET = AttributeValue(at.TIME_ABS.attribute_id, bytes(8))


def test_a_clock_that_is_not_set_is_no_clock_and_is_told() -> None:
    for tolerances, told in (
        (DEFAULT_TOLERANCES, "tolerated unset-clock"),
        (STRICT_TOLERANCES, "MDC_ATTR_TIME_ABS cannot be read"),
    ):
        notes: list[str] = []
        clock = read_clock((UNSET,), utc=NOON, notes=notes, tolerances=tolerances)
        assert clock.absolute == NO_CLOCK.absolute
        assert [note.startswith(told) for note in notes] == [True]
        notes.clear()
        assert refresh_clock(clock, (UNSET,), utc=NOON, notes=notes, tolerances=tolerances) == clock
        assert len(notes) == 1


def test_a_stamp_that_is_no_date_is_none_where_that_is_forgiven() -> None:
    stamp = (AttributeValue(at.TIME_STAMP_ABS.attribute_id, bytes(8)),)
    notes: list[str] = []
    assert read_stamps(stamp, notes) == Stamps()
    assert len(notes) == 1
    with pytest.raises(DecodeError):
        read_stamps(stamp, notes, STRICT_TOLERANCES)
