"""The bare Date Time, which some devices want written before anything else."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given

from protocols.gatt.date_time import DATE_TIME, PROFILE
from protocols.gatt.fields import DateTime
from protocols.model.clock_mapping import Coincident
from tests.unit.protocols.gatt.link import NOW, few, session
from tests.unit.protocols.gatt.records import TIME

LOCAL = datetime(2018, 4, 17, 15, 51)  # noqa: DTZ001 - a device's local time has no zone


def test_reading_it_is_a_reading_of_the_clock() -> None:
    clock = session(PROFILE)
    transcript = clock.value_received(DATE_TIME.uuid, bytes.fromhex("e20704110f3300"), utc=NOW)
    assert transcript.warnings == ()
    facts = clock.transcriber.clock
    assert facts is not None
    assert facts.coincident == Coincident(device=LOCAL, gateway=NOW)


def test_a_clock_without_a_date_is_said() -> None:
    clock = session(PROFILE)
    assert len(clock.value_received(DATE_TIME.uuid, bytes(7), utc=NOW).warnings) == 1
    assert clock.transcriber.clock is None


def test_writing_it_has_the_octets_of_reading_it() -> None:
    assert DATE_TIME.encode(DateTime.of(LOCAL)).hex() == "e20704110f3300"


@given(record=TIME)
@few
def test_every_date_is_written_back(record: DateTime) -> None:
    assert DATE_TIME.decode(DATE_TIME.encode(record)) == record
