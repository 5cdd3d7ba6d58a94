"""A diagnostic ECG: heart rate confirmed, all twelve leads live at 500 samples a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.model.observation import SampleArrayObservation
from protocols.specializations import basic_ecg as specialization
from simulators.devices.base import (
    DeviceClock,
    DeviceIdentity,
    Form,
    Reading,
    Report,
    SimulatedDevice,
    every,
)
from simulators.devices.heart_signals import MILLIVOLT, digitised, heart_rates
from simulators.patient.electrocardiogram import TWELVE_LEAD_RATE, Electrocardiogram
from simulators.patient.vital_signs import Patient
from simulators.sensors.electrodes import Electrodes

IDENTITY: Final = DeviceIdentity(
    name="twelve-lead",
    device_class="ecg",
    info=DeviceInfo(
        system_id=SystemId.parse("0A4D5600000000C7"),
        manufacturer="Vitalwire Simulators",
        model="Twelve Lead 12",
        serial_number="ECG-0012",
        firmware="12.0.1",
        specializations=specialization.SPECIALIZATION.type_versions,
    ),
    clock=DeviceClock(timedelta(hours=1, seconds=8, milliseconds=-570)),
)
_PERIOD_US: Final = 1_000_000 // TWELVE_LEAD_RATE
_SAMPLES: Final = specialization.DIAGNOSTIC_SAMPLES
_STEP: Final = Decimal("0.0025")
_ZERO: Final = specialization.DIAGNOSTIC_ZERO
_ELECTRODE: Final = 3


class TwelveLeadEcg(SimulatedDevice):
    """An extended configuration of thirteen objects; a report carries one stretch of each lead."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.TWELVE_LEADS, patient)
        self._leads = Electrocardiogram(patient, electrode=_ELECTRODE, rate=TWELVE_LEAD_RATE)
        self._electrodes = Electrodes(patient, number=_ELECTRODE)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """Heart rate, and the leads together."""
        return (
            heart_rates(self, self._electrodes, specialization.HEART_RATE_HANDLE, start_at),
            self._strips(start_at),
        )

    def _strips(self, start_at: datetime) -> Iterator[Report]:
        seconds = _SAMPLES / TWELVE_LEAD_RATE
        for number, t in enumerate(every(seconds)):
            rows = digitised(
                self._leads.twelve_leads(number * _SAMPLES, _SAMPLES), step=_STEP, zero=_ZERO
            )
            stamp = self.stamp(start_at, t)
            readings = tuple(
                Reading(
                    handle,
                    SampleArrayObservation(
                        observation_id=stamp.identify(lead, duration_us=_SAMPLES * _PERIOD_US),
                        type=lead,
                        observed_at=stamp.observed_at,
                        device=stamp.system_id,
                        samples=row.tobytes(),
                        scale=_STEP,
                        offset=-_ZERO * _STEP,
                        period_us=_PERIOD_US,
                        unit=MILLIVOLT,
                    ),
                )
                for handle, lead, row in zip(
                    range(specialization.FIRST_LEAD_HANDLE, 22),
                    specialization.LEADS,
                    rows,
                    strict=True,
                )
            )
            yield Report(round(t + seconds, 3), Form.FIXED, live=True, readings=readings)
