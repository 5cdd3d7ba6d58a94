"""Continuous Glucose Monitoring Service (CGMS 1.0.2): a sensor's session and its readings.

The time of a reading is the session's start plus an offset of minutes. Read the session's start
and the feature before readings are switched on: a reading whose start is unknown takes its
reception time, and a stored one has none. What a device says of E2E-CRCs in its feature holds:
a record whose checksum is wrong or missing is dropped, with a warning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from protocols.gatt.base import AnyCharacteristic, GattProfile, ProfileSession
from protocols.gatt.cgm_control_point import CONTROL_POINT
from protocols.gatt.cgm_measurement import (
    MEASUREMENT,
    CgmMeasurement,
    CgmRecord,
    transcribe_annunciation,
    transcribe_record,
)
from protocols.gatt.cgm_session_values import (
    FEATURE,
    RUN_TIME,
    SESSION_START,
    STATUS,
    CgmFeature,
    CgmSessionStart,
    CgmStatus,
)
from protocols.gatt.transcriber import Draft, Transcriber
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.records import STRICT, Leniency
from protocols.model.clock_mapping import ClockFacts, DeviceStamp, Timeline

_SENSOR_CLOCK: Final = ClockFacts(timeline=Timeline.UTC, synchronised=True)
"""The start is written by whoever starts the session, with its zone: UTC is worked out from it."""


class CgmSession(ProfileSession):
    """Remembers the sensor's session start and feature over one connection."""

    def __init__(
        self,
        characteristics: Iterable[AnyCharacteristic],
        transcriber: Transcriber,
        *,
        leniency: Leniency = STRICT,
    ) -> None:
        super().__init__(characteristics, transcriber, leniency=leniency)
        self._start: CgmSessionStart | None = None
        self._feature: CgmFeature | None = None

    def transcribe(self, characteristic: AnyCharacteristic, record: object, draft: Draft) -> None:
        """Readings and states with their times; starts and features are kept for them."""
        match record:
            case CgmMeasurement():
                for reading in record.records:
                    self._add_reading(reading, draft)
            case CgmStatus():
                self._stamp(record.offset_minutes, draft)
                transcribe_annunciation(record.annunciation, draft)
            case CgmSessionStart():
                self._start = record
            case CgmFeature():
                self._feature = record
            case _:
                super().transcribe(characteristic, record, draft)

    def _add_reading(self, reading: CgmRecord, draft: Draft) -> None:
        draft.record(reading.offset_minutes)
        if reading.crc_fits is False:
            draft.warn("a glucose reading whose E2E-CRC does not fit was dropped")
        elif reading.crc is None and self._feature is not None and self._feature.has_crc:
            draft.warn("a glucose reading without the E2E-CRC of its device was dropped")
        else:
            self._stamp(reading.offset_minutes, draft)
            transcribe_record(reading, draft)

    def _stamp(self, offset_minutes: int, draft: Draft) -> None:
        """The time of a record; without a start its offset tells it apart from its like."""
        local = None if self._start is None else self._start.local(offset_minutes)
        if self._start is None or local is None:
            draft.warn("a glucose reading of a session whose start is unknown")
            draft.stamp(DeviceStamp.of_ticks(offset_minutes))
            return
        utc = self._start.utc(offset_minutes)
        if utc is None:
            draft.stamp(local)
        else:
            stamp = DeviceStamp.of_utc(utc, offset=self._start.utc_offset)
            draft.stamp(stamp, clock=_SENSOR_CLOCK)


PROFILE: Final = GattProfile(
    name="continuous_glucose",
    service=assigned_uuid(0x181F),
    specification="Continuous Glucose Monitoring Service",
    version="1.0.2",
    characteristics=(MEASUREMENT, FEATURE, STATUS, SESSION_START, RUN_TIME, CONTROL_POINT),
    session=CgmSession,
)
