"""A thermometer (IEEE 11073-10408): body temperature now and then, confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from protocols.nomenclature.units import DEGREES_CELSIUS
from protocols.specializations import thermometer as specialization
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
from simulators.sensors.spot import ThermometerProbe

EVERY_SECONDS: Final = 10.0

IDENTITY: Final = DeviceIdentity(
    name="thermometer",
    device_class="thermometer",
    info=identify(0xE5, "Ear Probe 5", "TH-0005", specialization.SPECIALIZATION),
    clock=DeviceClock(timedelta(minutes=4)),
)


class Thermometer(SimulatedDevice):
    """One fixed format report every ten seconds, tenths of a degree."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.SPECIALIZATION.configuration, patient)
        self._probe = ThermometerProbe(patient)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """The one stream."""
        return (self._temperatures(start_at),)

    def _temperatures(self, start_at: datetime) -> Iterator[Report]:
        for t in every(EVERY_SECONDS, first=0.5):
            degrees = self._probe.read(t)
            observation = numeric(
                self.stamp(start_at, t), specialization.BODY_TEMPERATURE, degrees, DEGREES_CELSIUS
            )
            reading = Reading(specialization.TEMPERATURE_HANDLE, observation)
            yield Report(t, Form.FIXED, live=False, readings=(reading,))
