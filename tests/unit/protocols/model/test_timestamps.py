"""Three clocks, three types: none is taken for another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from protocols.errors import EncodeError
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality

LOCAL = datetime(2026, 11, 23, 10, 0, 0, 128000)  # noqa: DTZ001 - a device's own time


def test_an_absolute_time_is_naive_and_keeps_hundredths() -> None:
    assert DeviceTime.absolute(LOCAL).value == "2026-11-23T10:00:00.12"
    assert DeviceTime.absolute(LOCAL).local == LOCAL.replace(microsecond=120000)
    with pytest.raises(EncodeError):
        DeviceTime.absolute(LOCAL.replace(tzinfo=UTC))


def test_a_tick_count_has_no_calendar() -> None:
    assert DeviceTime.relative(8) == DeviceTime("relative", "8")
    assert DeviceTime.relative(8).is_relative
    assert DeviceTime.relative(8).local is None


def test_a_base_offset_time_is_local_and_carries_its_offset() -> None:
    stamp = DeviceTime.base_offset(LOCAL, timedelta(minutes=-210))
    assert stamp == DeviceTime("base-offset", "2026-11-23T06:30:00.128000-03:30")
    assert stamp.local == LOCAL - timedelta(minutes=210)
    assert not stamp.is_relative
    with pytest.raises(EncodeError):
        DeviceTime.base_offset(LOCAL.replace(tzinfo=UTC), timedelta(0))


def test_an_observed_time_carries_its_zone() -> None:
    with pytest.raises(EncodeError):
        ObservedTime(LOCAL, TimeQuality.RECEIVED)
    aware = LOCAL.replace(tzinfo=UTC)
    assert ObservedTime(aware, TimeQuality.RECEIVED).device_time is None
