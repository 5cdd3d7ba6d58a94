"""The patient model: one seed, one story, whoever asks."""

from __future__ import annotations

import pytest

from simulators.patient.happenings import EventKind
from simulators.patient.rhythms import Rhythm
from simulators.patient.scenario import Scenario
from simulators.patient.vital_signs import Patient
from simulators.patient_story import story_lines
from tests.fixtures.scenarios import ARREST, STABLE


def patient(*, seed: int = 7, scenario: Scenario = ARREST, seconds: float = 75.0) -> Patient:
    return Patient(seed=seed, scenario=scenario, seconds=seconds)


def at(person: Patient, kind: EventKind) -> float:
    return next(event.at for event in person.events if event.kind is kind)


def test_two_processes_that_ask_for_the_same_moment_see_the_same_patient() -> None:
    first, second = patient(), patient()
    later = [second.numerics_at(t) for t in (60, 3, 31)]
    assert [first.numerics_at(t) for t in (60, 3, 31)] == later


def test_another_seed_is_another_patient() -> None:
    assert [patient(seed=1).numerics_at(t) for t in range(9)] != [
        patient(seed=2).numerics_at(t) for t in range(9)
    ]


@pytest.mark.parametrize("seconds", [20.0, 75.0, 600.0])
def test_the_story_is_stretched_to_the_wanted_length_in_its_order(seconds: float) -> None:
    events = patient(seconds=seconds).events
    assert [event.kind for event in events] == [line.kind for line in ARREST.events]
    assert all(0 < event.at < seconds for event in events)
    assert all(round(event.at, 2) == event.at for event in events)


def test_in_fibrillation_there_is_no_pulse_no_saturation_and_no_pressure() -> None:
    person = patient()
    numerics = person.numerics_at(at(person, EventKind.ARREST) + 1)
    assert person.stretch_at(at(person, EventKind.ARREST)).rhythm is (
        Rhythm.VENTRICULAR_FIBRILLATION
    )
    assert (numerics.spo2, numerics.pulse_rate, numerics.systolic) == (None, None, None)
    assert numerics.heart_rate is None


def test_after_the_shock_comes_a_pause_with_rate_zero() -> None:
    person = patient()
    assert person.numerics_at(at(person, EventKind.SHOCK) + 0.5).heart_rate == 0


@pytest.mark.parametrize("seconds", [20.0, 75.0])
def test_at_the_end_the_patient_has_a_pulse_again(seconds: float) -> None:
    person = patient(seconds=seconds)
    numerics = person.numerics_at(seconds - 1)
    assert numerics.heart_rate is not None
    assert 90 < numerics.heart_rate < 125
    assert numerics.spo2 is not None
    assert numerics.spo2 > 80
    assert numerics.systolic is not None
    assert numerics.systolic > 80


def test_the_shock_lowers_the_impedance_between_the_pads() -> None:
    person = patient()
    assert person.numerics_at(70).impedance < person.numerics_at(5).impedance - 3


def test_a_stable_patient_stays_as_they_are() -> None:
    person = patient(scenario=STABLE)
    rates = [person.numerics_at(t).heart_rate for t in range(60)]
    assert all(rate is not None and 70 < rate < 82 for rate in rates)


def test_the_told_story_names_every_event_and_hides_what_cannot_be_measured() -> None:
    lines = [line for _, line in story_lines(patient(seconds=20.0))]
    told = "\n".join(lines)
    assert all(line.words in told for line in ARREST.events)
    assert any("SpO2  -- %" in line for line in lines)
    assert len(lines) == 21 + len(ARREST.events)
