"""A pulse oximeter (IEEE 11073-10404): saturation and pulse once a second, confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.specializations import pulse_oximeter as specialization
from simulators.devices.base import (
    DeviceClock,
    DeviceIdentity,
    Form,
    Reading,
    Report,
    SimulatedDevice,
    every,
    numeric,
)
from simulators.patient.vital_signs import Patient
from simulators.sensors.oximeter import OximeterProbe

SATURATION: Final = MdcCode(2, 19384)  # MDC_PULS_OXIM_SAT_O2
PULSE: Final = MdcCode(2, 18458)  # MDC_PULS_OXIM_PULS_RATE
PERCENT: Final = UnitCode(544)
BEATS_PER_MINUTE: Final = UnitCode(2720)

IDENTITY: Final = DeviceIdentity(
    name="oximeter",
    device_class="oximeter",
    info=DeviceInfo(
        system_id=SystemId.parse("0A4D5600000000A1"),
        manufacturer="Vitalwire Simulators",
        model="Finger Clip 1",
        serial_number="OX-0001",
        firmware="1.4.0",
        specializations=specialization.SPECIALIZATION.type_versions,
    ),
    clock=DeviceClock(timedelta(seconds=37)),
)


class PulseOximeter(SimulatedDevice):
    """One fixed format report a second with both numbers; NaN while there is no pulse."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.SPECIALIZATION.configuration, patient)
        self._probe = OximeterProbe(patient)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """The one stream."""
        return (self._oximetry(start_at),)

    def _oximetry(self, start_at: datetime) -> Iterator[Report]:
        for t in every(1.0):
            stamp, seen = self.stamp(start_at, t), self._probe.read(t)
            readings = (
                Reading(specialization.SPO2_HANDLE, numeric(stamp, SATURATION, seen.spo2, PERCENT)),
                Reading(
                    specialization.PULSE_RATE_HANDLE,
                    numeric(stamp, PULSE, seen.pulse_rate, BEATS_PER_MINUTE),
                ),
            )
            yield Report(t, Form.FIXED, live=False, readings=readings)
