"""Rows that share their times share a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from protocols.uplink import records as rec
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.row_times import RowTimes

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
US = to_microseconds(NOON)
BARE = rec.TimeRecord(NOON, "received")


def common(time: rec.TimeRecord = BARE, device: bytes = b"oximeter") -> rec.CommonRecord:
    return rec.CommonRecord(UUID(int=7), 150456, time, device)


def ticks(value: str) -> rec.TimeRecord:
    return rec.TimeRecord(NOON, "device", "relative", value)


def test_a_moment_begins_where_a_time_or_the_device_is_another() -> None:
    later = rec.TimeRecord(NOON + SECOND, "received")
    rows = [
        (common(), NOON),
        (common(), NOON),
        (common(), NOON + SECOND),
        (common(later), NOON + SECOND),
        (common(later, b"belt"), NOON + SECOND),
        (common(), NOON),
    ]
    times = RowTimes.of([one for one, _ in rows], [captured for _, captured in rows])
    assert times.of_rows.tolist() == [0, 0, 1, 2, 3, 4]
    assert times.captured.tolist() == [US, US + 10**6, US + 10**6, US + 10**6, US]
    assert times.observed.tolist() == [US, US, US + 10**6, US + 10**6, US]
    assert not times.unfit


def test_a_devices_own_time_has_a_number_a_name_and_a_zone() -> None:
    local = "2026-11-26T13:00:00.250000+01:00"
    zoned = rec.TimeRecord(NOON, "device", "base-offset", local)
    times = RowTimes.of([common(), common(ticks("70")), common(zoned)], [NOON] * 3)
    assert times.stamps.tolist() == [0, 70, US + 3_600_000_000 + 250_000]
    assert times.contexts() == [
        (b"oximeter", "received", "", 0),
        (b"oximeter", "device", "relative", 0),
        (b"oximeter", "device", "base-offset", 3600),
    ]
    named = times.named()
    assert named.tolist() == [1, 2]
    assert times.names_of(named) == [b"relative=70", f"base-offset={local}".encode()]


@pytest.mark.parametrize("value", ["070", "", str(2**61), "a"])
def test_a_time_that_fits_no_column_is_named_by_its_rows(value: str) -> None:
    rows = [common(ticks("7")), common(ticks(value)), common(ticks(value)), common()]
    assert RowTimes.of(rows, [NOON] * 4).unfit == {1, 2}


def test_no_rows_have_no_moments() -> None:
    times = RowTimes.of([], [])
    assert (times.of_rows.tolist(), times.contexts(), times.named().tolist()) == ([], [], [])
