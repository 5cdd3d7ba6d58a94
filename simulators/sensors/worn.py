"""Every sensor at one patient at once: the patient's numbers as devices would know them."""

from __future__ import annotations

from simulators.patient.vital_signs import Numerics, Patient
from simulators.sensors.breath import BreathBelt, Capnograph
from simulators.sensors.cuff import Cuff
from simulators.sensors.electrodes import Electrodes
from simulators.sensors.oximeter import OximeterProbe
from simulators.sensors.spot import GlucoseStrip, ThermometerProbe


class WornSensors:
    """Asked like the patient, answers like probe, cuff, line, electrodes and strips."""

    def __init__(self, patient: Patient) -> None:
        self._electrodes = Electrodes(patient)
        self._probe = OximeterProbe(patient)
        self._cuff = Cuff(patient)
        self._capnograph = Capnograph(patient)
        self._belt = BreathBelt(patient)
        self._thermometer = ThermometerProbe(patient)
        self._strip = GlucoseStrip(patient)

    def numerics_at(self, t: float) -> Numerics:
        """What they show at t; the cuff's numbers are those of a measurement that ends then."""
        oximetry, pressures = self._probe.read(t), self._cuff.measure(t)
        return Numerics(
            heart_rate=self._electrodes.heart_rate(t),
            spo2=oximetry.spo2,
            pulse_rate=oximetry.pulse_rate,
            systolic=pressures.systolic,
            diastolic=pressures.diastolic,
            mean=pressures.mean,
            impedance=self._electrodes.impedance(t),
            respiratory_rate=self._belt.read(t) or 0,
            end_tidal=self._capnograph.read(t).end_tidal,
            temperature=self._thermometer.read(t),
            perfusion_index=oximetry.perfusion_index,
            glucose=self._strip.read(t) or 0,
        )
