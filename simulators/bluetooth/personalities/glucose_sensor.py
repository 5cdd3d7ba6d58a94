"""A continuous glucose monitor (CGM Service): a value a minute, live and from its store, with CRC.

The session began when the patient's time did. Times are minutes into the session; its start can
be written, and record access asks by those minutes.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Final

from protocols.errors import DecodeError
from protocols.gatt.base import Property
from protocols.gatt.cgm import PROFILE
from protocols.gatt.cgm_control_point import (
    CONTROL_POINT,
    CgmControl,
    CgmOpCode,
    CgmResponse,
    CgmResponseValue,
    Minutes,
)
from protocols.gatt.cgm_measurement import MEASUREMENT, CgmMeasurement, CgmRecord
from protocols.gatt.cgm_session_values import (
    FEATURE,
    RUN_TIME,
    SESSION_START,
    STATUS,
    CgmFeature,
    CgmRunTime,
    CgmSessionStart,
    CgmStatus,
)
from protocols.gatt.fields import DateTime
from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.offers import Offer, RefusedError, ServiceOffer
from simulators.bluetooth.personalities.base import (
    BluetoothIdentity,
    Personality,
    identity_info,
    pushed,
    readable,
    service_of,
)
from simulators.bluetooth.personalities.record_store import RecordStore, StoredRecord
from simulators.bluetooth.truth import Truth

_HAS_CRC: Final = 1 << 12
_INTERSTITIAL: Final = 9
_SUBCUTANEOUS: Final = 5
_HOURS: Final = 240
_MINUTE: Final = 60.0
_TO_BE_WORKED_OUT: Final = 0
_INVALID_LENGTH: Final = 0x0D
_CCCD_IMPROPERLY_CONFIGURED: Final = 0xFD
_FEATURE: Final = CgmFeature(
    features=_HAS_CRC, sample_type=_INTERSTITIAL, sample_location=_SUBCUTANEOUS, has_crc=True
)

IDENTITY: Final = BluetoothIdentity(
    name="glucose-sensor",
    shown_name="Glucose Patch",
    address="F0:5A:00:00:00:08",
    info=identity_info(8, "Glucose Patch BT", "BT-CG-0008"),
    advertised=(0x181F,),
    ahead=timedelta(seconds=20),
)


class GlucoseSensor(Personality):
    """A reading every `interval` minutes, notified and kept."""

    def __init__(self, identity: BluetoothIdentity, bedside: Bedside, truth: Truth) -> None:
        super().__init__(identity, bedside, truth)
        self.store = RecordStore(self)
        self.interval = 1
        self._start = CgmSessionStart(
            time=DateTime.of(self.clock.local(bedside.start_at)),
            zone_steps=0,
            dst=0,
            crc=_TO_BE_WORKED_OUT,
        )
        truth.made(PROFILE, SESSION_START, self._start, at=bedside.start_at)

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Continuous Glucose Monitoring Service."""
        return (
            service_of(
                PROFILE,
                pushed(MEASUREMENT),
                readable(FEATURE, lambda: _FEATURE),
                readable(STATUS, self._status),
                readable(SESSION_START, lambda: self._start),
                readable(RUN_TIME, lambda: CgmRunTime(_HOURS, _TO_BE_WORKED_OUT)),
                self.store.offer,
                Offer(characteristic=CONTROL_POINT, write=self._asked),
            ),
        )

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Measuring and record access."""
        return (self.every(_MINUTE, self._measure), self.store.serve())

    def _status(self) -> CgmStatus:
        minutes = int(self.bedside.now // _MINUTE)
        return CgmStatus(offset_minutes=minutes, annunciation=0, crc=_TO_BE_WORKED_OUT)

    async def _measure(self, t: float) -> None:
        minutes = round(t / _MINUTE)
        if not self.interval or minutes % self.interval:
            return
        reading = CgmRecord(
            concentration=Decimal(self.bedside.sensor.numerics_at(t).glucose),
            offset_minutes=minutes,
            crc=_TO_BE_WORKED_OUT,
        )
        record = CgmMeasurement((reading,))
        octets = MEASUREMENT.encode(record)
        ids = self.truth.made(PROFILE, MEASUREMENT, record, at=self.bedside.utc, kept=True)
        self.store.keep(StoredRecord(minutes, self.local, ((MEASUREMENT.uuid, octets),), ids))
        if await self.peripheral.notify(MEASUREMENT.uuid, octets):
            self.truth.about("sent", ids, at=self.bedside.utc)

    async def _asked(self, octets: bytes) -> None:
        if not self.peripheral.listeners(CONTROL_POINT.uuid, Property.INDICATE):
            raise RefusedError(_CCCD_IMPROPERLY_CONFIGURED)
        try:
            answer = self._carried_out(CONTROL_POINT.decode(octets))
        except DecodeError as error:
            raise RefusedError(_INVALID_LENGTH) from error
        # The write is answered first; who asked is not made to wait for its own confirmation.
        self.peripheral.indicate_soon(CONTROL_POINT.uuid, CONTROL_POINT.encode(answer))

    def _carried_out(self, message: CgmControl) -> CgmControl:
        match message.op_code, message.operand:
            case CgmOpCode.GET_COMMUNICATION_INTERVAL, _:
                operation = CgmOpCode.COMMUNICATION_INTERVAL
                return CgmControl(operation, Minutes(self.interval), _TO_BE_WORKED_OUT)
            case CgmOpCode.SET_COMMUNICATION_INTERVAL, Minutes(minutes):
                self.interval = minutes
                value = CgmResponseValue.SUCCESS
            case ((CgmOpCode.START_SESSION | CgmOpCode.STOP_SESSION), _):
                # The session runs from the beginning to the end of the patient's time.
                value = CgmResponseValue.PROCEDURE_NOT_COMPLETED
            case _:
                value = CgmResponseValue.OP_CODE_NOT_SUPPORTED
        response = CgmResponse(message.op_code, value)
        return CgmControl(CgmOpCode.RESPONSE, response, _TO_BE_WORKED_OUT)
