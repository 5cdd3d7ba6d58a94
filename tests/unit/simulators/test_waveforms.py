"""The ECG: the same sample for the same moment, and the shape of each rhythm."""

from __future__ import annotations

import numpy as np
import pytest

from protocols.specializations.cardiac_objects import ZERO_SAMPLE
from simulators.devices.heart_signals import digitised
from simulators.patient.electrocardiogram import SAMPLE_RATE, Electrocardiogram
from simulators.patient.scenario import Scenario
from simulators.patient.vital_signs import Patient
from tests.fixtures.scenarios import ARREST, STABLE


def ecg(scenario: Scenario = ARREST, *, electrode: int = 0) -> Electrocardiogram:
    return Electrocardiogram(Patient(seed=7, scenario=scenario, seconds=75.0), electrode=electrode)


def millivolts(strip: Electrocardiogram, start: float, seconds: float) -> np.ndarray:
    return strip.millivolts(int(start * SAMPLE_RATE), int(seconds * SAMPLE_RATE))


@pytest.mark.parametrize("chunk", [50, 37, 250])
def test_a_strip_is_the_same_however_it_is_cut(chunk: int) -> None:
    whole = ecg().millivolts(0, 40 * SAMPLE_RATE)
    parts = ecg()
    cut = [parts.millivolts(at, min(chunk, len(whole) - at)) for at in range(0, len(whole), chunk)]
    assert np.array_equal(whole, np.concatenate(cut))


def test_in_sinus_rhythm_one_tall_wave_a_beat() -> None:
    strip = millivolts(ecg(STABLE), 0, 60)
    peaks = np.flatnonzero((strip[1:] > 0.6) & (strip[:-1] <= 0.6))
    assert 70 <= len(peaks) <= 82


def test_fibrillation_is_coarse_fast_and_without_tall_complexes() -> None:
    strip = millivolts(ecg(), 16, 4)
    spectrum = np.abs(np.fft.rfft(strip - strip.mean()))
    strongest = np.fft.rfftfreq(len(strip), 1 / SAMPLE_RATE)[spectrum.argmax()]
    assert 3 < strongest < 9
    assert 0.8 < np.ptp(strip) < 4


def test_the_pause_after_the_shock_is_nearly_flat() -> None:
    strip = millivolts(ecg(), 40, 1)
    assert np.ptp(strip) < 0.2


def test_compressions_show_in_the_strip() -> None:
    assert np.ptp(millivolts(ecg(), 45, 2)) > 0.6


def test_the_shock_is_larger_than_any_heartbeat() -> None:
    assert millivolts(ecg(), 37, 2).max() > 5


def test_two_monitors_on_one_chest_see_one_heart_with_their_own_noise() -> None:
    one, other = millivolts(ecg(), 0, 10), millivolts(ecg(electrode=1), 0, 10)
    assert not np.array_equal(one, other)
    assert np.abs(one - other).max() < 0.15


def test_the_converter_clips_what_it_cannot_show() -> None:
    steps = digitised(np.array([-20.0, 0.0, 0.005, 20.0]))
    assert steps.tolist() == [0, ZERO_SAMPLE, ZERO_SAMPLE + 1, 2 * ZERO_SAMPLE]
