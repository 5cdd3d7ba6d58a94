"""Twelve leads: they belong together, run on across blocks, and show an infarction where it is."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.patient.electrocardiogram import TWELVE_LEAD_RATE, Electrocardiogram
from simulators.patient.happenings import EventKind
from simulators.patient.heart_vector import LEADS
from simulators.patient.scenario import PatientEvent, Scenario
from simulators.patient.vital_signs import Patient


def leads_of(
    *kinds: EventKind, at: float = 100.0, seconds: float = 10.0, **goes_to: float
) -> dict[str, np.ndarray]:
    """The leads `seconds` long from `at`, a while after these things happened."""
    told = tuple(PatientEvent(at=1.0, kind=kind, words="", goes_to=goes_to) for kind in kinds)
    patient = Patient(seed=2, scenario=Scenario(name="s", seconds=600.0, events=told))
    ecg = Electrocardiogram(patient, rate=TWELVE_LEAD_RATE)
    count = round(seconds * TWELVE_LEAD_RATE)
    rows = ecg.twelve_leads(round(at * TWELVE_LEAD_RATE), count)
    return dict(zip(LEADS, rows, strict=True))


def st_level(lead: np.ndarray, r_peaks: np.ndarray) -> float:
    """The ST segment against the PR segment, mV, in the middle of all beats."""
    after = round(0.110 * TWELVE_LEAD_RATE)
    before = round(0.075 * TWELVE_LEAD_RATE)
    good = r_peaks[(r_peaks > before) & (r_peaks + after < len(lead))]
    return float(np.median(lead[good + after]) - np.median(lead[good - before]))


def peaks(leads: dict[str, np.ndarray]) -> np.ndarray:
    size = np.abs(leads["II"]) + np.abs(leads["V5"])
    high = size > 0.6 * size.max()
    starts = np.flatnonzero(high[1:] & ~high[:-1]) + 1
    window = TWELVE_LEAD_RATE // 10
    return np.array([start + int(size[start : start + window].argmax()) for start in starts])


def elevations(*kinds: EventKind) -> dict[str, float]:
    leads = leads_of(*kinds, st_elevation=0.3)
    tops = peaks(leads)
    return {name: st_level(lead, tops) for name, lead in leads.items()}


def test_the_limb_leads_belong_together_as_einthoven_has_it() -> None:
    leads = leads_of()
    np.testing.assert_allclose(leads["I"] + leads["III"], leads["II"], atol=1e-12)
    np.testing.assert_allclose(leads["aVR"] + leads["aVL"] + leads["aVF"], 0, atol=1e-12)


@pytest.mark.parametrize("count", [20, 250, 333])
def test_twelve_leads_run_on_across_blocks(count: int) -> None:
    told = (PatientEvent(at=4.0, kind=EventKind.ARREST, words=""),)
    patient = Patient(seed=2, scenario=Scenario(name="s", seconds=60.0, events=told))
    whole = Electrocardiogram(patient, rate=TWELVE_LEAD_RATE).twelve_leads(0, 5000)
    ecg = Electrocardiogram(patient, rate=TWELVE_LEAD_RATE)
    cut = [ecg.twelve_leads(at, min(count, 5000 - at)) for at in range(0, 5000, count)]
    np.testing.assert_array_equal(whole, np.concatenate(cut, axis=1))


def test_the_r_wave_grows_across_the_chest() -> None:
    leads = leads_of()
    heights = [leads[f"V{number}"].max() for number in (1, 2, 3, 4)]
    assert heights == sorted(heights)
    assert leads["V1"].min() < -0.5
    assert leads["aVR"].min() < -0.5


@pytest.mark.parametrize(
    ("kind", "up", "down"),
    [
        (EventKind.INFERIOR_INFARCTION, ("II", "III", "aVF"), ("I", "aVL")),
        (EventKind.ANTERIOR_INFARCTION, ("V1", "V2", "V3", "V4"), ()),
        (EventKind.LATERAL_INFARCTION, ("I", "aVL", "V5", "V6"), ("III",)),
        (EventKind.POSTERIOR_INFARCTION, (), ("V1", "V2", "V3")),
    ],
)
def test_an_infarction_raises_st_over_its_wall(
    kind: EventKind, up: tuple[str, ...], down: tuple[str, ...]
) -> None:
    well, ill = elevations(), elevations(kind)
    for lead in up:
        assert ill[lead] - well[lead] > 0.1, lead
    for lead in down:
        assert ill[lead] - well[lead] < -0.05, lead


def test_a_pacemaker_shows_its_spike_and_fibrillation_no_p_wave() -> None:
    paced = leads_of(EventKind.PACED_RHYTHM)["II"]
    steps = np.abs(np.diff(paced))
    assert steps.max() > 0.4
    wide = leads_of(EventKind.VENTRICULAR_TACHYCARDIA)["II"]
    assert np.abs(np.diff(wide)).max() < 0.15
    assert np.ptp(wide) > 0.8


def test_an_electrode_that_is_off_hears_only_the_mains() -> None:
    lead = leads_of(EventKind.ELECTRODES_OFF)["II"]
    spectrum = np.abs(np.fft.rfft(lead))
    assert np.fft.rfftfreq(len(lead), 1 / TWELVE_LEAD_RATE)[spectrum.argmax()] == 50


def test_a_rough_road_shakes_the_strip() -> None:
    assert np.std(leads_of(EventKind.MOTION_STARTS)["II"]) > 1.2 * np.std(leads_of()["II"])
