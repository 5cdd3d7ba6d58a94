"""A Generic Health Sensor over one connection: segments in, observations out."""

from __future__ import annotations

from protocols.gatt import ghs
from protocols.gatt.base import ProfileSession
from protocols.gatt.ghs import LIVE, STORED
from protocols.gatt.ghs_records import GhsObservation, Header
from protocols.gatt.ghs_segments import Segment, split
from protocols.gatt.ghs_service_values import CONTROL_POINT
from protocols.gatt.ghs_writing import encode_observation, encode_stored
from protocols.gatt.transcriber import Transcript
from protocols.model.observation import NumericObservation
from protocols.model.timestamps import TimeQuality
from tests.unit.protocols.gatt.ghs_examples import TEMPERATURE, WARM
from tests.unit.protocols.gatt.link import NOW, session

MESSAGE = GhsObservation(1, Header(type=TEMPERATURE), WARM)


def send(
    link: ProfileSession, segments: list[Segment], *, stored: bool = False
) -> list[Transcript]:
    characteristic = STORED if stored else LIVE
    return [
        link.value_received(characteristic.uuid, characteristic.encode(segment), utc=NOW)
        for segment in segments
    ]


def test_the_last_segment_brings_the_observation() -> None:
    link = session(ghs.PROFILE)
    *before, last = send(link, split(encode_observation(MESSAGE), size=6))
    assert [transcript.observations for transcript in before] == [(), ()]
    (observation,) = last.observations
    assert isinstance(observation, NumericObservation)
    assert observation.observed_at.quality is TimeQuality.RECEIVED
    assert last.records == ()


def test_a_stored_observation_names_its_record() -> None:
    link = session(ghs.PROFILE)
    last = send(link, split(encode_stored(77, MESSAGE), size=20), stored=True)[-1]
    assert last.records == (77,)
    (observation,) = last.observations
    assert observation.observed_at.quality is TimeQuality.UNKNOWN


def test_live_and_stored_segments_do_not_disturb_one_another() -> None:
    link = session(ghs.PROFILE)
    live = split(encode_observation(MESSAGE), size=8)
    stored = split(encode_stored(1, MESSAGE), size=8)
    send(link, live[:1])
    assert send(link, stored, stored=True)[-1].observations
    assert send(link, live[1:])[-1].observations


def test_a_lost_segment_drops_one_observation_and_says_so() -> None:
    link = session(ghs.PROFILE)
    segments = split(encode_observation(MESSAGE), size=4)
    transcripts = send(link, segments[:1] + segments[2:])
    assert all(not transcript.observations for transcript in transcripts)
    assert "dropped" in transcripts[1].warnings[0]
    again = split(encode_observation(MESSAGE), size=4, counter=len(segments))
    assert send(link, again)[-1].observations


def test_octets_that_are_no_observation_are_dropped_and_said() -> None:
    link = session(ghs.PROFILE)
    (transcript,) = send(link, split(b"\x01\xff\xff", size=20))
    assert transcript.observations == ()
    assert transcript.warnings[0].startswith("an observation that cannot be read was dropped")


def test_other_values_of_the_service_go_their_usual_way() -> None:
    link = session(ghs.PROFILE)
    assert link.value_received(CONTROL_POINT.uuid, b"\x80", utc=NOW).observations == ()
