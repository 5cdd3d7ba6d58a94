"""A glucose meter (Glucose Service): nothing live, records with their context on request."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Final

from protocols.gatt.fields import DateTime
from protocols.gatt.glucose import PROFILE
from protocols.gatt.glucose_context import CONTEXT, GlucoseContext
from protocols.gatt.glucose_measurement import (
    FEATURE,
    MEASUREMENT,
    Concentration,
    GlucoseFeature,
    GlucoseMeasurement,
)
from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.offers import ServiceOffer
from simulators.bluetooth.personalities.base import (
    BluetoothIdentity,
    Personality,
    identity_info,
    pushed,
    readable,
    service_of,
)
from simulators.bluetooth.personalities.clocks import current_time_service
from simulators.bluetooth.personalities.record_store import RecordStore, StoredRecord
from simulators.bluetooth.truth import Truth

EVERY_SECONDS: Final = 45.0
_PLACES: Final = 5
"""mg/dL are 1/100,000 kg/L."""
_CAPILLARY_WHOLE_BLOOD: Final = 1
_FINGER: Final = 1
_FASTING: Final = 3
_FEATURES: Final = GlucoseFeature(0)

IDENTITY: Final = BluetoothIdentity(
    name="glucose-meter",
    shown_name="Drop Meter",
    address="F0:5A:00:00:00:05",
    info=identity_info(5, "Drop Meter BT", "BT-GL-0005"),
    advertised=(0x1808,),
    ahead=timedelta(hours=1),
    drift_ppm=80.0,
)


class GlucoseMeter(Personality):
    """Every drop is a record with a sequence number; every second one has a context."""

    def __init__(self, identity: BluetoothIdentity, bedside: Bedside, truth: Truth) -> None:
        super().__init__(identity, bedside, truth)
        self.store = RecordStore(self)
        self.reading_seconds = EVERY_SECONDS
        self._number = 0

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Glucose Service and the clock."""
        return (
            service_of(
                PROFILE,
                pushed(MEASUREMENT),
                pushed(CONTEXT),
                readable(FEATURE, lambda: _FEATURES),
                self.store.offer,
            ),
            current_time_service(self),
        )

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Measuring and record access."""
        return (self.every(self.reading_seconds, self._measure), self.store.serve())

    async def _measure(self, t: float) -> None:
        self._number += 1
        local = self.local
        has_context = self._number % 2 == 0
        record = GlucoseMeasurement(
            sequence_number=self._number,
            base_time=DateTime.of(local),
            offset_minutes=0,
            concentration=Concentration(
                Decimal(self.bedside.sensor.numerics_at(t).glucose).scaleb(-_PLACES),
                in_moles=False,
                sample_type=_CAPILLARY_WHOLE_BLOOD,
                sample_location=_FINGER,
            ),
            context_follows=has_context,
        )
        at = self.bedside.utc
        values = [(MEASUREMENT.uuid, MEASUREMENT.encode(record))]
        ids = self.truth.made(PROFILE, MEASUREMENT, record, at=at, kept=True)
        if has_context:
            context = GlucoseContext(sequence_number=self._number, meal=_FASTING)
            values.append((CONTEXT.uuid, CONTEXT.encode(context)))
            ids += self.truth.made(PROFILE, CONTEXT, context, at=at, kept=True)
        self.store.keep(StoredRecord(self._number, local, tuple(values), ids))
