"""The time table of the HL7 PHD guide, row by row, and that no reading is lost for its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.model.clock_mapping import (
    MAPPINGS,
    ClockFacts,
    Coincident,
    DeviceStamp,
    Mapping,
    MappingRow,
    Timeline,
    map_stamp,
    observe,
    row_of,
)
from protocols.model.timestamps import DeviceTime, TimeQuality

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLAIN = NOW.replace(tzinfo=None)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PARIS = timezone(HOUR)


class Summer(tzinfo):
    """A zone one hour east of UTC, two from April to September."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return self.dst(dt) + HOUR

    def dst(self, dt: datetime | None) -> timedelta:
        is_summer = dt is not None and 4 <= dt.month <= 9
        return HOUR if is_summer else timedelta(0)

    def tzname(self, dt: datetime | None) -> str:
        return "summer" if self.dst(dt) else "winter"


def facts(
    row: MappingRow, device: datetime | int | None, *, tick_us: int = 125, modulus: int = 1 << 32
) -> ClockFacts:
    coincident = None if device is None else Coincident(device=device, gateway=NOW)
    return ClockFacts(
        timeline=row.timeline,
        synchronised=row.synchronised,
        coincident=coincident,
        tick_us=tick_us,
        modulus=modulus,
    )


def stamp_for(row: MappingRow) -> DeviceStamp:
    offset = 2 * HOUR if row.offset_known else None
    if row.timeline is Timeline.TICK:
        return DeviceStamp.of_ticks(92_000, current=row.current)
    if row.timeline is Timeline.UTC:
        return DeviceStamp.of_utc(PLAIN - MINUTE, offset=offset, current=row.current)
    return DeviceStamp.of_local(PLAIN + 2 * HOUR - MINUTE, offset=offset, current=row.current)


def clock_for(row: MappingRow) -> ClockFacts:
    """One that was a second ahead when both were read."""
    second = timedelta(seconds=1)
    if row.timeline is Timeline.TICK:
        return facts(row, 100_000)
    local = PLAIN + (2 * HOUR if row.timeline is Timeline.LOCAL else timedelta(0))
    return facts(row, local + second)


EXPECTED = {
    (Mapping.KEEP, Timeline.UTC): NOW - MINUTE,
    (Mapping.KEEP_ADD_OFFSET, Timeline.UTC): NOW - MINUTE,
    (Mapping.TO_GATEWAY, Timeline.UTC): NOW - MINUTE - timedelta(seconds=1),
    (Mapping.TO_UTC_AND_OFFSET, Timeline.LOCAL): NOW - MINUTE,
    (Mapping.TO_GATEWAY, Timeline.LOCAL): NOW - MINUTE - timedelta(seconds=1),
    (Mapping.TO_GATEWAY, Timeline.TICK): NOW - timedelta(seconds=1),
}


# The guide's table as it is printed, "any" written once; for ticks both facts are "-".
GUIDE = {
    ("UTC", "current", "synced", "offset"): (Mapping.KEEP, False),
    ("UTC", "current", "synced", "no offset"): (Mapping.KEEP_ADD_OFFSET, False),
    ("UTC", "current", "adrift", "any"): (Mapping.TO_GATEWAY, True),
    ("UTC", "ended", "synced", "offset"): (Mapping.KEEP, False),
    ("UTC", "ended", "synced", "no offset"): (Mapping.KEEP_ADD_OFFSET, False),
    ("UTC", "ended", "adrift", "any"): (Mapping.NOT_MAPPED, False),
    ("local", "current", "synced", "any"): (Mapping.TO_UTC_AND_OFFSET, True),
    ("local", "current", "adrift", "any"): (Mapping.TO_GATEWAY, True),
    ("local", "ended", "synced", "any"): (Mapping.TO_UTC_AND_OFFSET, False),
    ("local", "ended", "adrift", "any"): (Mapping.NOT_MAPPED, False),
    ("tick", "current", "adrift", "any"): (Mapping.TO_GATEWAY, True),
    ("tick", "ended", "adrift", "any"): (Mapping.NOT_MAPPED, False),
}


@pytest.mark.parametrize("row", MAPPINGS, ids=lambda row: " ".join(map(str, row[:4])))
def test_a_row_says_what_the_guide_prints(row: MappingRow) -> None:
    facts_of_row = (
        row.timeline.value,
        "current" if row.current else "ended",
        "synced" if row.synchronised else "adrift",
    )
    offset = "offset" if row.offset_known else "no offset"
    printed = GUIDE.get((*facts_of_row, offset)) or GUIDE[(*facts_of_row, "any")]
    assert (row.mapping, row.coincident) == printed


