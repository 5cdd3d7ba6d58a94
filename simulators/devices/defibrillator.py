"""A monitor-defibrillator: rhythm, shocks and events confirmed, heart rate too, lead II live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation
from protocols.nomenclature.private import (
    CHARGED,
    CIRCULATION_RETURNED,
    DEFIBRILLATOR_EVENT,
    SHOCK_COUNT,
    SHOCK_DELIVERED,
    SHOCK_ENERGY,
    SHOCK_IMPEDANCE,
)
from protocols.nomenclature.units import DIMENSIONLESS, JOULES, OHMS
from protocols.specializations import defibrillator as specialization
from simulators.devices.base import (
    DeviceClock,
    DeviceIdentity,
    Form,
    Reading,
    Report,
    SimulatedDevice,
    coded,
    numeric,
    text,
)
from simulators.devices.heart_signals import heart_rates, lead_two, rhythms
from simulators.patient.electrocardiogram import Electrocardiogram
from simulators.patient.happenings import EventKind
from simulators.patient.scenario import PatientEvent
from simulators.patient.vital_signs import Patient
from simulators.sensors.electrodes import Electrodes

_EVENT_CODES: Final = {
    EventKind.CHARGED: CHARGED,
    EventKind.SHOCK: SHOCK_DELIVERED,
    EventKind.ROSC: CIRCULATION_RETURNED,
}
SWITCHED_ON: Final = "Self-test passed, pads connected"

IDENTITY: Final = DeviceIdentity(
    name="defibrillator",
    device_class="defib",
    info=DeviceInfo(
        system_id=SystemId.parse("0A4D5600000000D4"),
        manufacturer="Vitalwire Simulators",
        model="Rescue 4",
        serial_number="DF-0004",
        firmware="4.2.2",
        specializations=specialization.SPECIALIZATION.type_versions,
    ),
    clock=DeviceClock(timedelta(hours=5, minutes=30, seconds=-3)),
)


class Defibrillator(SimulatedDevice):
    """An extended configuration with seven objects, vendor terms among them."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.SPECIALIZATION.configuration, patient)
        self._strip = Electrocardiogram(patient, electrode=1)
        self._electrodes = Electrodes(patient, number=1)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """Heart rate, lead II, recognised rhythms, and what the crew and the device did."""
        return (
            heart_rates(self, self._electrodes, specialization.HEART_RATE_HANDLE, start_at),
            lead_two(self, self._strip, specialization.LEAD_II_HANDLE, start_at),
            rhythms(self, specialization.RHYTHM_HANDLE, start_at),
            self._happenings(start_at),
        )

    def _happenings(self, start_at: datetime) -> Iterator[Report]:
        switched_on = text(self.stamp(start_at, 0.0), DEFIBRILLATOR_EVENT, SWITCHED_ON)
        yield self._report(0.0, (specialization.EVENT_HANDLE, switched_on))
        shocks = 0
        for event in self.patient.events:
            if event.kind not in _EVENT_CODES:
                continue
            stamp = self.stamp(start_at, event.at)
            observation = coded(stamp, DEFIBRILLATOR_EVENT, _EVENT_CODES[event.kind])
            told = (specialization.EVENT_HANDLE, observation)
            if event.kind is EventKind.SHOCK:
                shocks += 1
                yield self._report(event.at, told, *self._shock(start_at, event, shocks))
            else:
                yield self._report(event.at, told)

    def _shock(
        self, start_at: datetime, event: PatientEvent, shocks: int
    ) -> tuple[tuple[int, Observation], ...]:
        stamp = self.stamp(start_at, event.at)
        joules, ohms = self.patient.scenario.joules, self._electrodes.impedance(event.at)
        return (
            (
                specialization.SHOCK_ENERGY_HANDLE,
                numeric(stamp, SHOCK_ENERGY, joules, JOULES),
            ),
            (
                specialization.SHOCK_COUNT_HANDLE,
                numeric(stamp, SHOCK_COUNT, shocks, DIMENSIONLESS),
            ),
            (
                specialization.IMPEDANCE_HANDLE,
                numeric(stamp, SHOCK_IMPEDANCE, ohms, OHMS),
            ),
        )

    def _report(self, due: float, *parts: tuple[int, Observation]) -> Report:
        readings = tuple(Reading(handle, observation) for handle, observation in parts)
        return Report(due, Form.VARIABLE, live=False, readings=readings)
