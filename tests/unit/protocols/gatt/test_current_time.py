"""The device's clock, read and written."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.gatt import blood_pressure, time_sources
from protocols.gatt.current_time import (
    CURRENT_TIME,
    EXTERNAL_UPDATE,
    LOCAL_TIME_INFORMATION,
    PROFILE,
    REFERENCE_TIME_INFORMATION,
    CurrentTime,
    LocalTimeInformation,
    ReferenceTimeInformation,
)
from protocols.gatt.fields import DateTime
from protocols.model.clock_mapping import Coincident, Timeline
from protocols.model.timestamps import TimeQuality
from tests.unit.protocols.gatt.link import NOW, few, say, session, transcriber
from tests.unit.protocols.gatt.records import S8, TIME, U8

LOCAL = datetime(2026, 6, 12, 22, 48, 8)  # noqa: DTZ001 - a device's local time has no zone
# A Current Time write to an Omron device, day of week unknown.
OMRON = "ea07060c143008000001"


def test_the_time_on_connection_is_the_reading_all_stamps_are_mapped_by() -> None:
    link = transcriber()
    clock = PROFILE.open_session(link)
    cuff = blood_pressure.PROFILE.open_session(link)
    transcript = clock.value_received(
        CURRENT_TIME.uuid, CURRENT_TIME.encode(CurrentTime.of(LOCAL)), utc=NOW
    )
    assert transcript.observations == ()
    assert transcript.warnings == ()
    record = blood_pressure.BloodPressureMeasurement(
        systolic=Decimal(120),
        diastolic=Decimal(80),
        mean=Decimal(93),
        time=DateTime.of(LOCAL - timedelta(minutes=3)),
    )
    (pressures,) = cuff.value_received(
        blood_pressure.MEASUREMENT.uuid, blood_pressure.MEASUREMENT.encode(record), utc=NOW
    ).observations
    assert pressures.observed_at.quality is TimeQuality.DEVICE
    assert pressures.observed_at.at == NOW - timedelta(minutes=3)


def test_fractions_of_a_second_count() -> None:
    record = CurrentTime.of(LOCAL.replace(microsecond=500_000))
    assert record.fractions == 128
    assert record.day_of_week == 5
    assert record.reason == EXTERNAL_UPDATE
    assert record.at == LOCAL.replace(microsecond=500_000)


def test_a_clock_without_a_date_is_said_and_maps_nothing() -> None:
    clock = session(PROFILE)
    transcript = clock.value_received(CURRENT_TIME.uuid, bytes(10), utc=NOW)
    assert len(transcript.warnings) == 1
    assert clock.transcriber.clock is None


@pytest.mark.parametrize("source_first", [True, False])
def test_the_source_says_whether_the_clock_is_synchronised_whichever_comes_first(
    source_first: bool,
) -> None:
    clock = session(PROFILE)
    time = (CURRENT_TIME.uuid, CURRENT_TIME.encode(CurrentTime.of(LOCAL)))
    source = (
        REFERENCE_TIME_INFORMATION.uuid,
        REFERENCE_TIME_INFORMATION.encode(
            ReferenceTimeInformation(time_sources.NETWORK, accuracy=8, days=0, hours=1)
        ),
    )
    for uuid, octets in (source, time) if source_first else (time, source):
        clock.value_received(uuid, octets, utc=NOW)
    facts = clock.transcriber.clock
    assert facts is not None
    assert facts.synchronised
    assert facts.timeline is Timeline.LOCAL
    assert facts.coincident == Coincident(device=LOCAL, gateway=NOW)


@pytest.mark.parametrize(
    ("zone", "daylight_saving", "offset"),
    [
        (4, 4, timedelta(hours=2)),
        (-20, 0, timedelta(hours=-5)),
        (-128, 0, None),
        (-49, 4, None),
        (57, 0, None),
        (4, 255, None),
    ],
)
def test_zone_and_daylight_saving_count_quarters_of_an_hour(
    zone: int, daylight_saving: int, offset: timedelta | None
) -> None:
    record = LocalTimeInformation(zone, daylight_saving)
    assert record.offset == offset
    assert LOCAL_TIME_INFORMATION.decode(LOCAL_TIME_INFORMATION.encode(record)) == record
    assert say(PROFILE, LOCAL_TIME_INFORMATION, "0404").observations == ()


def test_an_unknown_day_of_week_is_legal() -> None:
    record = CURRENT_TIME.decode(bytes.fromhex(OMRON))
    assert record.day_of_week == 0
    assert str(record.time) == "2026-06-12T20:48:08"
    assert CURRENT_TIME.encode(record).hex() == OMRON


@given(record=st.builds(CurrentTime, time=TIME, day_of_week=U8, fractions=U8, reason=U8))
@few
def test_every_time_is_written_back(record: CurrentTime) -> None:
    assert CURRENT_TIME.decode(CURRENT_TIME.encode(record)) == record


@given(record=st.builds(LocalTimeInformation, S8, U8))
@few
def test_every_zone_is_written_back(record: LocalTimeInformation) -> None:
    assert LOCAL_TIME_INFORMATION.decode(LOCAL_TIME_INFORMATION.encode(record)) == record
