"""A Generic Health Sensor (GHS Service): saturation in segments, live on request, and stored.

Observations are stamped in Elapsed Time. They are sent once live observations were started by the
control point, and stay in a store with record numbers of 32 bits.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Final

from protocols.errors import DecodeError
from protocols.gatt import terms
from protocols.gatt.base import Property
from protocols.gatt.ghs import LIVE, PROFILE, STORED
from protocols.gatt.ghs_device_id import UNIQUE_DEVICE_ID, UniqueDeviceId
from protocols.gatt.ghs_records import GhsObservation, Header, Numeric, ObservationClass
from protocols.gatt.ghs_segments import COUNTERS, split
from protocols.gatt.ghs_service_values import (
    CONTROL_POINT,
    FEATURES,
    SECURITY_LEVELS,
    GhsControl,
    GhsFeatures,
    GhsOpCode,
    SecurityLevels,
)
from protocols.gatt.ghs_writing import encode_observation, encode_stored
from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.offers import Offer, RefusedError, ServiceOffer
from simulators.bluetooth.personalities.base import (
    BluetoothIdentity,
    Personality,
    identity_info,
    measured,
    pushed,
    readable,
    service_of,
)
from simulators.bluetooth.personalities.clocks import elapsed_now, elapsed_time_service
from simulators.bluetooth.personalities.record_store import RecordStore, StoredRecord
from simulators.bluetooth.truth import Truth

EVERY_SECONDS: Final = 5.0
SEGMENT_OCTETS: Final = 19
"""What fits into a notification of the smallest MTU, so that every observation has segments."""
_MODE_ONE_ENCRYPTED: Final = (1, 2)
_INVALID_LENGTH: Final = 0x0D
_CCCD_IMPROPERLY_CONFIGURED: Final = 0xFD

IDENTITY: Final = BluetoothIdentity(
    name="health-sensor",
    shown_name="Health Sensor",
    address="F0:5A:00:00:00:09",
    info=identity_info(9, "Health Sensor BT", "BT-HS-0009"),
    advertised=(0x1840,),
    drift_ppm=15.0,
)


class HealthSensor(Personality):
    """One numeric observation every few seconds."""

    def __init__(self, identity: BluetoothIdentity, bedside: Bedside, truth: Truth) -> None:
        super().__init__(identity, bedside, truth)
        self.store = RecordStore(self, combined=True, present=self._segments)
        self.is_live = False
        self._number = 0
        self._live_counter = 0
        self._stored_counter = 0

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Generic Health Sensor Service and its Elapsed Time."""
        identifier = UniqueDeviceId(label=self.identity.info.serial_number)
        return (
            service_of(
                PROFILE,
                pushed(LIVE),
                pushed(STORED),
                readable(FEATURES, lambda: GhsFeatures((terms.SPO2,))),
                Offer(characteristic=CONTROL_POINT, write=self._asked),
                readable(SECURITY_LEVELS, lambda: SecurityLevels((_MODE_ONE_ENCRYPTED,))),
                readable(UNIQUE_DEVICE_ID, lambda: identifier),
                self.store.offer,
            ),
            elapsed_time_service(self),
        )

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Measuring and record access."""
        return (self.every(EVERY_SECONDS, self._measure), self.store.serve())

    async def _measure(self, t: float) -> None:
        value = measured(self.bedside.sensor.numerics_at(t).spo2)
        observation = GhsObservation(
            ObservationClass.NUMERIC,
            Header(type=terms.SPO2, time=elapsed_now(self)),
            Numeric(terms.PERCENT, value),
        )
        self._number += 1
        stored = encode_stored(self._number, observation)
        whole = split(stored, size=len(stored), counter=self._number % COUNTERS)[0]
        ids = self.truth.made(PROFILE, STORED, whole, at=self.bedside.utc, kept=True)
        values = ((STORED.uuid, stored),)
        self.store.keep(StoredRecord(self._number, self.local, values, ids))
        if self.is_live:
            await self._send_live(encode_observation(observation))

    async def _send_live(self, octets: bytes) -> None:
        for segment in split(octets, size=SEGMENT_OCTETS, counter=self._live_counter):
            await self.peripheral.notify(LIVE.uuid, LIVE.encode(segment))
            self._live_counter = (segment.counter + 1) % COUNTERS

    def _segments(self, stored: bytes) -> list[bytes]:
        """A stored observation as it goes out; the counter rolls on over all of them."""
        segments = split(stored, size=SEGMENT_OCTETS, counter=self._stored_counter)
        self._stored_counter = (segments[-1].counter + 1) % COUNTERS
        return [STORED.encode(segment) for segment in segments]

    async def _asked(self, octets: bytes) -> None:
        if not self.peripheral.listeners(CONTROL_POINT.uuid, Property.INDICATE):
            raise RefusedError(_CCCD_IMPROPERLY_CONFIGURED)
        try:
            op_code = CONTROL_POINT.decode(octets).op_code
        except DecodeError as error:
            raise RefusedError(_INVALID_LENGTH) from error
        known = (GhsOpCode.START_LIVE_OBSERVATIONS, GhsOpCode.STOP_LIVE_OBSERVATIONS)
        answer = GhsOpCode.SUCCESS if op_code in known else GhsOpCode.LIVE_OBSERVATIONS_ERROR
        if op_code in known:
            self.is_live = op_code == GhsOpCode.START_LIVE_OBSERVATIONS
        self.peripheral.indicate_soon(CONTROL_POINT.uuid, CONTROL_POINT.encode(GhsControl(answer)))
