"""Three clocks, three types: none is taken for another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from protocols.errors import DecodeError, EncodeError
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


@pytest.mark.parametrize(
    ("utc", "hours"),
    [
        (LOCAL, 24),
        (LOCAL, -24),
        (LOCAL, 546),
        (datetime(9999, 12, 31, 23, 30), 1),  # noqa: DTZ001 - base time
        (datetime(1, 1, 1), -1),  # noqa: DTZ001 - base time
    ],
    ids=["a day ahead", "a day behind", "more than any clock", "after the end", "before the start"],
)
def test_a_local_time_that_cannot_be_written_is_refused(utc: datetime, hours: int) -> None:
    with pytest.raises(EncodeError, match="ahead of UTC"):
        DeviceTime.base_offset(utc, timedelta(hours=hours))


@pytest.mark.parametrize(
    "stamp",
    [
        DeviceTime.absolute(LOCAL),
        DeviceTime.base_offset(LOCAL, timedelta(hours=2)),
        DeviceTime.relative(8),
        DeviceTime("of the future", "anything"),
    ],
)
def test_a_stamp_is_read_from_its_two_texts(stamp: DeviceTime) -> None:
    assert DeviceTime.parse(stamp.kind, stamp.value) == stamp


@pytest.mark.parametrize(
    ("kind", "value"),
    [("absolute", "2026-13-01T00:00:00.00"), ("base-offset", "noon"), ("relative", "-1")],
)
def test_a_value_its_kind_cannot_have_is_no_stamp(kind: str, value: str) -> None:
    with pytest.raises(DecodeError, match="device's"):
        DeviceTime.parse(kind, value)


def test_an_observed_time_carries_its_zone() -> None:
    with pytest.raises(EncodeError):
        ObservedTime(LOCAL, TimeQuality.RECEIVED)
    aware = LOCAL.replace(tzinfo=UTC)
    assert ObservedTime(aware, TimeQuality.RECEIVED).device_time is None