def test_the_table_has_eighteen_rows_and_none_twice() -> None:
    assert len(MAPPINGS) == len({row[:4] for row in MAPPINGS}) == 18


@pytest.mark.parametrize("row", MAPPINGS, ids=lambda row: " ".join(map(str, row[:4])))
def test_every_row_maps_as_it_says(row: MappingRow) -> None:
    stamp, clock = stamp_for(row), clock_for(row)
    assert row_of(stamp, clock) == row
    assert map_stamp(stamp, clock) == EXPECTED.get((row.mapping, row.timeline))
    without = map_stamp(stamp, facts(row, None))
    assert (without is None) is (row.coincident or row.mapping is Mapping.NOT_MAPPED)


@pytest.mark.parametrize("row", MAPPINGS, ids=lambda row: " ".join(map(str, row[:4])))
@pytest.mark.parametrize(
    ("stored", "quality"), [(False, TimeQuality.RECEIVED), (True, TimeQuality.UNKNOWN)]
)
def test_what_is_not_mapped_is_kept_with_its_stamp(
    row: MappingRow, stored: bool, quality: TimeQuality
) -> None:
    stamp = stamp_for(row)
    zone = timezone(2 * HOUR)
    observed = observe(stamp, facts(row, None), received_at=NOW, stored=stored, zone=zone)
    assert observed.device_time == stamp.kept
    if map_stamp(stamp, facts(row, None)) is None:
        assert (observed.at, observed.quality) == (NOW, quality)
    else:
        assert observed.quality is TimeQuality.DEVICE


def test_the_offset_is_the_device_s_where_it_says_one_and_else_the_gateway_s() -> None:
    clock = ClockFacts(timeline=Timeline.UTC, synchronised=True)
    said = map_stamp(DeviceStamp.of_utc(PLAIN, offset=2 * HOUR), clock, zone=PARIS)
    ours = map_stamp(DeviceStamp.of_utc(PLAIN), clock, zone=PARIS)
    assert [at.utcoffset() if at else None for at in (said, ours)] == [2 * HOUR, HOUR]


def test_a_clock_that_only_says_it_is_synchronised_is_mapped_by_what_was_measured() -> None:
    wrong = ClockFacts(
        timeline=Timeline.UTC,
        synchronised=True,
        coincident=Coincident(device=PLAIN + 5 * MINUTE, gateway=NOW),
    )
    assert map_stamp(DeviceStamp.of_utc(PLAIN + 4 * MINUTE), wrong) == NOW - MINUTE


@pytest.mark.parametrize(("seconds", "is_right"), [(30, True), (-30, True), (31, False)])
def test_a_clock_is_synchronised_while_it_is_found_within_half_a_minute(
    seconds: int, is_right: bool
) -> None:
    off = timedelta(seconds=seconds)
    clock = ClockFacts(
        timeline=Timeline.UTC,
        synchronised=True,
        coincident=Coincident(device=PLAIN + off, gateway=NOW),
    )
    mapped = map_stamp(DeviceStamp.of_utc(PLAIN - MINUTE), clock)
    assert mapped == NOW - MINUTE - (timedelta(0) if is_right else off)


@pytest.mark.parametrize(
    ("zone", "is_zone"),
    [
        (timedelta(hours=5, minutes=45), True),  # Kathmandu
        (timedelta(hours=14), True),  # Kiritimati
        (timedelta(hours=-18), True),
        (timedelta(hours=18, minutes=15), False),
    ],
)
def test_whole_quarters_of_an_hour_up_to_eighteen_hours_are_a_zone(
    zone: timedelta, is_zone: bool
) -> None:
    slow = timedelta(seconds=-10)
    clock = ClockFacts(
        timeline=Timeline.LOCAL,
        synchronised=True,
        coincident=Coincident(device=PLAIN + zone + slow, gateway=NOW),
    )
    mapped = map_stamp(DeviceStamp.of_local(PLAIN + zone + slow), clock)
    assert mapped == (NOW + slow if is_zone else NOW)


