"""A meter's measurements and contexts over one connection, in whatever order they come."""

from __future__ import annotations

import pytest

from protocols.gatt import glucose
from protocols.gatt.glucose import MAX_WAITING, GlucoseSession
from protocols.gatt.glucose_context import CONTEXT
from protocols.gatt.glucose_measurement import FEATURE, MEASUREMENT
from protocols.gatt.transcriber import Transcript
from protocols.model.observation import MeasurementStatus
from protocols.model.timestamps import DeviceTime
from tests.unit.protocols.gatt.link import NOW, session

STAMP = DeviceTime("absolute", "2026-06-12T20:00:00.00")


def opened() -> GlucoseSession:
    found = session(glucose.PROFILE)
    assert isinstance(found, GlucoseSession)
    return found


def number(value: int) -> str:
    return value.to_bytes(2, "little").hex()


def measured(link: GlucoseSession, sequence: int) -> Transcript:
    octets = bytes.fromhex(f"12 {number(sequence)} EA07060C140000 69B0 11")
    return link.value_received(MEASUREMENT.uuid, octets, utc=NOW)


def eaten(link: GlucoseSession, sequence: int) -> Transcript:
    octets = bytes.fromhex(f"02 {number(sequence)} 01")
    return link.value_received(CONTEXT.uuid, octets, utc=NOW)


def stamps(transcript: Transcript) -> list[DeviceTime | None]:
    return [o.observed_at.device_time for o in transcript.observations]


def test_a_context_behind_its_measurement_has_its_time() -> None:
    link = opened()
    assert len(measured(link, 7).observations) == 2
    assert stamps(eaten(link, 7)) == [STAMP]


def test_a_context_before_its_measurement_waits_for_it() -> None:
    link = opened()
    assert eaten(link, 7).observations == ()
    assert stamps(measured(link, 7)) == [STAMP] * 3
    assert len(measured(link, 7).observations) == 2


@pytest.mark.parametrize("context_first", [True, False])
def test_the_context_of_a_control_solution_is_test_data_too(*, context_first: bool) -> None:
    link = opened()
    control = bytes.fromhex("12 0700 EA07060C140000 69B0 1A")
    said = [eaten(link, 7)] if context_first else []
    said.append(link.value_received(MEASUREMENT.uuid, control, utc=NOW))
    said += [] if context_first else [eaten(link, 7)]
    observations = [observation for one in said for observation in one.observations]
    assert len(observations) == 3
    assert {o.status for o in observations} == {MeasurementStatus.TEST_DATA}


def test_contexts_are_joined_by_number_and_nothing_else() -> None:
    link = opened()
    measured(link, 7)
    assert eaten(link, 8).observations == ()


def test_only_so_many_contexts_wait_and_none_is_lost() -> None:
    link = opened()
    transcripts = [eaten(link, sequence) for sequence in range(MAX_WAITING + 1)]
    assert [len(t.observations) for t in transcripts] == [0] * MAX_WAITING + [1]
    assert transcripts[-1].warnings == ("a glucose context without its measurement",)
    assert stamps(transcripts[-1]) == [None]
    rest = link.release_waiting(utc=NOW)
    assert len(rest.observations) == MAX_WAITING
    assert link.release_waiting(utc=NOW).observations == ()


def test_only_so_many_measurements_are_remembered() -> None:
    link = opened()
    for sequence in range(MAX_WAITING + 1):
        measured(link, sequence)
    assert eaten(link, 0).observations == ()
    assert stamps(eaten(link, 1)) == [STAMP]


def test_features_say_nothing_of_the_patient() -> None:
    assert opened().value_received(FEATURE.uuid, b"\x01\x00", utc=NOW).observations == ()


def test_a_measurement_tells_its_number_to_record_access() -> None:
    link = opened()
    assert measured(link, 7).records == (7,)
    assert eaten(link, 7).records == ()
