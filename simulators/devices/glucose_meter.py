"""A glucose meter (IEEE 11073-10417): a capillary reading now and then, confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from protocols.nomenclature.units import MILLIGRAMS_PER_DECILITRE
from protocols.specializations import glucose_meter as specialization
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
from simulators.sensors.spot import GlucoseStrip

EVERY_SECONDS: Final = 20.0

IDENTITY: Final = DeviceIdentity(
    name="glucose-meter",
    device_class="glucose",
    info=identify(0x107, "Drop 7", "GL-0007", specialization.SPECIALIZATION),
    clock=DeviceClock(timedelta(days=-1, seconds=20)),
)


class GlucoseMeter(SimulatedDevice):
    """One fixed format report for every drop of blood, milligrams per decilitre."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.SPECIALIZATION.configuration, patient)
        self._strip = GlucoseStrip(patient)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """The one stream."""
        return (self._drops(start_at),)

    def _drops(self, start_at: datetime) -> Iterator[Report]:
        for t in every(EVERY_SECONDS, first=1.0):
            observation = numeric(
                self.stamp(start_at, t),
                specialization.CAPILLARY_WHOLE_BLOOD,
                self._strip.read(t),
                MILLIGRAMS_PER_DECILITRE,
            )
            reading = Reading(specialization.GLUCOSE_HANDLE, observation)
            yield Report(t, Form.FIXED, live=False, readings=(reading,))