def test_a_local_clock_in_another_zone_than_the_gateway_s_is_right_all_the_same() -> None:
    clock = ClockFacts(
        timeline=Timeline.LOCAL,
        synchronised=True,
        coincident=Coincident(device=PLAIN + 5 * HOUR, gateway=NOW),
    )
    mapped = map_stamp(DeviceStamp.of_local(PLAIN + 4 * HOUR), clock, zone=Summer())
    assert mapped == NOW - HOUR


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        pytest.param(datetime(2026, 11, 23, 9, 0), 8, id="winter"),  # noqa: DTZ001 - a device's own time
        pytest.param(datetime(2026, 8, 23, 9, 0), 7, id="stored in summer"),  # noqa: DTZ001 - a device's own time
    ],
)
def test_a_synchronised_local_clock_follows_daylight_saving(local: datetime, utc: int) -> None:
    clock = ClockFacts(
        timeline=Timeline.LOCAL,
        synchronised=True,
        coincident=Coincident(device=PLAIN + HOUR, gateway=NOW),
    )
    mapped = map_stamp(DeviceStamp.of_local(local), clock, zone=Summer())
    assert mapped is not None
    assert mapped.astimezone(UTC).hour == utc


def test_a_difference_of_days_is_no_zone() -> None:
    clock = ClockFacts(
        timeline=Timeline.LOCAL,
        synchronised=True,
        coincident=Coincident(device=PLAIN - timedelta(days=3), gateway=NOW),
    )
    assert map_stamp(DeviceStamp.of_local(PLAIN - timedelta(days=3)), clock) == NOW


def test_a_reading_of_another_kind_of_clock_maps_nothing() -> None:
    clock = ClockFacts(timeline=Timeline.LOCAL, coincident=Coincident(device=100_000, gateway=NOW))
    assert map_stamp(DeviceStamp.of_local(PLAIN), clock) is None


def test_ticks_count_over_their_wrap() -> None:
    clock = ClockFacts(
        timeline=Timeline.TICK,
        coincident=Coincident(device=2, gateway=NOW),
        tick_us=1_000_000,
        modulus=1 << 16,
    )
    assert map_stamp(DeviceStamp.of_ticks(0xFFFE), clock) == NOW - timedelta(seconds=4)
    assert map_stamp(DeviceStamp.of_ticks(5), clock) == NOW + timedelta(seconds=3)


@given(
    st.datetimes(),
    st.datetimes(),
    st.sampled_from([Timeline.UTC, Timeline.LOCAL]),
    st.booleans(),
    st.booleans(),
)
def test_nothing_raises_and_nothing_is_lost(
    at: datetime, device: datetime, timeline: Timeline, synchronised: bool, stored: bool
) -> None:
    clock = ClockFacts(
        timeline=timeline,
        synchronised=synchronised,
        coincident=Coincident(device=device, gateway=NOW),
    )
    for offset in (None, timedelta(hours=-14)):
        stamp = DeviceStamp(at=at, kept=DeviceTime.absolute(at), offset=offset)
        observed = observe(stamp, clock, received_at=NOW, stored=stored, zone=PARIS)
        assert observed.device_time == stamp.kept
        assert observed.at <= NOW + MINUTE


def test_a_stamp_at_the_edge_of_the_calendar_is_not_mapped() -> None:
    clock = ClockFacts(timeline=Timeline.LOCAL, coincident=Coincident(device=PLAIN, gateway=NOW))
    last = datetime(9999, 12, 31, 23, 59)  # noqa: DTZ001 - a device's own time
    assert map_stamp(DeviceStamp.of_local(last), clock, zone=PARIS) is None


@pytest.mark.parametrize(
    ("age", "quality"),
    [
        (timedelta(days=6), TimeQuality.DEVICE),
        (timedelta(days=8), TimeQuality.RECEIVED),
        (timedelta(seconds=-59), TimeQuality.DEVICE),
        (timedelta(seconds=-61), TimeQuality.RECEIVED),
    ],
)
def test_a_live_stamp_is_usable_for_a_week(age: timedelta, quality: TimeQuality) -> None:
    clock = ClockFacts(timeline=Timeline.LOCAL, coincident=Coincident(device=PLAIN, gateway=NOW))
    stamp = DeviceStamp.of_local(PLAIN - age)
    assert observe(stamp, clock, received_at=NOW, stored=False).quality is quality


def test_without_a_stamp_or_a_clock_the_reception_counts() -> None:
    assert observe(None, None, received_at=NOW, stored=False).quality is TimeQuality.RECEIVED
    stamp = DeviceStamp.of_ticks(1)
    observed = observe(stamp, None, received_at=NOW, stored=True)
    assert (observed.quality, observed.device_time) == (TimeQuality.UNKNOWN, stamp.kept)
