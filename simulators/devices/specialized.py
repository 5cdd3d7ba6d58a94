"""Devices without a part in the patient's story: made from their specialization's own data.

One class and one line a device. Every object of the configuration is reported with a plausible
value that wanders a little; waveforms are left out. A store holds what was measured before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.model.codes import MdcCode
from protocols.model.observation import BitsObservation, Observation
from protocols.specializations import (
    body_composition,
    cardiovascular_fitness,
    coagulation_meter,
    continuous_glucose,
    living_hub,
    medication_monitor,
    peak_flow,
    power_status,
    strength_fitness,
    weighing_scale,
)
from protocols.specializations.base import Specialization
from simulators.devices.base import (
    DeviceClock,
    DeviceIdentity,
    Form,
    Reading,
    Report,
    SimulatedDevice,
    Stamp,
    coded,
    every,
    identify,
    numeric,
)
from simulators.devices.kept_readings import empty_stores, keep
from simulators.patient.vital_signs import Patient

EVERY_SECONDS: Final = 5.0
KEPT_ENTRIES: Final = 24
KEPT_EVERY_SECONDS: Final = 900.0

# Type -> centre and step; the value is the centre and up to ten steps more or less.
PLAUSIBLE: Final[dict[MdcCode, tuple[str, str]]] = {
    weighing_scale.BODY_WEIGHT: ("76.4", "0.1"),
    weighing_scale.BODY_HEIGHT: ("178", "0"),
    weighing_scale.BODY_MASS_INDEX: ("24.1", "0.01"),
    body_composition.BODY_FAT: ("21.5", "0.1"),
    body_composition.FAT_FREE_MASS: ("60.0", "0.1"),
    body_composition.SOFT_LEAN_MASS: ("56.7", "0.1"),
    body_composition.BODY_WATER: ("44.0", "0.1"),
    coagulation_meter.NORMALIZED_RATIO_TYPE: ("2.4", "0.1"),
    coagulation_meter.PROTHROMBIN_TIME: ("26.0", "0.1"),
    coagulation_meter.QUICK_VALUE: ("31", "1"),
    coagulation_meter.SENSITIVITY_INDEX: ("1.0", "0"),
    peak_flow.PEAK_FLOW: ("480", "5"),
    peak_flow.PERSONAL_BEST: ("530", "0"),
    peak_flow.VOLUME_1S: ("3.60", "0.02"),
    peak_flow.VOLUME_6S: ("4.60", "0.02"),
    continuous_glucose.INTERSTITIAL_GLUCOSE: ("108", "1"),
    power_status.CHARGE: ("87", "1"),
    power_status.TIME_LEFT: ("220", "2"),
    cardiovascular_fitness.DISTANCE: ("1500", "10"),
    cardiovascular_fitness.ACTIVITY_TIME: ("600", "10"),
    cardiovascular_fitness.SPEED: ("2.5", "0.1"),
    cardiovascular_fitness.CADENCE: ("70", "1"),
    cardiovascular_fitness.POWER: ("120", "2"),
    cardiovascular_fitness.ENERGY: ("300000", "1000"),
    cardiovascular_fitness.HEART_RATE: ("118", "1"),
    strength_fitness.SET: ("3", "0"),
    strength_fitness.REPETITIONS: ("12", "1"),
    strength_fitness.RESISTANCE: ("40.0", "0.5"),
    medication_monitor.FIXED_DOSE: ("1", "0"),
    medication_monitor.VARIABLE_DOSE: ("12", "1"),
}
CODES: Final[dict[MdcCode, MdcCode]] = {
    cardiovascular_fitness.SESSION: MdcCode(129, 1012),  # MDC_HF_ACT_BIKE
    strength_fitness.POSITION: MdcCode(129, 1205),  # MDC_HF_POSITION_SEATED
    strength_fitness.SIDE: MdcCode(129, 1200),  # MDC_HF_LATERALITY_BOTH
    strength_fitness.GRIP: MdcCode(129, 1401),  # MDC_HF_GRIP_OVERHAND
    strength_fitness.MOVEMENT: MdcCode(129, 1300),  # MDC_HF_MOVEMENT_FLEXION
}
_POWERED: Final[dict[MdcCode, int]] = {
    power_status.BATTERY_STATUS: 0x2000,  # Battery-active
    power_status.POWER_STATUS: 0x4000,  # onBattery
}
_WANDER: Final = 10


def _identity(name: str, number: int, model: str, specialization: Specialization) -> DeviceIdentity:
    return DeviceIdentity(
        name=name,
        device_class=None,
        info=identify(0x200 + number, model, f"SP-{number:04}", specialization),
        clock=DeviceClock(timedelta(minutes=11 * number, seconds=number)),
    )


def _kind(
    name: str, number: int, model: str, specialization: Specialization
) -> tuple[DeviceIdentity, Specialization]:
    return _identity(name, number, model, specialization), specialization


KINDS: Final[tuple[tuple[DeviceIdentity, Specialization], ...]] = (
    _kind("scale", 1, "Floor Scale 1", weighing_scale.SPECIALIZATION),
    _kind("inr-meter", 2, "Clot 2", coagulation_meter.SPECIALIZATION),
    _kind("body-composition", 3, "Body Scan 3", body_composition.SPECIALIZATION),
    _kind("peak-flow", 4, "Blow 4", peak_flow.SPECIALIZATION),
    _kind("continuous-glucose", 5, "Patch 5", continuous_glucose.SPECIALIZATION),
    _kind("power-status", 6, "Battery Watch 6", power_status.SPECIALIZATION),
    _kind("bicycle", 7, "Bicycle 7", cardiovascular_fitness.SPECIALIZATION),
    _kind("strength", 8, "Bench 8", strength_fitness.SPECIALIZATION),
    _kind("living-hub", 9, "Home Hub 9", living_hub.SPECIALIZATION),
    _kind("medication", 10, "Dose 10", medication_monitor.SPECIALIZATION),
)


class SpecializedDevice(SimulatedDevice):
    """One fixed format report of every object each five seconds."""

    def __init__(
        self, identity: DeviceIdentity, patient: Patient, *, specialization: Specialization
    ) -> None:
        super().__init__(identity, specialization.configuration, patient)
        self.stores = empty_stores(self.configuration)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """The one stream; what was measured before it is in the stores from now on."""
        before = [-number * KEPT_EVERY_SECONDS for number in range(KEPT_ENTRIES, 0, -1)]
        for store in self.stores:
            keep(
                self.configuration,
                store,
                (
                    (self.identity.clock.local(moment.utc), self._readings(moment, t))
                    for t in before
                    for moment in (self.stamp(start_at, t),)
                ),
            )
        return (self._everything(start_at),)

    def _everything(self, start_at: datetime) -> Iterator[Report]:
        for t in every(EVERY_SECONDS, first=1.0):
            readings = self._readings(self.stamp(start_at, t), t)
            yield Report(t, Form.FIXED, live=False, readings=readings)

    def _readings(self, stamp: Stamp, t: float) -> tuple[Reading, ...]:
        return tuple(
            Reading(item.handle, self._measured(item, item.type, stamp, t))
            for item in self.configuration.objects.values()
            if item.value_map and item.type is not None
        )

    def _measured(
        self, item: ConfiguredObject, code: MdcCode, stamp: Stamp, t: float
    ) -> Observation:
        if item.object_class == ObjectClass.NUMERIC and item.unit is not None:
            return numeric(stamp, code, self._wandering(item, code, t), item.unit)
        if code in CODES:
            return coded(stamp, code, CODES[code])
        width = 32 if item.value_map[0].attribute_id == _WIDE.attribute_id else 16
        return BitsObservation(
            observation_id=stamp.identify(code, supplements=item.supplements),
            type=code,
            observed_at=stamp.observed_at,
            device=stamp.system_id,
            supplements=item.supplements,
            bits=_POWERED.get(code, 0),
            width=width,
        )

    def _wandering(self, item: ConfiguredObject, code: MdcCode, t: float) -> Decimal:
        centre, step = (Decimal(text) for text in PLAUSIBLE[code])
        chance = np.random.default_rng((self.patient.seed, 5, item.handle, abs(int(t * 100))))
        return centre + int(chance.integers(-_WANDER, _WANDER + 1)) * step


_WIDE: Final = at.ENUM_OBS_VAL_SIMP_BIT_STR
