"""Clocks of every kind in one field, and the facts stamps are mapped by."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt import terms, time_sources
from protocols.gatt.elapsed_time import (
    CURRENT_ELAPSED_TIME,
    PROFILE,
    ClockState,
    CurrentElapsedTime,
    ElapsedTime,
    stamp_with,
)
from protocols.model.clock_mapping import Coincident, DeviceStamp, Timeline
from protocols.model.timestamps import ObservedTime, TimeQuality
from tests.unit.protocols.gatt.link import NOW, few, session
from tests.unit.protocols.gatt.records import S8, U8

AT = datetime(2026, 6, 12, 20, 48, 8)  # noqa: DTZ001 - naive UTC or local time, as the flags say
SECONDS = int((AT - datetime(2000, 1, 1)).total_seconds())  # noqa: DTZ001 - the clock's epoch
UTC_CLOCK = ElapsedTime(
    value=SECONDS,
    timeline=Timeline.UTC,
    has_offset=True,
    offset_quarters=8,
    source=time_sources.NETWORK,
)
TICKS = ElapsedTime(value=5000, timeline=Timeline.TICK, resolution=2)


def test_time_of_day_counts_from_the_year_2000_in_the_clock_s_steps() -> None:
    assert UTC_CLOCK.at == AT
    tenths = ElapsedTime(value=SECONDS * 10 + 5, timeline=Timeline.LOCAL, resolution=1)
    assert tenths.at == AT + timedelta(milliseconds=500)
    assert [
        ElapsedTime(value=0, timeline=Timeline.TICK, resolution=number).step_us
        for number in range(4)
    ] == [1_000_000, 100_000, 1_000, 100]


def test_the_offset_counts_quarters_of_an_hour_and_only_where_it_is_used() -> None:
    assert UTC_CLOCK.offset == timedelta(hours=2)
    assert ElapsedTime(value=0, timeline=Timeline.UTC, offset_quarters=8).offset is None
    assert (
        ElapsedTime(value=0, timeline=Timeline.TICK, has_offset=True, offset_quarters=8).offset
        is None
    )


def test_stamps_are_of_the_clock_s_own_timeline() -> None:
    assert UTC_CLOCK.stamp == DeviceStamp.of_utc(AT, offset=timedelta(hours=2))
    assert TICKS.stamp == DeviceStamp.of_ticks(5000)
    ended = ElapsedTime(value=SECONDS, timeline=Timeline.LOCAL, is_current=False)
    assert ended.stamp == DeviceStamp.of_local(AT, current=False)


def test_a_date_beyond_the_calendar_is_no_time() -> None:
    last = ElapsedTime(value=252_424_079_999, timeline=Timeline.UTC, has_offset=True)
    assert str(last.at) == "9998-12-31 23:59:59"
    assert last.stamp is not None
    never = ElapsedTime(value=(1 << 48) - 1, timeline=Timeline.UTC)
    assert never.at is None
    assert never.stamp is None
    assert never.clock(NOW) is None


def test_reading_the_clock_gives_the_facts_stamps_are_mapped_by() -> None:
    clock = session(PROFILE)
    record = CurrentElapsedTime(time=TICKS, state=ClockState(status=0, capabilities=3))
    transcript = clock.value_received(
        CURRENT_ELAPSED_TIME.uuid, CURRENT_ELAPSED_TIME.encode(record), utc=NOW
    )
    assert transcript.warnings == ()
    facts = clock.transcriber.elapsed_clock
    assert facts is not None
    assert facts.timeline is Timeline.TICK
    assert not facts.synchronised
    assert facts.coincident == Coincident(device=5000, gateway=NOW)
    assert (facts.tick_us, facts.modulus) == (1000, 1 << 48)
    assert clock.transcriber.clock is None


def observed(time: ElapsedTime, *read: ElapsedTime) -> ObservedTime:
    """The time of a live value stamped so, after the clock was read."""
    clock = session(PROFILE)
    for reading in read:
        octets = CURRENT_ELAPSED_TIME.encode(CurrentElapsedTime(time=reading))
        clock.value_received(CURRENT_ELAPSED_TIME.uuid, octets, utc=NOW)
    draft = clock.transcriber.begin(utc=NOW)
    stamp_with(time, draft)
    draft.number(terms.SPO2, Decimal(97), terms.PERCENT)
    (observation,) = draft.finish().observations
    return observation.observed_at


def test_a_stamp_is_mapped_by_the_reading_of_a_clock_that_counts_the_same() -> None:
    before = ElapsedTime(value=4000, timeline=Timeline.TICK, resolution=2)
    assert observed(before, TICKS).at == NOW - timedelta(seconds=1)
    assert observed(before, TICKS).quality is TimeQuality.DEVICE
    finer = ElapsedTime(value=4000, timeline=Timeline.TICK, resolution=3)
    for time, read in ((before, ()), (finer, (TICKS,)), (before, (UTC_CLOCK,))):
        assert observed(time, *read).quality is TimeQuality.RECEIVED


def test_a_synchronised_stamp_in_utc_needs_no_reading() -> None:
    assert observed(UTC_CLOCK).at == NOW
    assert observed(UTC_CLOCK).quality is TimeQuality.DEVICE
    by_hand = ElapsedTime(value=SECONDS, timeline=Timeline.UTC, source=time_sources.MANUAL)
    assert observed(by_hand).quality is TimeQuality.RECEIVED


@pytest.mark.parametrize(
    ("time", "local"),
    [
        (UTC_CLOCK, AT + timedelta(hours=2)),
        (ElapsedTime(value=SECONDS, timeline=Timeline.LOCAL), AT),
        (ElapsedTime(value=SECONDS, timeline=Timeline.UTC), None),
        (TICKS, None),
    ],
)
def test_local_stamps_of_other_services_go_by_the_local_time_the_clock_says(
    time: ElapsedTime, local: datetime | None
) -> None:
    assert time.local == local
    clock = session(PROFILE)
    octets = CURRENT_ELAPSED_TIME.encode(CurrentElapsedTime(time=time))
    clock.value_received(CURRENT_ELAPSED_TIME.uuid, octets, utc=NOW)
    facts = clock.transcriber.clock
    if local is None:
        assert facts is None
    else:
        assert facts is not None
        assert facts.coincident == Coincident(device=local, gateway=NOW)


def test_a_clock_that_needs_to_be_set_is_said() -> None:
    for time, state in (
        (UTC_CLOCK, ClockState(status=1, capabilities=0)),
        (ElapsedTime(value=(1 << 48) - 1, timeline=Timeline.UTC), None),
    ):
        octets = CURRENT_ELAPSED_TIME.encode(CurrentElapsedTime(time=time, state=state))
        transcript = session(PROFILE).value_received(CURRENT_ELAPSED_TIME.uuid, octets, utc=NOW)
        assert len(transcript.warnings) == 1


def test_what_a_client_writes_has_no_state() -> None:
    octets = CURRENT_ELAPSED_TIME.encode(CurrentElapsedTime(time=UTC_CLOCK))
    assert octets.hex() == "32" + SECONDS.to_bytes(6, "little").hex() + "0108"
    assert CURRENT_ELAPSED_TIME.decode(octets) == CurrentElapsedTime(time=UTC_CLOCK)
    with pytest.raises(DecodeError):
        CURRENT_ELAPSED_TIME.decode(octets + b"\x00")


@pytest.mark.parametrize("timeline", Timeline)
@pytest.mark.parametrize("is_current", [True, False])
def test_every_kind_of_clock_is_written_back(timeline: Timeline, is_current: bool) -> None:
    record = CurrentElapsedTime(
        time=ElapsedTime(
            value=1, timeline=timeline, resolution=3, has_offset=is_current, is_current=is_current
        ),
        state=ClockState(status=0, capabilities=1),
    )
    assert CURRENT_ELAPSED_TIME.decode(CURRENT_ELAPSED_TIME.encode(record)) == record


@given(
    time=st.builds(
        ElapsedTime,
        value=st.integers(0, (1 << 48) - 1),
        timeline=st.sampled_from(Timeline),
        resolution=st.integers(0, 3),
        has_offset=st.booleans(),
        offset_quarters=S8,
        source=U8,
        is_current=st.booleans(),
    )
)
@few
def test_every_time_is_written_back_and_has_a_stamp_or_none(time: ElapsedTime) -> None:
    record = CurrentElapsedTime(time=time)
    assert CURRENT_ELAPSED_TIME.decode(CURRENT_ELAPSED_TIME.encode(record)) == record
    assert (time.stamp is None) == (time.at is None)
