"""What the bits of MDS-Time-Info allow and what they claim."""

from __future__ import annotations

import pytest

from protocols.ieee20601.attribute_values import MdsTimeInfo
from protocols.ieee20601.time_info import (
    SYNC_NONE,
    CalendarClock,
    TimeBits,
    clock_to_set,
    is_synchronised,
)

NTP = 7938
SETTABLE = TimeBits.SET_CLOCK | TimeBits.MANAGER_SETS_TIME


def info(bits: int, sync: int = NTP) -> MdsTimeInfo:
    return MdsTimeInfo(bits, sync, 0, 0, 0, 0)


def test_the_bits_count_from_the_highest() -> None:
    assert [bit.value for bit in TimeBits] == [0x8000 >> place for place in range(16)]


@pytest.mark.parametrize(
    ("bits", "clock"),
    [
        pytest.param(SETTABLE | TimeBits.REAL_TIME_CLOCK, CalendarClock.ABSOLUTE, id="absolute"),
        pytest.param(
            SETTABLE | TimeBits.REAL_TIME_CLOCK | TimeBits.BASE_OFFSET_TIME,
            CalendarClock.BASE_OFFSET,
            id="base-offset before absolute",
        ),
        pytest.param(SETTABLE, None, id="no calendar clock"),
        pytest.param(0xFFFF & ~TimeBits.SET_CLOCK, None, id="cannot be set"),
        pytest.param(0xFFFF & ~TimeBits.MANAGER_SETS_TIME, None, id="does not ask for it"),
    ],
)
def test_a_clock_is_set_only_where_capability_and_state_say_so(
    bits: int, clock: CalendarClock | None
) -> None:
    assert clock_to_set(info(bits)) is clock


def test_nothing_is_set_and_nothing_is_synchronised_without_time_info() -> None:
    assert clock_to_set(None) is None
    assert not any(is_synchronised(None, clock) for clock in CalendarClock)


@pytest.mark.parametrize(
    ("bits", "absolute", "base_offset"),
    [
        (TimeBits.ABSOLUTE_SYNCED, True, False),
        (TimeBits.BASE_OFFSET_SYNCED, False, False),
        (TimeBits.BASE_OFFSET_SYNCED | TimeBits.BASE_OFFSET_UTC_ALIGNED, False, True),
        (0xFFFF, True, True),
    ],
)
def test_each_clock_has_its_own_synchronised_bits(
    bits: int, absolute: bool, base_offset: bool
) -> None:
    assert is_synchronised(info(bits), CalendarClock.ABSOLUTE) is absolute
    assert is_synchronised(info(bits), CalendarClock.BASE_OFFSET) is base_offset


def test_a_clock_that_follows_nothing_is_not_synchronised_whatever_its_bits() -> None:
    assert not is_synchronised(info(0xFFFF, SYNC_NONE), CalendarClock.ABSOLUTE)
