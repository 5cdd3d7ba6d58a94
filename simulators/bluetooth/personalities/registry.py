"""Every Bluetooth device: one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.personalities import (
    blood_pressure,
    glucose_meter,
    glucose_sensor,
    health_sensor,
    heart_rate,
    private_oximeters,
    pulse_oximeter,
    scales,
    thermometer,
)
from simulators.bluetooth.personalities.base import BluetoothIdentity, Personality
from simulators.bluetooth.truth import Truth

Maker = Callable[[BluetoothIdentity, Bedside, Truth], Personality]


@dataclass(frozen=True, slots=True)
class BluetoothKind:
    """A kind of device: who it is by default and how it is built."""

    identity: BluetoothIdentity
    make: Maker

    @property
    def name(self) -> str:
        """The word for it on the command line."""
        return self.identity.name


KINDS: Final = (
    BluetoothKind(pulse_oximeter.IDENTITY, pulse_oximeter.PulseOximeter),
    BluetoothKind(blood_pressure.IDENTITY, blood_pressure.BloodPressureMonitor),
    BluetoothKind(thermometer.IDENTITY, thermometer.Thermometer),
    BluetoothKind(heart_rate.IDENTITY, heart_rate.HeartRateStrap),
    BluetoothKind(glucose_meter.IDENTITY, glucose_meter.GlucoseMeter),
    BluetoothKind(glucose_sensor.IDENTITY, glucose_sensor.GlucoseSensor),
    BluetoothKind(scales.WEIGHT_SCALE, scales.WeightScale),
    BluetoothKind(scales.BODY_COMPOSITION, scales.BodyCompositionScale),
    BluetoothKind(health_sensor.IDENTITY, health_sensor.HealthSensor),
    BluetoothKind(private_oximeters.NONIN, private_oximeters.NoninOximeter),
    BluetoothKind(private_oximeters.BERRYMED, private_oximeters.BerryMedOximeter),
    BluetoothKind(private_oximeters.VIATOM, private_oximeters.ViatomOximeter),
)

BY_NAME: Final = {kind.name: kind for kind in KINDS}
