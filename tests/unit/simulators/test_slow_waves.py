"""Breath and pulse curves: the same for the same patient, and true to the story."""

from __future__ import annotations

import numpy as np
import pytest

from protocols.specializations.capnometer import SAMPLE_RATE_HZ as CAPNOGRAM_RATE
from protocols.specializations.pulse_oximeter import PLETH_RATE_HZ as PLETH_RATE
from simulators.patient.happenings import EventKind
from simulators.patient.slow_waves import Capnogram, Plethysmogram
from simulators.patient.vital_signs import Patient
from tests.fixtures.scenarios import ARREST, STABLE

SECONDS = 60.0


def patient(*, stable: bool = False) -> Patient:
    return Patient(seed=4, scenario=STABLE if stable else ARREST, seconds=SECONDS)


def arrest() -> float:
    return next(event.at for event in patient().events if event.kind is EventKind.ARREST)


def test_a_curve_is_the_same_however_it_is_cut() -> None:
    whole = Capnogram(patient()).millimetres(0, 100)
    cut = Capnogram(patient())
    late = cut.millimetres(60, 40)
    np.testing.assert_array_equal(np.concatenate([cut.millimetres(0, 60), late]), whole)
    pulse = Plethysmogram(patient())
    pieces = np.concatenate([pulse.heights(0, 30), pulse.heights(30, 70)])
    np.testing.assert_allclose(pieces, pulse.heights(0, 100))


def test_the_top_of_a_breath_is_the_end_tidal_pressure() -> None:
    person = patient(stable=True)
    curve = Capnogram(person).millimetres(0, 30 * CAPNOGRAM_RATE)
    assert curve.max() == pytest.approx(person.body_at(0).end_tidal, rel=0.05)
    assert curve.min() == 0.0


def test_breaths_come_at_the_patients_rate() -> None:
    person = patient(stable=True)
    curve = Capnogram(person).millimetres(0, 60 * CAPNOGRAM_RATE)
    rises = np.count_nonzero((curve[:-1] <= 5) & (curve[1:] > 5))
    assert rises == pytest.approx(person.body_at(0).respiratory_rate, abs=1)


def test_who_does_not_breathe_draws_a_flat_line() -> None:
    first = round((arrest() + 14) * CAPNOGRAM_RATE)
    assert Capnogram(patient()).millimetres(first, 2 * CAPNOGRAM_RATE).max() == 0.0


def test_the_pulse_is_between_zero_and_one_and_gone_in_fibrillation() -> None:
    curve = Plethysmogram(patient())
    before = curve.heights(0, 5 * PLETH_RATE)
    assert 0.5 < before.max() <= 1.0
    during = curve.heights(round((arrest() + 2) * PLETH_RATE), PLETH_RATE)
    assert during.max() < 0.01
