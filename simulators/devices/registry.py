"""Every simulated device: one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from simulators.devices import (
    basic_ecg,
    blood_pressure,
    capnometer,
    defibrillator,
    glucose_meter,
    multiparameter_monitor,
    night_oximeter,
    pulse_oximeter,
    respiration_rate,
    specialized,
    thermometer,
    twelve_lead_ecg,
)
from simulators.devices.base import DeviceIdentity, SimulatedDevice
from simulators.patient.vital_signs import Patient

Maker = Callable[[DeviceIdentity, Patient], SimulatedDevice]


@dataclass(frozen=True, slots=True)
class DeviceKind:
    """A kind of device: who it is by default and how it is built."""

    identity: DeviceIdentity
    make: Maker

    @property
    def name(self) -> str:
        """The word for it on the command line."""
        return self.identity.name


INCIDENT_DEVICES: Final = (
    DeviceKind(pulse_oximeter.IDENTITY, pulse_oximeter.PulseOximeter),
    DeviceKind(blood_pressure.IDENTITY, blood_pressure.BloodPressureMonitor),
    DeviceKind(basic_ecg.IDENTITY, basic_ecg.BasicEcg),
    DeviceKind(defibrillator.IDENTITY, defibrillator.Defibrillator),
)
"""Those of the demo's vehicle."""

DEVICES: Final = (
    *INCIDENT_DEVICES,
    DeviceKind(night_oximeter.IDENTITY, night_oximeter.NightOximeter),
    DeviceKind(twelve_lead_ecg.IDENTITY, twelve_lead_ecg.TwelveLeadEcg),
    DeviceKind(thermometer.IDENTITY, thermometer.Thermometer),
    DeviceKind(respiration_rate.IDENTITY, respiration_rate.RespirationRateMonitor),
    DeviceKind(capnometer.IDENTITY, capnometer.Capnometer),
    DeviceKind(glucose_meter.IDENTITY, glucose_meter.GlucoseMeter),
    DeviceKind(multiparameter_monitor.IDENTITY, multiparameter_monitor.MultiparameterMonitor),
    *(
        DeviceKind(identity, partial(specialized.SpecializedDevice, specialization=kind))
        for identity, kind in specialized.KINDS
    ),
)

BY_NAME: Final = {kind.name: kind for kind in DEVICES}
