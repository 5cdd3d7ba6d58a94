"""When an observation was made, as its stamp, the device's clock and the reception say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue
from protocols.model.codes import MdcCode
from protocols.model.identifiers import clockless_observation_id
from protocols.model.timestamps import DeviceTime, TimeQuality
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.reports import (
    DEVICE,
    LOCAL,
    RECEIVED,
    TWO_HOURS_AHEAD,
    read,
    reception,
    stamp,
    ticking_clock,
    var_report,
)

OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
SPO2 = MdcCode(2, 19384)


def test_device_time_is_mapped_by_the_measured_offset() -> None:
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), stamp())))
    (observation,) = read(info, OXIMETER, reception(TWO_HOURS_AHEAD)).observations
    assert observation.observed_at.quality is TimeQuality.DEVICE
    assert observation.observed_at.at == datetime(2026, 11, 23, 1, 2, 3, 450_000, tzinfo=UTC)


def test_without_an_offset_the_reception_time_stands_in_and_the_stamp_is_kept() -> None:
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), stamp())))
    (observation,) = read(info, OXIMETER).observations
    assert observation.observed_at.quality is TimeQuality.RECEIVED
    assert observation.observed_at.at == RECEIVED
    assert observation.observed_at.device_time == DeviceTime.absolute(LOCAL)


def test_a_live_stamp_far_ahead_of_its_reception_means_the_clock_was_set() -> None:
    ahead = LOCAL + timedelta(days=365)
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), stamp(ahead))))
    (observation,) = read(info, OXIMETER, reception(TWO_HOURS_AHEAD)).observations
    assert observation.observed_at.quality is TimeQuality.RECEIVED
    assert observation.observed_at.device_time == DeviceTime.absolute(ahead)


@pytest.mark.parametrize(
    ("age", "quality"),
    [
        pytest.param(timedelta(hours=9), TimeQuality.DEVICE, id="sent again after an outage"),
        pytest.param(timedelta(days=6, hours=23), TimeQuality.DEVICE, id="inside the bound"),
        pytest.param(timedelta(days=7, hours=1), TimeQuality.RECEIVED, id="beyond the bound"),
        pytest.param(timedelta(days=20_000), TimeQuality.RECEIVED, id="an unset clock"),
    ],
)
def test_a_stamp_far_behind_its_reception_is_no_time_of_a_live_report(
    age: timedelta, quality: TimeQuality
) -> None:
    local = LOCAL - age
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), stamp(local))))
    (observation,) = read(info, OXIMETER, reception(TWO_HOURS_AHEAD)).observations
    assert observation.observed_at.quality is quality
    assert observation.observed_at.device_time == DeviceTime.absolute(local)
    expected = (
        RECEIVED
        if quality is TimeQuality.RECEIVED
        else (local - timedelta(hours=2)).replace(tzinfo=UTC)
    )
    assert observation.observed_at.at == expected


def test_an_unknown_time_counts_as_none_and_equal_readings_stay_apart() -> None:
    zero = AttributeValue(at.TIME_STAMP_ABS.attribute_id, bytes(8))
    reading = (1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), zero))
    result = read(var_report(reading, reading), OXIMETER, reception(TWO_HOURS_AHEAD, counter=5))
    first, second = result.observations
    assert first.observed_at.device_time is None
    assert first.observed_at.quality is TimeQuality.RECEIVED
    assert first.observation_id != second.observation_id
    assert first.observation_id == clockless_observation_id(
        system_id=DEVICE,
        type_code=SPO2,
        received_at=RECEIVED.isoformat(),
        report_counter=(5 << 16) + 1,
    )


def test_relative_stamps_are_mapped_by_the_coincident_tick_over_a_wrap() -> None:
    clock = ticking_clock(0xFFFFFFF8)
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), at.TIME_STAMP_REL.of(0x00000000))))
    (observation,) = read(info, OXIMETER, reception(clock)).observations
    assert observation.observed_at.at == RECEIVED + timedelta(milliseconds=1)
    assert observation.observed_at.device_time == DeviceTime.relative(0)


@pytest.mark.parametrize(
    "tick", [at.TIME_STAMP_REL.of(4711), at.TIME_STAMP_REL_HI_RES.of(4711)], ids=["125 us", "1 us"]
)
def test_a_live_tick_does_not_identify_a_reading_for_the_counter_may_start_again(
    tick: AttributeValue,
) -> None:
    info = var_report((1, (at.NU_VAL_OBS_BASIC.of(Decimal(98)), tick)))
    (before,) = read(info, OXIMETER, reception(counter=1)).observations
    (after,) = read(info, OXIMETER, reception(counter=2)).observations
    assert before.observation_id != after.observation_id
    # The tick itself is kept.
    assert before.observed_at.device_time == DeviceTime.relative(4711)
    assert after.observed_at.device_time == DeviceTime.relative(4711)


def test_a_calendar_stamp_identifies_a_live_reading_whatever_ticks_stand_beside_it() -> None:
    values = (at.NU_VAL_OBS_BASIC.of(Decimal(98)), stamp(), at.TIME_STAMP_REL.of(4711))
    (first,) = read(var_report((1, values)), OXIMETER, reception(counter=1)).observations
    (again,) = read(var_report((1, values)), OXIMETER, reception(counter=2)).observations
    assert first.observation_id == again.observation_id
