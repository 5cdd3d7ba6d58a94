"""A device's clock shows local and base-offset time, and moves when its manager sets it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from protocols.ieee20601.agent_clock import AgentClock
from protocols.ieee20601.attribute_values import BaseOffsetTime
from protocols.ieee20601.policies import MdsDescription

NOON = datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)
SECONDS_TO_NOON = 4_004_424_000
"""From 1900 to NOON, computed by hand: 46,347 days and 12 hours, leap seconds left out."""


def local(utc: datetime) -> datetime:
    return (utc + timedelta(hours=2, minutes=1)).replace(tzinfo=None)


def clock(*, offset_minutes: int | None = 120, can_be_set: bool = True) -> AgentClock:
    return AgentClock(
        MdsDescription(
            manufacturer="A",
            model="B",
            clock=local,
            offset_minutes=offset_minutes,
            clock_can_be_set=can_be_set,
        )
    )


def test_a_clock_shows_its_time_with_two_faces() -> None:
    device = clock()
    assert device.local(NOON) == local(NOON)
    # One minute fast; half a second is 0x8000 of 65536.
    assert device.base_offset(NOON) == BaseOffsetTime(SECONDS_TO_NOON + 60, 0x8000, 120)


def test_a_clock_without_an_offset_has_one_face() -> None:
    device = clock(offset_minutes=None)
    assert device.base_offset(NOON) is None
    assert device.can_be_set
    assert not device.can_be_set_with_offset


def test_setting_the_local_time_moves_both_faces_and_is_told() -> None:
    device = clock()
    device.set_local(local(NOON) - timedelta(minutes=1), utc=NOON)
    assert device.moved == timedelta(minutes=-1)
    later = NOON + timedelta(hours=1)
    assert device.local(later) == local(later) - timedelta(minutes=1)
    assert device.base_offset(NOON) == BaseOffsetTime(SECONDS_TO_NOON, 0x8000, 120)


def test_setting_base_offset_time_takes_the_new_zone() -> None:
    device = clock()
    device.set_base_offset(BaseOffsetTime(SECONDS_TO_NOON, 0, -60), utc=NOON)
    assert device.base_offset(NOON) == BaseOffsetTime(SECONDS_TO_NOON, 0, -60)
    assert device.local(NOON) == datetime(2026, 11, 23, 11, 0)  # noqa: DTZ001  # a device's own


def test_an_unknown_time_sets_nothing() -> None:
    device = clock()
    device.set_base_offset(BaseOffsetTime(0, 0, -60), utc=NOON)
    assert device.moved == timedelta(0)
    assert device.base_offset(NOON) == BaseOffsetTime(SECONDS_TO_NOON + 60, 0x8000, 120)


def test_the_capabilities_say_which_clock_it_is_and_who_sets_it() -> None:
    settable, plain = clock().time_info(), clock(offset_minutes=None, can_be_set=False).time_info()
    assert settable is not None
    assert plain is not None
    assert settable.capability == 0x8000 | 0x4000 | 0x0100 | 0x0010
    assert plain.capability == 0x8000


def test_a_device_without_a_clock_has_nothing_to_set() -> None:
    device = AgentClock(
        MdsDescription(manufacturer="A", model="B", clock_can_be_set=True, offset_minutes=0)
    )
    assert not device.can_be_set
    assert device.time_info() is None
    assert device.local(NOON) is None
    device.set_local(local(NOON), utc=NOON)
    assert device.base_offset(NOON) is None
    assert device.moved == timedelta(0)
