"""The patient through illness, care and troubles: rhythms, values, a shift of several people."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from simulators.errors import DeviceSettingsError
from simulators.patient.happenings import Circumstance, EventKind
from simulators.patient.rhythms import Rhythm
from simulators.patient.scenario import PatientEvent, Scenario
from simulators.patient.scenario_files import find_scenario
from simulators.patient.virtual_clock import SteppedClock, VirtualClock
from simulators.patient.vital_signs import Patient

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def story(*events: tuple[float, EventKind], seconds: float = 600.0) -> Patient:
    told = tuple(PatientEvent(at=at, kind=kind, words=kind.value) for at, kind in events)
    return Patient(seed=3, scenario=Scenario(name="s", seconds=seconds, events=told))


def intervals(patient: Patient, start: float, end: float) -> list[float]:
    beats = [beat.at for beat in patient.beats.between(start, end)]
    return [later - earlier for earlier, later in itertools.pairwise(beats)]


@pytest.mark.parametrize(
    ("kind", "words", "low", "high"),
    [
        (EventKind.SINUS_BRADYCARDIA, "sinus bradycardia", 38, 46),
        (EventKind.SINUS_TACHYCARDIA, "sinus tachycardia", 122, 134),
        (EventKind.ATRIAL_FIBRILLATION, "atrial fibrillation", 112, 124),
        (EventKind.VENTRICULAR_TACHYCARDIA, "ventricular tachycardia", 172, 184),
        (EventKind.PULSELESS_ACTIVITY, "pulseless electrical activity", 40, 48),
        (EventKind.PACED_RHYTHM, "paced rhythm", 67, 73),
    ],
)
def test_a_rhythm_has_its_rate_and_its_name(
    kind: EventKind, words: str, low: int, high: int
) -> None:
    patient = story((10.0, kind))
    rate = patient.numerics_at(120).heart_rate
    assert rate is not None
    assert low <= rate <= high
    assert patient.rhythm_words(120) == words


def test_atrial_fibrillation_is_irregular_and_a_pacemaker_is_not() -> None:
    wild = intervals(story((1.0, EventKind.ATRIAL_FIBRILLATION)), 60, 180)
    steady = intervals(story((1.0, EventKind.PACED_RHYTHM)), 60, 180)
    assert max(wild) - min(wild) > 0.25
    assert max(steady) - min(steady) < 0.02


@pytest.mark.parametrize(
    "kind",
    [
        EventKind.ARREST,
        EventKind.PULSELESS_VT,
        EventKind.ASYSTOLE,
        EventKind.PULSELESS_ACTIVITY,
    ],
)
def test_in_every_arrest_there_is_no_pulse(kind: EventKind) -> None:
    patient = story((10.0, kind))
    assert patient.has_pulse(9.9)
    seen = patient.numerics_at(40)
    assert (seen.spo2, seen.pulse_rate, seen.systolic) == (None, None, None)


def test_quantities_move_at_their_own_pace() -> None:
    patient = story((10.0, EventKind.BLEEDING))
    before, soon, late = (patient.body_at(t) for t in (9.0, 16.0, 400.0))
    assert soon.heart_rate - before.heart_rate > 0.6 * (late.heart_rate - before.heart_rate)
    assert before.temperature - soon.temperature < 0.05
    assert late.systolic == pytest.approx(76, abs=1)


def test_hands_ventilate_whoever_does_not_breathe() -> None:
    patient = story((10.0, EventKind.APNOEA), (60.0, EventKind.BAGGED))
    assert patient.breaths_at(50) == 0
    assert patient.numerics_at(50).end_tidal is None
    assert patient.breaths_at(80) == 10
    assert patient.numerics_at(80).end_tidal is not None
    assert patient.numerics_at(80).respiratory_rate == 0


def test_what_an_event_names_goes_over_what_its_kind_does_and_takes_as_long_as_said() -> None:
    slow = PatientEvent(
        at=10.0, kind=EventKind.SEPSIS, words="", goes_to={"temperature": 40.0}, over=60.0
    )
    patient = Patient(seed=1, scenario=Scenario(name="s", seconds=600.0, events=(slow,)))
    assert patient.body_at(70.0).temperature == pytest.approx(39.84, abs=0.05)


def test_a_story_told_faster_has_a_faster_body() -> None:
    scenario = find_scenario("arrest")
    whole = Patient(seed=1, scenario=scenario)
    short = Patient(seed=1, scenario=scenario, seconds=15)
    assert (whole.pace, short.pace) == (1.0, 0.2)
    assert short.body_at(7.0).spo2 == pytest.approx(whole.body_at(35.0).spo2, abs=0.2)


def test_a_shift_has_one_patient_after_the_other_and_nobody_between() -> None:
    patient = Patient(seed=1, scenario=find_scenario("twelve-hour-shift"))
    assert len(patient.calls) == 9
    for earlier, later in itertools.pairwise(patient.calls):
        assert earlier.end < later.begin
        assert not patient.is_on_board((earlier.end + later.begin) / 2)
    sick, after = patient.calls[7], patient.calls[8]
    assert patient.stretch_at(sick.begin + 200).rhythm is Rhythm.VENTRICULAR_FIBRILLATION
    assert patient.stretch_at(after.begin).rhythm is Rhythm.SINUS
    assert patient.stretch_at(after.begin).territory is None
    assert patient.stretch_at(after.begin).shocks == 0
    empty = patient.numerics_at(60)
    assert (empty.heart_rate, empty.spo2, empty.end_tidal) == (None, None, None)
    assert patient.rhythm_words(60) == Circumstance.NOBODY.value
    assert not list(patient.beats.between(sick.end + 1, after.begin))


def test_whoever_looks_late_sees_the_beats_that_somebody_saw_from_the_begin() -> None:
    early, late = (
        story((20.0, EventKind.ATRIAL_FIBRILLATION)),
        story((20.0, EventKind.ATRIAL_FIBRILLATION)),
    )
    for t in range(300):
        list(early.beats.between(t, t + 1))
    assert list(late.beats.between(290, 300)) == list(early.beats.between(290, 300))


async def test_the_clock_runs_as_fast_as_wanted() -> None:
    now = [NOON]
    clock = VirtualClock(NOON - timedelta(hours=12), NOON, 10.0, now=lambda: now[0])
    now[0] += timedelta(seconds=6)
    assert clock.seconds() == 60
    assert clock.utc() == NOON - timedelta(hours=12) + timedelta(minutes=1)
    async with asyncio.timeout(5):
        await clock.sleep(0.5)


@pytest.mark.parametrize("speed", [0.0, 0.05, 101.0])
def test_a_speed_that_cannot_be_played_is_refused(speed: float) -> None:
    with pytest.raises(DeviceSettingsError, match=r"Give 0\.1 to 100"):
        VirtualClock(NOON, NOON, speed)


async def test_a_stepped_clock_stands_until_it_is_stepped() -> None:
    clock = SteppedClock(NOON)
    names = ("late", "early", "now")
    asleep, woken = asyncio.Semaphore(0), {name: asyncio.Event() for name in names}

    async def wait(name: str, seconds: float) -> None:
        asleep.release()
        await clock.sleep(seconds)
        woken[name].set()

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        for name, seconds in zip(names, (2.0, 1.0, 0.0), strict=True):
            tasks.create_task(wait(name, seconds))
            await asleep.acquire()
        await woken["now"].wait()
        clock.step(1.5)
        await woken["early"].wait()
        assert not woken["late"].is_set()
        clock.step(1.0)
    assert woken["late"].is_set()
    assert clock.utc() == NOON + timedelta(seconds=2.5)
