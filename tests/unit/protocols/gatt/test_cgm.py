"""A sensor's session: starts, features and readings over one connection."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.framing.crc import crc_mcrf4xx
from protocols.gatt import cgm
from protocols.gatt.base import ProfileSession
from protocols.gatt.cgm_measurement import MEASUREMENT
from protocols.gatt.cgm_session_values import FEATURE, RUN_TIME, SESSION_START, STATUS
from protocols.gatt.transcriber import Transcript
from protocols.model.timestamps import TimeQuality
from tests.unit.protocols.gatt.link import session

NOW = datetime(2018, 4, 24, 10, 20, tzinfo=UTC)
START = "e2070418 0d0818 08 04"  # 13:08:24, three hours ahead of UTC
WITH_CRC = "001000 59"
READING = "06000c10 0600"


@pytest.fixture
def link() -> ProfileSession:
    return session(cgm.PROFILE)


def say(
    link: ProfileSession, characteristic: object, text: str, *, stored: bool = False
) -> Transcript:
    return link.value_received(
        characteristic.uuid,  # type: ignore[attr-defined]  # a characteristic of any record
        bytes.fromhex(text),
        utc=NOW,
        stored=stored,
    )


def test_a_readings_time_is_the_start_plus_its_offset(link: ProfileSession) -> None:
    assert say(link, SESSION_START, START).observations == ()
    (observation,) = say(link, MEASUREMENT, READING).observations
    assert observation.observed_at.at == datetime(2018, 4, 24, 10, 14, 24, tzinfo=UTC)
    assert observation.observed_at.quality is TimeQuality.DEVICE


def test_the_same_reading_live_and_stored_is_one(link: ProfileSession) -> None:
    say(link, SESSION_START, START)
    (live,) = say(link, MEASUREMENT, READING).observations
    (stored,) = say(link, MEASUREMENT, READING, stored=True).observations
    assert live.observation_id == stored.observation_id


def test_a_start_without_a_zone_is_local_time_of_an_unread_clock(link: ProfileSession) -> None:
    say(link, SESSION_START, START.replace("08 04", "80 FF"))
    (observation,) = say(link, MEASUREMENT, READING).observations
    assert observation.observed_at.quality is TimeQuality.RECEIVED
    assert observation.observed_at.device_time is not None
    assert observation.observed_at.device_time.value.startswith("2018-04-24T13:14:24")


@pytest.mark.parametrize(
    "start",
    ["e2070418 0d0818 7F 00", "e2070418 0d0818 81 00", "0f270c1f 143b3b D0 00"],
    ids=["east of the earth", "west of the earth", "UTC after the end of the calendar"],
)
def test_a_start_in_a_zone_that_cannot_be_is_read_as_one_without_a_zone(
    link: ProfileSession, start: str
) -> None:
    say(link, SESSION_START, start)
    (observation,) = say(link, MEASUREMENT, READING).observations
    assert observation.observed_at.quality is TimeQuality.RECEIVED
    assert observation.observed_at.device_time is not None
    assert observation.observed_at.device_time.kind == "absolute"


@pytest.mark.parametrize("start", [None, "00000418 0d0818 08 04"])
def test_a_reading_without_a_start_is_said_and_kept(
    link: ProfileSession, start: str | None
) -> None:
    if start is not None:
        say(link, SESSION_START, start)
    transcript = say(link, MEASUREMENT, READING, stored=True)
    assert transcript.warnings == ("a glucose reading of a session whose start is unknown",)
    (observation,) = transcript.observations
    assert observation.observed_at.quality is TimeQuality.UNKNOWN
    (again,) = say(link, MEASUREMENT, READING, stored=True).observations
    assert again.observation_id == observation.observation_id


def test_the_feature_decides_whether_a_checksum_must_be_there(link: ProfileSession) -> None:
    assert len(say(link, MEASUREMENT, READING).observations) == 1
    octets = bytes.fromhex(WITH_CRC)
    say(link, FEATURE, (octets + crc_mcrf4xx(octets).to_bytes(2, "little")).hex())
    transcript = say(link, MEASUREMENT, READING)
    assert transcript.observations == ()
    assert "without the E2E-CRC" in transcript.warnings[0]


def test_one_wrong_checksum_drops_one_record_and_no_more(link: ProfileSession) -> None:
    record = bytes.fromhex("08000c100600")
    good = record + crc_mcrf4xx(record).to_bytes(2, "little")
    transcript = say(link, MEASUREMENT, (record + b"\x00\x00" + good).hex())
    assert len(transcript.observations) == 1
    assert "does not fit" in transcript.warnings[0]


def test_a_state_has_its_time_in_the_session_too(link: ProfileSession) -> None:
    say(link, SESSION_START, START)
    (observation,) = say(link, STATUS, "0600 010000").observations
    assert observation.observed_at.at == datetime(2018, 4, 24, 10, 14, 24, tzinfo=UTC)


def test_a_run_time_says_nothing_of_the_patient(link: ProfileSession) -> None:
    assert say(link, RUN_TIME, "A800").observations == ()


def test_every_reading_tells_its_offset_to_record_access(link: ProfileSession) -> None:
    assert say(link, MEASUREMENT, READING + "06000c10 0700").records == (6, 7)
