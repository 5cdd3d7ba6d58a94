"""A finger clip (Pulse Oximeter Service): a reading every second, NaN while there is no pulse."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from protocols.gatt.pulse_oximeter import (
    CONTINUOUS,
    FEATURES,
    PROFILE,
    Oxygenation,
    PlxContinuous,
    PlxFeatures,
)
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.model.quantity import SpecialValue
from simulators.bluetooth.peripheral import ServiceOffer
from simulators.bluetooth.personalities.base import (
    BluetoothIdentity,
    Personality,
    pushed,
    readable,
    service_of,
)
from simulators.patient.vital_signs import Numerics

EVERY_SECONDS: Final = 1.0
_HAS_STORE_AND_CLOCK: Final = 0x000C
_HAS_AMPLITUDE: Final = 0x0040
_FEATURES: Final = PlxFeatures(features=_HAS_STORE_AND_CLOCK | _HAS_AMPLITUDE)

IDENTITY: Final = BluetoothIdentity(
    name="oximeter",
    shown_name="Finger Clip",
    address="F0:5A:00:00:00:01",
    info=DeviceInfo(
        system_id=SystemId.parse("0A4D56FFFE0B0001"),
        manufacturer="Vitalwire Simulators",
        model="Finger Clip BT",
        serial_number="BT-OX-0001",
        firmware="1.0.0",
    ),
    advertised=(0x1822,),
)


def oxygenation(seen: Numerics) -> Oxygenation:
    """Saturation and pulse of a moment; NaN where there is nothing to measure."""
    return Oxygenation(
        SpecialValue.NAN if seen.spo2 is None else Decimal(seen.spo2),
        SpecialValue.NAN if seen.pulse_rate is None else Decimal(seen.pulse_rate),
    )


class PulseOximeter(Personality):
    """Continuous measurements by notification."""

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Pulse Oximeter Service."""
        return (service_of(PROFILE, pushed(CONTINUOUS), readable(FEATURES, lambda: _FEATURES)),)

    async def run(self) -> None:
        """A reading every second."""
        count = 0
        while True:
            await self.bedside.until(count * EVERY_SECONDS)
            seen = self.bedside.sensor.numerics_at(count * EVERY_SECONDS)
            record = PlxContinuous(
                normal=oxygenation(seen),
                pulse_amplitude_index=seen.perfusion_index,
            )
            await self.notify(PROFILE, CONTINUOUS, record)
            count += 1
