"""A multiparameter monitor: what it shows once a second, cuff and rhythms, ECG and pleth live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature.units import (
    BEATS_PER_MINUTE,
    BREATHS_PER_MINUTE,
    DEGREES_CELSIUS,
    DIMENSIONLESS,
    MILLIMETRES_OF_MERCURY,
    PERCENT,
)
from protocols.specializations import multiparameter_monitor as specialization
from protocols.specializations import pulse_oximeter, thermometer
from protocols.specializations.capnometer import END_TIDAL
from simulators.devices.base import (
    DeviceClock,
    DeviceIdentity,
    Form,
    Reading,
    Report,
    SimulatedDevice,
    every,
    identify,
    numeric,
)
from simulators.devices.cuff_readings import cuff_readings
from simulators.devices.curves import CurveKind, curve_reports
from simulators.devices.heart_signals import heart_rates, lead_two, rhythms
from simulators.patient.electrocardiogram import Electrocardiogram
from simulators.patient.slow_waves import Plethysmogram
from simulators.patient.vital_signs import Patient
from simulators.sensors.breath import BreathBelt, Capnograph
from simulators.sensors.cuff import Cuff
from simulators.sensors.electrodes import Electrodes
from simulators.sensors.oximeter import OximeterProbe
from simulators.sensors.spot import ThermometerProbe

CUFF_EVERY_SECONDS: Final = 30.0

PLETH: Final = CurveKind(
    type=pulse_oximeter.PLETH,
    unit=DIMENSIONLESS,
    step=pulse_oximeter.PLETH_STEP,
    highest=1000,
    samples=pulse_oximeter.PLETH_SAMPLES_PER_REPORT,
    rate=pulse_oximeter.PLETH_RATE_HZ,
)

IDENTITY: Final = DeviceIdentity(
    name="monitor",
    device_class="multiparameter",
    info=identify(0x129, "Bedside 9", "MM-0009", specialization.SPECIALIZATION),
    clock=DeviceClock(timedelta(hours=3, seconds=41)),
)


class MultiparameterMonitor(SimulatedDevice):
    """Everything but the arterial line, which is not connected."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.SPECIALIZATION.configuration, patient)
        self._strip = Electrocardiogram(patient, electrode=2)
        self._electrodes = Electrodes(patient, number=2)
        self._pleth = Plethysmogram(patient)
        self._probe = OximeterProbe(patient)
        self._cuff = Cuff(patient)
        self._capnograph = Capnograph(patient)
        self._belt = BreathBelt(patient)
        self._thermometer = ThermometerProbe(patient)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """Heart rate, lead II, rhythms, numbers, cuff and pleth."""
        return (
            heart_rates(self, self._electrodes, specialization.HEART_RATE_HANDLE, start_at),
            lead_two(self, self._strip, specialization.LEAD_II_HANDLE, start_at),
            rhythms(self, specialization.RHYTHM_HANDLE, start_at),
            self._numbers(start_at),
            self._cuff_readings(start_at),
            curve_reports(self, PLETH, self._pleth.heights, specialization.PLETH_HANDLE, start_at),
        )

    def _numbers(self, start_at: datetime) -> Iterator[Report]:
        for t in every(1.0):
            stamp = self.stamp(start_at, t)
            readings = tuple(
                Reading(handle, numeric(stamp, code, value, unit))
                for handle, code, value, unit in self._shown(t)
            )
            yield Report(t, Form.FIXED, live=False, readings=readings)

    def _shown(self, t: float) -> Iterator[tuple[int, MdcCode, int | Decimal | None, UnitCode]]:
        seen = self._probe.read(t)
        yield specialization.SPO2_HANDLE, pulse_oximeter.SATURATION, seen.spo2, PERCENT
        yield (
            specialization.PULSE_RATE_HANDLE,
            pulse_oximeter.PULSE_RATE,
            seen.pulse_rate,
            BEATS_PER_MINUTE,
        )
        yield (
            specialization.PERFUSION_HANDLE,
            pulse_oximeter.PERFUSION,
            seen.perfusion_index,
            PERCENT,
        )
        yield (
            specialization.RESPIRATION_HANDLE,
            specialization.IMPEDANCE_RESPIRATION_RATE,
            self._belt.read(t),
            BREATHS_PER_MINUTE,
        )
        end_tidal = self._capnograph.read(t).end_tidal
        yield specialization.END_TIDAL_HANDLE, END_TIDAL, end_tidal, MILLIMETRES_OF_MERCURY
        yield (
            specialization.TEMPERATURE_HANDLE,
            thermometer.BODY_TEMPERATURE,
            self._thermometer.read(t),
            DEGREES_CELSIUS,
        )

    def _cuff_readings(self, start_at: datetime) -> Iterator[Report]:
        handles = (specialization.CUFF_HANDLE, specialization.CUFF_PULSE_HANDLE)
        for t in every(CUFF_EVERY_SECONDS, first=2.0):
            yield Report(
                t,
                Form.FIXED,
                live=False,
                readings=cuff_readings(self, self._cuff, handles, start_at, t),
            )
