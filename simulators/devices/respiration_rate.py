"""A respiration rate monitor (IEEE 11073-10413): the rate every two seconds, confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from protocols.nomenclature.units import BREATHS_PER_MINUTE
from protocols.specializations import respiration_rate as specialization
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
from simulators.patient.vital_signs import Patient
from simulators.sensors.breath import BreathBelt

EVERY_SECONDS: Final = 2.0

IDENTITY: Final = DeviceIdentity(
    name="respiration-rate",
    device_class=None,
    info=identify(0xF6, "Chest Belt 6", "RR-0006", specialization.SPECIALIZATION),
    clock=DeviceClock(timedelta(seconds=-75)),
)


class RespirationRateMonitor(SimulatedDevice):
    """One fixed format report every two seconds; zero in apnoea, NaN while the chest is pressed."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.SPECIALIZATION.configuration, patient)
        self._belt = BreathBelt(patient)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """The one stream."""
        return (self._rates(start_at),)

    def _rates(self, start_at: datetime) -> Iterator[Report]:
        for t in every(EVERY_SECONDS):
            rate = self._belt.read(t)
            observation = numeric(
                self.stamp(start_at, t), specialization.RESPIRATION_RATE, rate, BREATHS_PER_MINUTE
            )
            reading = Reading(specialization.RATE_HANDLE, observation)
            yield Report(t, Form.FIXED, live=False, readings=(reading,))
