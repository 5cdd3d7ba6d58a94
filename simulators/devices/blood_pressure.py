"""A blood pressure monitor (IEEE 11073-10407): a cuff reading every now and then, confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.specializations import blood_pressure as specialization
from simulators.devices.base import (
    DeviceClock,
    DeviceIdentity,
    Form,
    Reading,
    Report,
    SimulatedDevice,
    compound,
    every,
    numeric,
)
from simulators.vital_signs import Patient

PRESSURE: Final = MdcCode(2, 18948)  # MDC_PRESS_BLD_NONINV
SYSTOLIC: Final = MdcCode(2, 18949)  # MDC_PRESS_BLD_NONINV_SYS
DIASTOLIC: Final = MdcCode(2, 18950)  # MDC_PRESS_BLD_NONINV_DIA
MEAN: Final = MdcCode(2, 18951)  # MDC_PRESS_BLD_NONINV_MEAN
PULSE: Final = MdcCode(2, 18474)  # MDC_PULS_RATE_NON_INV
MILLIMETRES_OF_MERCURY: Final = UnitCode(3872)
BEATS_PER_MINUTE: Final = UnitCode(2720)

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
    ),
    clock=DeviceClock(timedelta(hours=-2)),
)


class BloodPressureMonitor(SimulatedDevice):
    """One compound reading with its pulse every `reading_seconds`; NaN without a pulse."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.SPECIALIZATION.configuration, patient)
        self.reading_seconds = DEFAULT_EVERY_SECONDS

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """The one stream."""
        return (self._cuff(start_at),)

    def _cuff(self, start_at: datetime) -> Iterator[Report]:
        for t in every(self.reading_seconds, first=FIRST_READING_SECONDS):
            stamp, seen = self.stamp(start_at, t), self.patient.numerics_at(t)
            parts = ((SYSTOLIC, seen.systolic), (DIASTOLIC, seen.diastolic), (MEAN, seen.mean))
            readings = (
                Reading(
                    specialization.PRESSURES_HANDLE,
                    compound(stamp, PRESSURE, parts, MILLIMETRES_OF_MERCURY),
                ),
                Reading(
                    specialization.PULSE_RATE_HANDLE,
                    numeric(stamp, PULSE, seen.pulse_rate, BEATS_PER_MINUTE),
                ),
            )
            yield Report(t, Form.FIXED, live=False, readings=readings)
