"""Readings in columns are the rows they stand for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np

from protocols.model import observation as obs
from protocols.model.codes import MdcCode, SystemId
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.reading_columns import NO_READINGS, ReadingMoments, Readings
from protocols.uplink.readings import ReadingSeries, ReadingTimes, make_observation

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SERIES = ReadingSeries(
    kind="n",
    device=SystemId(b"OX123456"),
    type=MdcCode(2, 19384),
    status=obs.MeasurementStatus.VALID,
    quality=TimeQuality.RECEIVED,
    device_kind="",
    parts=((0, 544, -1, ""),),
)
WAVE = replace(
    SERIES,
    kind="w",
    quality=TimeQuality.DEVICE,
    device_kind="relative",
    parts=((0, 4274, 0, ""),),
    samples=(Decimal("0.5"), Decimal(0), 2000),
)
READINGS = Readings(
    series=(SERIES, WAVE),
    moments=ReadingMoments(
        captured=np.array([to_microseconds(NOON), to_microseconds(NOON + SECOND)]),
        observed=np.array([to_microseconds(NOON - SECOND), to_microseconds(NOON)]),
        series_of=np.array([0, 1]),
        stamps=("", "8000"),
    ),
    values=((0, (975,)), (1, (1,))),
    value_of=np.array([0, 1, 1]),
    moment_of=np.array([0, 1, 1]),
    sequences=np.array([4, 5, 6]),
    ids=b"a" * 16 + b"b" * 16 + b"c" * 16,
    places=("", "1@0+9", ""),
    samples={1: bytes(4), 2: b"\1\0\0\0"},
)


def test_each_row_has_what_its_columns_say() -> None:
    assert READINGS.series_of.tolist() == [0, 1, 1]
    assert READINGS.times(0) == ReadingTimes(
        NOON, ObservedTime(NOON - SECOND, TimeQuality.RECEIVED)
    )
    ticks = DeviceTime.relative(8000)
    assert READINGS.times(2) == ReadingTimes(
        NOON + SECOND, ObservedTime(NOON, TimeQuality.DEVICE, ticks)
    )
    assert READINGS.observation(2) == make_observation(
        WAVE,
        (1,),
        observation_id=UUID(bytes=b"c" * 16),
        observed_at=ObservedTime(NOON, TimeQuality.DEVICE, ticks),
        samples=b"\1\0\0\0",
    )


def test_some_rows_alone_keep_what_is_theirs() -> None:
    kept = READINGS.only(np.array([2, 0]))
    assert (len(READINGS), len(kept), len(NO_READINGS)) == (3, 2, 0)
    assert kept.sequences.tolist() == [6, 4]
    assert kept.places == ["", ""]
    assert [kept.observation(one) for one in (0, 1)] == [
        READINGS.observation(2),
        READINGS.observation(0),
    ]
    assert len(READINGS.only(np.zeros(0, np.intp))) == 0
