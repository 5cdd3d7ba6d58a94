"""A blood pressure monitor (IEEE 11073-10407): a cuff reading every now and then, confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.specializations import blood_pressure as specialization
from simulators.devices.base import (
    DeviceClock,
    DeviceIdentity,
    Form,
    Report,
    SimulatedDevice,
    every,
)
from simulators.devices.cuff_readings import cuff_readings
from simulators.patient.vital_signs import Patient
from simulators.sensors.cuff import Cuff

_HANDLES: Final = (specialization.PRESSURES_HANDLE, specialization.PULSE_RATE_HANDLE)
FIRST_READING_SECONDS: Final = 1.5
DEFAULT_EVERY_SECONDS: Final = 15.0

IDENTITY: Final = DeviceIdentity(
    name="blood-pressure",
    device_class="bp",
    info=DeviceInfo(
        system_id=SystemId.parse("0A4D5600000000B2"),
        manufacturer="Vitalwire Simulators",
        model="Upper Arm 2",
        serial_number="BP-0002",
        firmware="2.0.1",
        specializations=specialization.SPECIALIZATION.type_versions,
    ),
    clock=DeviceClock(timedelta(hours=-2)),
)


class BloodPressureMonitor(SimulatedDevice):
    """One compound reading with its pulse every `reading_seconds`; NaN without a pulse."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.SPECIALIZATION.configuration, patient)
        self.reading_seconds = DEFAULT_EVERY_SECONDS
        self._cuff = Cuff(patient)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """The one stream."""
        return (self._readings(start_at),)

    def _readings(self, start_at: datetime) -> Iterator[Report]:
        for t in every(self.reading_seconds, first=FIRST_READING_SECONDS):
            yield Report(
                t,
                Form.FIXED,
                live=False,
                readings=cuff_readings(self, self._cuff, _HANDLES, start_at, t),
            )
