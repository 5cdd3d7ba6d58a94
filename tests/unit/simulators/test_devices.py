"""Simulated devices: what they say on the wire is what they wrote down as made."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from protocols.ieee20601.objects import ObjectClass
from protocols.model.observation import (
    CodedObservation,
    NumericObservation,
    Observation,
    SampleArrayObservation,
    TextObservation,
)
from protocols.model.quantity import SpecialValue
from protocols.model.timestamps import TimeQuality
from protocols.nomenclature.private import SHOCK_DELIVERED, SHOCK_ENERGY
from protocols.specializations.base import Specialization
from protocols.specializations.capnometer import APNOEA
from protocols.specializations.defibrillator import EVT_ECG_V_FIB
from protocols.specializations.registry import SPECIALIZATIONS
from protocols.specializations.weighing_scale import BODY_WEIGHT
from simulators import devices
from simulators.devices.base import DeviceIdentity, Report, SimulatedDevice
from simulators.devices.registry import BY_NAME, DEVICES
from simulators.devices.specialized import KINDS, PLAUSIBLE
from simulators.patient.vital_signs import Patient
from simulators.value_texts import value_text
from tests.fixtures.heard_reports import heard
from tests.fixtures.scenarios import ARREST

START = datetime(2026, 3, 1, 12, 0, 0, 120_000, tzinfo=UTC)
NAMES = [kind.name for kind in DEVICES]
SECONDS = 30.0
SHARED = {
    "__init__",
    "base",
    "cuff_readings",
    "curves",
    "faults",
    "heart_signals",
    "kept_readings",
    "misbehaving",
    "misbehaving_store",
    "registry",
    "specialized",
    "wire_octets",
    "wire_reports",
}


def device(name: str) -> SimulatedDevice:
    kind = BY_NAME[name]
    return kind.make(kind.identity, Patient(seed=5, scenario=ARREST, seconds=SECONDS))


def reports(name: str) -> list[Report]:
    everything = device(name).reports(START)
    return list(itertools.takewhile(lambda report: report.due <= SECONDS, everything))


def made(name: str) -> list[Observation]:
    return [reading.observation for report in reports(name) for reading in report.readings]


@pytest.mark.parametrize("name", NAMES)
def test_the_wire_carries_exactly_what_was_made(name: str) -> None:
    for report in reports(name):
        observations = heard(device(name), report, start=START, seconds=SECONDS)
        assert [(one.observation_id, one.type, value_text(one)) for one in observations] == [
            (
                reading.observation.observation_id,
                reading.observation.type,
                value_text(reading.observation),
            )
            for reading in report.readings
        ]


@pytest.mark.parametrize("name", NAMES)
def test_true_times_come_back_however_wrong_the_clock_is(name: str) -> None:
    for report in reports(name):
        for reading, observation in zip(
            report.readings, heard(device(name), report, start=START, seconds=SECONDS), strict=True
        ):
            assert observation.observed_at.at == reading.observation.observed_at.at
            assert observation.observed_at.quality is TimeQuality.DEVICE


@pytest.mark.parametrize("name", NAMES)
def test_no_reading_is_made_twice(name: str) -> None:
    counted = Counter(observation.observation_id for observation in made(name))
    assert set(counted.values()) == {1}


@pytest.mark.parametrize("name", NAMES)
def test_reports_come_in_the_order_they_fall_due(name: str) -> None:
    due = [report.due for report in reports(name)]
    assert due == sorted(due)
    assert due[0] < 2


def test_every_device_has_a_clock_of_its_own_and_no_two_one_identity() -> None:
    assert len({kind.identity.clock.ahead for kind in DEVICES}) == len(DEVICES)
    assert len({kind.identity.info.system_id for kind in DEVICES}) == len(DEVICES)
    assert all(kind.identity.clock.ahead != timedelta(0) for kind in DEVICES)


def test_every_device_file_is_registered() -> None:
    folder = Path(devices.__path__[0])
    files = {path.stem for path in folder.glob("*.py")}
    kinds = files - SHARED
    identities = {import_module(f"simulators.devices.{name}").IDENTITY.name for name in kinds}
    assert identities | {identity.name for identity, _ in KINDS} == set(NAMES)


def test_every_specialization_has_a_simulated_device() -> None:
    played = {device(name).configuration.config_id for name in NAMES}
    assert {item.configuration.config_id for item in SPECIALIZATIONS} <= played


def test_only_waveforms_are_live() -> None:
    for report in reports("defibrillator") + reports("ecg"):
        waves = [isinstance(one.observation, SampleArrayObservation) for one in report.readings]
        assert report.live == all(waves)


def test_the_strip_has_no_hole() -> None:
    strips = [one for one in made("ecg") if isinstance(one, SampleArrayObservation)]
    starts = [strip.observed_at.at for strip in strips]
    steps = {later - earlier for earlier, later in itertools.pairwise(starts)}
    assert steps == {timedelta(microseconds=strips[0].count * strips[0].period_us)}
    assert starts[0] == START


def test_in_fibrillation_the_oximeter_says_nan() -> None:
    values = [one.value.value for one in made("oximeter") if isinstance(one, NumericObservation)]
    assert SpecialValue.NAN in values
    assert any(not isinstance(value, SpecialValue) for value in values)


def test_the_defibrillator_tells_rhythm_shock_energy_and_its_self_test() -> None:
    told = made("defibrillator")
    codes = [one.value for one in told if isinstance(one, CodedObservation)]
    energies = [
        one.value.number
        for one in told
        if isinstance(one, NumericObservation) and one.type == SHOCK_ENERGY
    ]
    assert EVT_ECG_V_FIB in codes
    assert codes.count(SHOCK_DELIVERED) == 1
    assert energies == [200]
    assert [one.text for one in told if isinstance(one, TextObservation)] == [
        "Self-test passed, pads connected"
    ]


def test_the_capnometer_says_once_that_the_patient_stopped_breathing() -> None:
    alarms = [one.value for one in made("capnometer") if isinstance(one, CodedObservation)]
    assert alarms == [APNOEA]


def test_the_monitor_shows_what_the_single_devices_show() -> None:
    shown = {one.type for one in made("monitor")}
    for name in ("oximeter", "ecg", "blood-pressure", "thermometer"):
        assert {one.type for one in made(name)} <= shown


def test_a_device_without_a_story_stays_near_its_plausible_values() -> None:
    weights = [
        one.value.number
        for one in made("scale")
        if isinstance(one, NumericObservation) and one.type == BODY_WEIGHT
    ]
    assert len(set(weights)) > 1
    assert all(weight is not None and 75 <= weight <= 78 for weight in weights)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0].name)
def test_every_number_of_a_device_without_a_story_has_a_plausible_value(
    kind: tuple[DeviceIdentity, Specialization],
) -> None:
    for item in kind[1].configuration.objects.values():
        if item.object_class == ObjectClass.NUMERIC:
            assert item.type in PLAUSIBLE
