"""Why a reading belongs to no encounter: the words of the tray, and what helps."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Waits(StrEnum):
    """Why readings wait in the tray."""

    NO_ENCOUNTER = "no_encounter"
    RELEASED = "released"
    ENCOUNTER_MOVED = "encounter_moved"
    SEVERAL_ENCOUNTERS = "several_encounters"
    DEVICE_ELSEWHERE = "device_elsewhere"
    DEVICE_MOVED = "device_moved"
    DEVICE_QUARANTINED = "device_quarantined"
    DEVICE_RETIRED = "device_retired"
    NO_VEHICLE = "no_vehicle"
    TEST_DATA = "test_data"
    CLOCK_WRONG = "clock_wrong"
    PUT_BACK = "put_back"


ADVICE: Final[Mapping[Waits, str]] = {
    Waits.NO_ENCOUNTER: "Open the encounter with its true start, or link the readings to one.",
    Waits.RELEASED: "The vehicle's patient had been released or handed over. Link what is theirs.",
    Waits.ENCOUNTER_MOVED: "The encounter had gone on in another vehicle. Link what is its own.",
    Waits.SEVERAL_ENCOUNTERS: "Two encounters were open on the vehicle. Link each its readings.",
    Waits.DEVICE_ELSEWHERE: "The device belongs to another vehicle. Assign it to this one since it"
    " came, or link the readings.",
    Waits.DEVICE_MOVED: "The device was in another vehicle when it measured this. Link it there.",
    Waits.DEVICE_QUARANTINED: "The device was set aside. Link the readings if they can be trusted.",
    Waits.DEVICE_RETIRED: "The device was retired. Enrol it again, or link the readings.",
    Waits.NO_VEHICLE: "The device belongs to no vehicle. Assign it, or link the readings.",
    Waits.TEST_DATA: "The device says that this is a test. It is charted for nobody.",
    Waits.CLOCK_WRONG: "The device's clock was wrong. Set it; link the readings by when they came.",
    Waits.PUT_BACK: "Somebody took the readings from an encounter. Link them to the right one.",
}
"""What a person can do about it."""
