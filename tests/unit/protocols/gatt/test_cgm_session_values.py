"""Start, run time, state and features of a sensor's session."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt.base import AnyCharacteristic
from protocols.gatt.cgm_session_values import (
    FEATURE,
    RUN_TIME,
    SESSION_START,
    STATUS,
    CgmFeature,
    CgmRunTime,
    CgmSessionStart,
    CgmStatus,
)
from protocols.gatt.fields import DateTime
from tests.unit.protocols.gatt.link import few
from tests.vectors_folder import needs_vectors, phd

START = CgmSessionStart(time=DateTime(2018, 4, 24, 13, 8, 24), zone_steps=8, dst=4)


@needs_vectors
def test_a_session_start_means_what_the_vector_says() -> None:
    # The zone octet counts steps of 15 minutes; the vector's own source took it for minutes.
    (vector,) = [item for item in phd()["vectors"] if item["decoder"] == "cgm_start"]
    octets, expected = bytes.fromhex(vector["hex"]), vector["expect"]
    start = SESSION_START.decode(octets)
    assert str(start.time) == expected["time"]
    assert start.zone_minutes == expected["tz_min"]
    assert start.dst_minutes == expected["dst_min"]
    assert start.crc == int(expected["crc"], 16)
    assert SESSION_START.encode(start) == octets
    with pytest.raises(DecodeError, match="E2E-CRC"):
        SESSION_START.decode(octets[:-1] + b"\x00")


def test_local_time_is_ahead_of_utc_by_zone_and_daylight_saving() -> None:
    assert START.utc_offset == timedelta(hours=3)
    assert START.local(90) == datetime(2018, 4, 24, 14, 38, 24)  # noqa: DTZ001 - a local time


@pytest.mark.parametrize(("zone", "dst"), [(-128, 4), (57, 0), (-49, 0), (8, 255), (8, 3)])
def test_a_zone_that_is_unknown_gives_no_offset(zone: int, dst: int) -> None:
    start = CgmSessionStart(time=START.time, zone_steps=zone, dst=dst)
    assert start.utc_offset is None


@pytest.mark.parametrize("time", [DateTime(0, 4, 24, 0, 0, 0), DateTime(9999, 12, 31, 23, 59, 0)])
def test_a_start_that_is_unknown_or_at_the_edge_gives_no_time(time: DateTime) -> None:
    start = CgmSessionStart(time=time, zone_steps=0, dst=0)
    assert (start.local(2), start.utc(2)) == (None, None)


def test_utc_is_behind_local_time_by_the_offset_and_ends_with_the_calendar() -> None:
    assert START.utc(90) == datetime(2018, 4, 24, 11, 38, 24)  # noqa: DTZ001 - naive UTC
    last_evening = DateTime(9999, 12, 31, 20, 0, 0)
    assert CgmSessionStart(time=last_evening, zone_steps=-48, dst=0).utc(0) is None


@pytest.mark.parametrize(
    ("characteristic", "record", "text"),
    [
        (
            FEATURE,
            CgmFeature(features=0x01_0002, sample_type=9, sample_location=5, has_crc=False),
            "020001 59 FFFF",
        ),
        (STATUS, CgmStatus(offset_minutes=60, annunciation=0x020100), "3C00 000102"),
        (RUN_TIME, CgmRunTime(168), "A800"),
        (SESSION_START, START, "E2070418 0D0818 08 04"),
    ],
    ids=["feature", "status", "run time", "start"],
)
def test_values_read_and_write_as_the_service_lays_them_out(
    characteristic: AnyCharacteristic, record: object, text: str
) -> None:
    octets = bytes.fromhex(text)
    assert characteristic.decode(octets) == record
    assert characteristic.encode(record) == octets
    with pytest.raises(DecodeError, match="CGMS"):
        characteristic.decode(octets[:-1])


def test_a_features_checksum_is_checked_unless_the_device_has_none() -> None:
    record = CgmFeature(features=0x1000, sample_type=9, sample_location=5, has_crc=True)
    octets = FEATURE.encode(record)
    assert FEATURE.decode(octets) == record
    with pytest.raises(DecodeError, match="E2E-CRC"):
        FEATURE.decode(b"\xff" + octets[1:])


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFF_FFFF), st.booleans())
@few
def test_states_with_and_without_checksum_round_trip(
    offset: int, annunciation: int, checked: bool
) -> None:
    record = CgmStatus(offset_minutes=offset, annunciation=annunciation, crc=0 if checked else None)
    octets = STATUS.encode(record)
    again = STATUS.decode(octets)
    assert (again.offset_minutes, again.annunciation) == (offset, annunciation)
    assert (again.crc is not None) is checked
    assert STATUS.encode(again) == octets


@pytest.mark.parametrize(
    ("features", "has_crc", "odd"),
    [(0x1000, False, True), (0x1000, True, False), (0x0800, False, False)],
)
def test_a_feature_that_claims_a_checksum_and_has_none_is_odd(
    features: int, has_crc: bool, odd: bool
) -> None:
    record = CgmFeature(features=features, sample_type=1, sample_location=1, has_crc=has_crc)
    assert FEATURE.doubts is not None
    assert any(FEATURE.doubts(record)) is odd
