"""A capnometer: end-tidal and inspired carbon dioxide and the rate, confirmed; its curve live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from protocols.nomenclature.private import MONITOR_EVENT
from protocols.nomenclature.units import BREATHS_PER_MINUTE, MILLIMETRES_OF_MERCURY, PERCENT
from protocols.specializations import capnometer as specialization
from simulators.devices.base import (
    DeviceClock,
    DeviceIdentity,
    Form,
    Reading,
    Report,
    SimulatedDevice,
    coded,
    every,
    identify,
    numeric,
)
from simulators.devices.curves import CurveKind, curve_reports
from simulators.patient.slow_waves import Capnogram
from simulators.patient.vital_signs import Patient
from simulators.sensors.breath import Capnograph

APNOEA_AFTER_SECONDS: Final = 5.0
"""So long without a breath before the device says so."""

CURVE: Final = CurveKind(
    type=specialization.CAPNOGRAM,
    unit=MILLIMETRES_OF_MERCURY,
    step=specialization.MILLIMETRES_PER_STEP,
    highest=1000,
    samples=specialization.SAMPLES_PER_REPORT,
    rate=specialization.SAMPLE_RATE_HZ,
)

IDENTITY: Final = DeviceIdentity(
    name="capnometer",
    device_class="etco2",
    info=identify(0x118, "Side Stream 8", "CO-0008", specialization.SPECIALIZATION),
    clock=DeviceClock(timedelta(minutes=-31, seconds=-9)),
)


class Capnometer(SimulatedDevice):
    """Numbers once a second, the curve a second at a time, apnoea when breathing stopped."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, specialization.SPECIALIZATION.configuration, patient)
        self._capnogram = Capnogram(patient)
        self._capnograph = Capnograph(patient)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """Numbers, curve and alarms."""
        curve = self._capnogram.millimetres
        return (
            self._numbers(start_at),
            curve_reports(self, CURVE, curve, specialization.CAPNOGRAM_HANDLE, start_at),
            self._alarms(start_at),
        )

    def _numbers(self, start_at: datetime) -> Iterator[Report]:
        for t in every(1.0):
            stamp, seen = self.stamp(start_at, t), self._capnograph.read(t)
            readings = (
                Reading(
                    specialization.END_TIDAL_HANDLE,
                    numeric(
                        stamp, specialization.END_TIDAL, seen.end_tidal, MILLIMETRES_OF_MERCURY
                    ),
                ),
                Reading(
                    specialization.INSPIRED_HANDLE,
                    numeric(stamp, specialization.INSPIRED, 0, PERCENT),
                ),
                Reading(
                    specialization.RATE_HANDLE,
                    numeric(stamp, specialization.RATE, seen.respiratory_rate, BREATHS_PER_MINUTE),
                ),
            )
            yield Report(t, Form.FIXED, live=False, readings=readings)

    def _alarms(self, start_at: datetime) -> Iterator[Report]:
        still = 0.0
        for t in every(1.0):
            if t > self.patient.seconds:
                return
            still = 0.0 if self._capnograph.read(t).respiratory_rate != 0 else still + 1.0
            if still == APNOEA_AFTER_SECONDS:
                stamp = self.stamp(start_at, t)
                alarm = coded(stamp, MONITOR_EVENT, specialization.APNOEA)
                reading = Reading(specialization.EVENT_HANDLE, alarm)
                yield Report(t, Form.VARIABLE, live=False, readings=(reading,))
