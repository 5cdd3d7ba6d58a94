"""A basic ECG monitor (IEEE 11073-10406): heart rate confirmed, lead II live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.specializations import basic_ecg as specialization
from simulators.devices.base import DeviceClock, DeviceIdentity, Report, SimulatedDevice
from simulators.devices.heart_signals import heart_rates, lead_two
from simulators.patient.electrocardiogram import Electrocardiogram
from simulators.patient.vital_signs import Patient
from simulators.sensors.electrodes import Electrodes

IDENTITY: Final = DeviceIdentity(
    name="ecg",
    device_class="ecg",
    info=DeviceInfo(
        system_id=SystemId.parse("0A4D5600000000C3"),
        manufacturer="Vitalwire Simulators",
        model="Three Lead 3",
        serial_number="ECG-0003",
        firmware="3.1.0",
        specializations=specialization.SPECIALIZATION.type_versions,
    ),
    clock=DeviceClock(timedelta(hours=1, seconds=-12, milliseconds=-340)),
)


class BasicEcg(SimulatedDevice):
    """An extended configuration with two objects: the rate and the strip."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.SPECIALIZATION.configuration, patient)
        self._strip = Electrocardiogram(patient, electrode=0)
        self._electrodes = Electrodes(patient, number=0)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """Heart rate and lead II."""
        return (
            heart_rates(self, self._electrodes, specialization.HEART_RATE_HANDLE, start_at),
            lead_two(self, self._strip, specialization.LEAD_II_HANDLE, start_at),
        )
