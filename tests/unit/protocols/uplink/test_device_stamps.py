"""A device's time as integers: back to the same text, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from protocols.errors import DecodeError
from protocols.model.timestamps import DeviceTime
from protocols.uplink.device_stamps import (
    from_microseconds,
    from_stamp,
    to_microseconds,
    to_stamp,
)
from tests.fixtures import strategies


@given(strategies.device_times)
@settings(max_examples=60)
def test_every_stamp_of_ours_comes_back(stamp: DeviceTime) -> None:
    numbers = to_stamp(stamp.kind, stamp.value)
    assert numbers is not None
    assert from_stamp(stamp.kind, *numbers) == stamp.value


def test_what_the_numbers_are() -> None:
    assert to_stamp("", "") == (0, 0)
    assert to_stamp("relative", "8000") == (8000, 0)
    assert to_stamp("absolute", "1970-01-01T00:00:01.25") == (1_250_000, 0)
    assert to_stamp("base-offset", "1970-01-01T01:00:00.000000+01:00") == (3_600_000_000, 3600)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("relative", "007"),
        ("relative", "seven"),
        ("relative", "-7"),
        ("absolute", "2026-11-26T08:00:00"),
        ("absolute", "2026-11-26T08:00:00.00+01:00"),
        ("absolute", "noon"),
        ("", "8000"),
        ("sundial", "8000"),
        ("sundial", "2026-11-26T08:00:00.00"),
    ],
)
def test_another_text_is_not_written_as_numbers(kind: str, value: str) -> None:
    assert to_stamp(kind, value) is None


@pytest.mark.parametrize(
    ("kind", "number", "zone"),
    [
        ("relative", -1, 0),
        ("absolute", 10**18, 0),
        ("base-offset", 0, 86_400),
        ("base-offset", 0, -86_400),
        ("sundial", 0, 0),
        ("absolute", -(10**30), 0),
    ],
)
def test_numbers_of_no_stamp_are_refused(kind: str, number: int, zone: int) -> None:
    with pytest.raises(DecodeError):
        from_stamp(kind, number, zone)


def test_microseconds_are_exact_and_end_with_the_calendar() -> None:
    at = datetime(2026, 11, 26, 8, 0, 0, 123_457, tzinfo=UTC)
    assert from_microseconds(to_microseconds(at)) == at
    for beyond in (10**20, -(10**20)):
        with pytest.raises(DecodeError):
            from_microseconds(beyond)
