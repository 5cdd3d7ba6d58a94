"""A finger clip (Pulse Oximeter Service): a reading a second, and spot checks that it keeps.

Continuous readings are gone when nobody listens. Spot checks are indicated when somebody does,
and stay in a store that is asked for by record access; as the service has it, only all of them.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Final

from protocols.gatt.base import Property
from protocols.gatt.fields import DateTime
from protocols.gatt.pulse_oximeter import (
    CONTINUOUS,
    FEATURES,
    PROFILE,
    SPOT_CHECK,
    Oxygenation,
    PlxContinuous,
    PlxFeatures,
    PlxSpotCheck,
)
from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.offers import ServiceOffer
from simulators.bluetooth.personalities.base import (
    BluetoothIdentity,
    Personality,
    identity_info,
    measured,
    pushed,
    readable,
    service_of,
)
from simulators.bluetooth.personalities.clocks import current_time_service
from simulators.bluetooth.personalities.record_store import RecordStore, StoredRecord
from simulators.bluetooth.truth import Truth
from simulators.patient.vital_signs import Numerics

EVERY_SECONDS: Final = 1.0
SPOT_SECONDS: Final = 30.0
_STORES_WITH_TIME: Final = 0x000C
_HAS_AMPLITUDE: Final = 0x0040
_FEATURES: Final = PlxFeatures(features=_STORES_WITH_TIME | _HAS_AMPLITUDE)

IDENTITY: Final = BluetoothIdentity(
    name="oximeter",
    shown_name="Finger Clip",
    address="F0:5A:00:00:00:01",
    info=identity_info(1, "Finger Clip BT", "BT-OX-0001"),
    advertised=(0x1822,),
    drift_ppm=40.0,
)


def oxygenation(seen: Numerics) -> Oxygenation:
    """Saturation and pulse of a moment; NaN where there is nothing to measure."""
    return Oxygenation(measured(seen.spo2), measured(seen.pulse_rate))


class PulseOximeter(Personality):
    """Continuous measurements by notification, spot checks by indication and from the store."""

    def __init__(self, identity: BluetoothIdentity, bedside: Bedside, truth: Truth) -> None:
        super().__init__(identity, bedside, truth)
        self.store = RecordStore(self, takes_filters=False)
        self.spot_seconds = SPOT_SECONDS
        self._count = 0

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Pulse Oximeter Service and the clock."""
        return (
            service_of(
                PROFILE,
                pushed(SPOT_CHECK, Property.INDICATE | Property.NOTIFY),
                pushed(CONTINUOUS),
                readable(FEATURES, lambda: _FEATURES),
                self.store.offer,
            ),
            current_time_service(self),
        )

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Readings, spot checks, record access."""
        return (
            self.every(EVERY_SECONDS, self._measure),
            self.every(self.spot_seconds, self._spot_check),
            self.store.serve(),
        )

    async def _measure(self, t: float) -> None:
        seen = self.bedside.sensor.numerics_at(t)
        record = PlxContinuous(normal=oxygenation(seen), pulse_amplitude_index=seen.perfusion_index)
        await self.notify(PROFILE, CONTINUOUS, record)

    async def _spot_check(self, t: float) -> None:
        seen = self.bedside.sensor.numerics_at(t)
        local = self.local
        record = PlxSpotCheck(reading=oxygenation(seen), time=DateTime.of(local))
        octets = SPOT_CHECK.encode(record)
        ids = self.truth.made(PROFILE, SPOT_CHECK, record, at=self.bedside.utc, kept=True)
        self._count += 1
        self.store.keep(StoredRecord(self._count, local, ((SPOT_CHECK.uuid, octets),), ids))
        if await self.peripheral.indicate(SPOT_CHECK.uuid, octets):
            self.truth.about("confirmed", ids, at=self.bedside.utc)
