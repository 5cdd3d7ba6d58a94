"""Sensors: late, averaged, with a resolution, and lost when they come off."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulators.patient.happenings import EventKind
from simulators.patient.scenario import PatientEvent, Scenario
from simulators.patient.slow_waves import Capnogram, Plethysmogram
from simulators.patient.vital_signs import Patient
from simulators.sensors.battery import Battery
from simulators.sensors.breath import BreathBelt, Capnograph
from simulators.sensors.cuff import Cuff
from simulators.sensors.electrodes import Electrodes
from simulators.sensors.oximeter import OximeterProbe
from simulators.sensors.spot import GlucoseStrip, ThermometerProbe
from simulators.sensors.worn import WornSensors

K = EventKind


def story(*events: tuple[float, EventKind], **goes_to: float) -> Patient:
    """What happens when; `goes_to` is where a note sends the body within a second."""
    told = []
    for at, kind in events:
        moves = goes_to if kind is K.NOTE else {}
        told.append(PatientEvent(at=at, kind=kind, words="", goes_to=moves, over=1.0))
    return Patient(seed=3, scenario=Scenario(name="s", seconds=600.0, events=tuple(told)))


def test_the_oximeter_is_some_seconds_behind_the_blood() -> None:
    patient = story((100.0, K.NOTE), spo2=70.0)
    probe = OximeterProbe(patient)
    before, during, after = (probe.read(t).spo2 for t in (99.0, 104.0, 115.0))
    assert before is not None
    assert during is not None
    assert after is not None
    assert before > 94
    assert 75 < during < 94
    assert after < 73


def test_the_oximeter_searches_after_it_was_put_on_again() -> None:
    probe = OximeterProbe(story((100.0, K.PROBE_OFF), (130.0, K.PROBE_ON)))
    assert probe.read(101).is_searching
    assert probe.read(131).is_searching
    found = probe.read(140)
    assert found.spo2 is not None
    assert found.perfusion_index is not None
    assert not found.is_unsure


def test_a_moving_hand_makes_the_oximeter_unsure() -> None:
    probe = OximeterProbe(story((100.0, K.MOTION_STARTS)))
    assert probe.read(120).is_unsure


def test_a_cuff_knows_the_pressures_only_at_the_end_and_is_pumped_up_before() -> None:
    patient = story()
    cuff = Cuff(patient)
    reading = cuff.measure(100.0)
    assert (reading.begun, reading.ended) == (65.0, 100.0)
    assert reading.systolic == pytest.approx(124, abs=8)
    assert reading.diastolic == pytest.approx(79, abs=6)
    pumped = [cuff.pressure_at(reading, t) for t in (64, 66, 71, 85, 99, 101)]
    assert pumped[0] == pumped[-1] == 0
    assert max(pumped) > 140
    assert pumped[1] < pumped[2] > pumped[3] > pumped[4] > 0


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (K.CUFF_OFF, "the cuff is off"),
        (K.MOTION_STARTS, "the arm moves"),
        (K.ARREST, "no pulse"),
    ],
)
def test_a_cuff_that_failed_says_why(kind: EventKind, reason: str) -> None:
    cuff = Cuff(story((80.0, kind)))
    reading = cuff.measure(100.0)
    assert (reading.systolic, reading.pulse_rate, reading.reason) == (None, None, reason)
    assert cuff.pressure_at(reading, 75.0) > 100


def test_the_capnograph_is_as_late_as_its_line_is_long() -> None:
    capnograph = Capnograph(story((100.0, K.APNOEA), (110.0, K.BAGGED)))
    assert capnograph.read(101.0).end_tidal is not None
    assert capnograph.read(108.0).respiratory_rate == 0
    assert capnograph.read(108.0).end_tidal is None
    assert capnograph.read(140.0).respiratory_rate == pytest.approx(10, abs=2)


def test_a_line_that_is_off_says_nothing_and_draws_nothing() -> None:
    patient = story((100.0, K.AIRWAY_LINE_OFF))
    said = Capnograph(patient).read(110.0)
    assert (said.end_tidal, said.respiratory_rate) == (None, None)
    assert Capnogram(patient).millimetres(110 * 25, 250).max() == 0


def test_narrow_airways_draw_the_fin_of_a_shark() -> None:
    """Half way through the breath out the curve stands lower than in health."""

    def shoulder(patient: Patient) -> float:
        curve = Capnogram(patient).millimetres(200 * 25, 20 * 25)
        high = curve[curve > 0.3 * curve.max()]
        return float(high.mean() / curve.max())

    assert shoulder(story((10.0, K.BRONCHOSPASM))) < shoulder(story()) - 0.1


def test_a_belt_feels_own_breaths_and_nothing_under_compressions() -> None:
    belt = BreathBelt(story((100.0, K.APNOEA), (120.0, K.CPR_STARTED)))
    assert belt.read(90.0) == pytest.approx(14, abs=2)
    assert belt.read(115.0) == 0
    assert belt.read(125.0) is None


def test_electrodes_count_beats_and_say_when_they_cannot() -> None:
    electrodes = Electrodes(
        story((100.0, K.ELECTRODES_OFF), (110.0, K.ELECTRODES_ON), (200.0, K.ARREST))
    )
    assert electrodes.heart_rate(90.0) == pytest.approx(76, abs=4)
    assert electrodes.heart_rate(101.0) is None
    assert electrodes.heart_rate(112.0) == pytest.approx(76, abs=4)
    assert electrodes.heart_rate(210.0) is None
    assert Electrodes(story((1.0, K.ASYSTOLE))).heart_rate(10.0) == 0


def test_a_thermometer_warms_up_and_shows_tenths() -> None:
    probe = ThermometerProbe(story((100.0, K.NOTE), temperature=40.0))
    assert probe.read(110.0) < Decimal("37.2")
    late = probe.read(130.0)
    assert late == pytest.approx(Decimal("40.0"), abs=Decimal("0.3"))
    assert late.as_tuple().exponent == -1


def test_a_strip_is_near_the_bloods_glucose() -> None:
    assert GlucoseStrip(story()).read(10.0) == pytest.approx(112, abs=14)


def test_a_probe_that_is_off_or_shaken_shows_in_the_pleth() -> None:
    off = Plethysmogram(story((10.0, K.PROBE_OFF))).heights(1000, 200)
    assert off.max() == 0
    still = Plethysmogram(story()).heights(1000, 200)
    shaken = Plethysmogram(story((10.0, K.MOTION_STARTS))).heights(1000, 200)
    assert shaken.mean() > still.mean()
    pressed = Plethysmogram(story((10.0, K.ARREST), (12.0, K.CPR_STARTED))).heights(1000, 200)
    assert 0.1 < pressed.max() < 0.3


def test_all_sensors_at_once_say_what_each_of_them_says() -> None:
    patient = story((100.0, K.PROBE_OFF))
    worn = WornSensors(patient).numerics_at(110.0)
    assert worn.spo2 is None
    assert worn.systolic == Cuff(patient).measure(110.0).systolic
    assert worn.heart_rate == Electrodes(patient).heart_rate(110.0)
    assert worn.temperature == ThermometerProbe(patient).read(110.0)


def test_a_battery_runs_down_and_is_charged() -> None:
    battery = Battery(hours=10.0, charged_at=9.5 * 3600)
    assert [battery.percent(hour * 3600) for hour in (0, 5, 9, 9.5)] == [100, 50, 10, 100]
    assert battery.is_low(9 * 3600)
    assert not battery.is_low(5 * 3600)
