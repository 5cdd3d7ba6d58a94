"""What a host can write into simulated devices: clocks, intervals, sessions, live observations."""

from __future__ import annotations

from datetime import datetime

import pytest

from protocols.gatt.cgm_control_point import (
    CONTROL_POINT,
    CgmControl,
    CgmOpCode,
    CgmResponse,
    CgmResponseValue,
    Minutes,
)
from protocols.gatt.cgm_session_values import RUN_TIME, STATUS
from protocols.gatt.current_time import CURRENT_TIME, CurrentTime
from protocols.gatt.date_time import DATE_TIME
from protocols.gatt.elapsed_time import CURRENT_ELAPSED_TIME, CurrentElapsedTime, ElapsedTime
from protocols.gatt.fields import DateTime
from protocols.gatt.ghs_service_values import CONTROL_POINT as GHS_CONTROL_POINT
from protocols.gatt.ghs_service_values import GhsControl, GhsOpCode
from protocols.gatt.thermometer import INTERVAL, MeasurementInterval
from protocols.model.clock_mapping import Timeline
from tests.fixtures.bluetooth_link import linked

INVALID_LENGTH = 0x0D
PROFILE_OUT_OF_RANGE = 0x80
OUT_OF_RANGE = 0xFF
CCCD_IMPROPERLY_CONFIGURED = 0xFD
NOON = datetime(2031, 5, 4, 12, 0, 0)  # noqa: DTZ001  # a device's clock has no zone


async def test_a_clock_is_set_by_current_time_and_read_by_date_time() -> None:
    async with linked("blood-pressure") as link:
        assert (
            await link.write(CURRENT_TIME.uuid, CURRENT_TIME.encode(CurrentTime.of(NOON))) is None
        )
        shown = DATE_TIME.decode(await link.read(DATE_TIME.uuid)).at
        assert shown is not None
        assert abs((shown - NOON).total_seconds()) < 5
        earlier = DateTime.of(NOON.replace(hour=6))
        assert await link.write(DATE_TIME.uuid, DATE_TIME.encode(earlier)) is None
        read = CURRENT_TIME.decode(await link.read(CURRENT_TIME.uuid)).at
        assert read is not None
        assert read.hour == 6


@pytest.mark.parametrize(
    ("octets", "error"), [(b"\x01", INVALID_LENGTH), (bytes(10), OUT_OF_RANGE)]
)
async def test_a_time_that_is_none_is_refused(octets: bytes, error: int) -> None:
    async with linked("oximeter") as link:
        assert await link.write(CURRENT_TIME.uuid, octets) == error


async def test_a_health_sensor_counts_elapsed_time_and_takes_another() -> None:
    async with linked("health-sensor") as link:
        uuid = CURRENT_ELAPSED_TIME.uuid
        read = CURRENT_ELAPSED_TIME.decode(await link.read(uuid))
        assert read.time.timeline is Timeline.UTC
        later = ElapsedTime(value=read.time.value + 86_400, timeline=Timeline.UTC)
        octets = CURRENT_ELAPSED_TIME.encode(CurrentElapsedTime(time=later))
        assert await link.write(uuid, octets) is None
        again = CURRENT_ELAPSED_TIME.decode(await link.read(uuid))
        assert again.time.value - read.time.value >= 86_400
        ticks = CurrentElapsedTime(time=ElapsedTime(value=1, timeline=Timeline.TICK))
        assert await link.write(uuid, CURRENT_ELAPSED_TIME.encode(ticks)) == OUT_OF_RANGE


async def test_a_thermometer_takes_an_interval_within_its_range() -> None:
    async with linked("thermometer") as link:
        octets = INTERVAL.encode(MeasurementInterval(60))
        assert await link.write(INTERVAL.uuid, octets) is None
        assert await link.read(INTERVAL.uuid) == octets
        assert await link.write(INTERVAL.uuid, b"\x01") == INVALID_LENGTH
        assert await link.write(INTERVAL.uuid, b"\xff\xff") == PROFILE_OUT_OF_RANGE


async def test_a_glucose_sensor_answers_at_its_control_point() -> None:
    async with linked("glucose-sensor") as link:
        get = CONTROL_POINT.encode(CgmControl(CgmOpCode.GET_COMMUNICATION_INTERVAL, crc=0))
        assert await link.write(CONTROL_POINT.uuid, get) == CCCD_IMPROPERLY_CONFIGURED
        await link.subscribe(CONTROL_POINT.uuid)
        assert await link.write(CONTROL_POINT.uuid, b"") == INVALID_LENGTH
        done, refused = CgmResponseValue.SUCCESS, CgmResponseValue.OP_CODE_NOT_SUPPORTED
        for message, operand in (
            (CgmControl(CgmOpCode.SET_COMMUNICATION_INTERVAL, Minutes(5), 0), (1, done)),
            (CgmControl(CgmOpCode.GET_COMMUNICATION_INTERVAL, crc=0), Minutes(5)),
            (CgmControl(CgmOpCode.RESET_DEVICE_ALERT, crc=0), (25, refused)),
            (
                CgmControl(CgmOpCode.STOP_SESSION, crc=0),
                (27, CgmResponseValue.PROCEDURE_NOT_COMPLETED),
            ),
        ):
            assert await link.write(CONTROL_POINT.uuid, CONTROL_POINT.encode(message)) is None
            _, value = await link.next()
            wanted = CgmResponse(*operand) if isinstance(operand, tuple) else operand
            assert CONTROL_POINT.decode(value).operand == wanted
        assert STATUS.decode(await link.read(STATUS.uuid)).annunciation == 0
        assert RUN_TIME.decode(await link.read(RUN_TIME.uuid)).hours == 240


async def test_a_health_sensor_is_started_and_stopped_at_its_control_point() -> None:
    async with linked("health-sensor") as link:
        uuid = GHS_CONTROL_POINT.uuid
        start = GHS_CONTROL_POINT.encode(GhsControl(GhsOpCode.START_LIVE_OBSERVATIONS))
        assert await link.write(uuid, start) == CCCD_IMPROPERLY_CONFIGURED
        await link.subscribe(uuid)
        assert await link.write(uuid, b"") == INVALID_LENGTH
        for op_code, answer in (
            (GhsOpCode.START_LIVE_OBSERVATIONS, GhsOpCode.SUCCESS),
            (GhsOpCode.STOP_LIVE_OBSERVATIONS, GhsOpCode.SUCCESS),
            (0x7F, GhsOpCode.LIVE_OBSERVATIONS_ERROR),
        ):
            assert await link.write(uuid, GHS_CONTROL_POINT.encode(GhsControl(op_code))) is None
            assert GHS_CONTROL_POINT.decode((await link.next())[1]).op_code == answer
