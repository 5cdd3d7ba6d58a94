"""Every device measures through a whole cardiac arrest: no value is beyond its octets."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.personalities.registry import KINDS, BluetoothKind
from simulators.bluetooth.place import BluetoothPlace
from simulators.journal import Journal
from simulators.patient.vital_signs import Patient
from simulators.sensors.worn import WornSensors
from tests.fixtures.bluetooth_client import WatchedJournal
from tests.fixtures.scenarios import ARREST

STORY_SECONDS = 75.0
AFTERWARDS_SECONDS = 25.0
"""Scales weigh every minute and a half."""
SPEED = 600.0


def arrested() -> Bedside:
    patient = Patient(seed=3, scenario=ARREST, seconds=STORY_SECONDS)
    now = time.monotonic
    return Bedside(WornSensors(patient), datetime.now(UTC), now(), now, SPEED)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_a_device_measures_from_the_first_second_to_the_last(kind: BluetoothKind) -> None:
    place = BluetoothPlace("", arrested())
    journal = WatchedJournal()
    device = await place.switch_on(kind, Journal(journal))
    await place.bedside.until(STORY_SECONDS + AFTERWARDS_SECONDS)
    waits_to_be_asked = kind.name == "viatom-oximeter"
    if waits_to_be_asked:
        assert journal.events("made") == 0
    else:
        await journal.reach("made", 1)
    await device.switch_off()  # raises what went wrong meanwhile
