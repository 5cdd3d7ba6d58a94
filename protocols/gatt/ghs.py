"""Generic Health Sensor Service (GHSS 1.0): observations of any type, live and stored.

Observations come in segments. A whole one that cannot be read is dropped with a warning, as is
one whose segments do not fit together: a session never raises for what lies inside a segment.
Stored observations carry the record number by which the record access control point names them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from protocols.errors import DecodeError
from protocols.gatt.base import (
    AnyCharacteristic,
    Characteristic,
    GattProfile,
    ProfileSession,
    Property,
)
from protocols.gatt.ghs_device_id import UNIQUE_DEVICE_ID
from protocols.gatt.ghs_reading import decode_observation, decode_stored
from protocols.gatt.ghs_records import STATUS_NAMES
from protocols.gatt.ghs_segments import Segment, SegmentAssembly, read_segment, write_segment
from protocols.gatt.ghs_service_values import (
    CONTROL_POINT,
    FEATURES,
    SCHEDULE_CHANGED,
    SECURITY_LEVELS,
)
from protocols.gatt.ghs_transcription import transcribe_message
from protocols.gatt.transcriber import Draft, Transcriber
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.records import STRICT, Leniency

LIVE: Final[Characteristic[Segment]] = Characteristic(
    uuid=assigned_uuid(0x2B8B),
    name="Live Health Observations",
    properties=Property.NOTIFY | Property.INDICATE,
    clause="GHSS 1.0, Live Health Observations",
    read=read_segment,
    write=write_segment,
    decode_as=("ghs", "ghs_segment"),
    bits={"status": STATUS_NAMES},
)
STORED: Final[Characteristic[Segment]] = Characteristic(
    uuid=assigned_uuid(0x2BDD),
    name="Stored Health Observations",
    properties=Property.NOTIFY | Property.INDICATE,
    clause="GHSS 1.0, Stored Health Observations",
    read=read_segment,
    write=write_segment,
    decode_as=("ghs_stored",),
    bits={"status": STATUS_NAMES},
)


class GhsSession(ProfileSession):
    """Puts segments together, live and stored ones apart, over one connection."""

    def __init__(
        self,
        characteristics: Iterable[AnyCharacteristic],
        transcriber: Transcriber,
        *,
        leniency: Leniency = STRICT,
    ) -> None:
        super().__init__(characteristics, transcriber, leniency=leniency)
        self._live = SegmentAssembly()
        self._stored = SegmentAssembly()

    def transcribe(self, characteristic: AnyCharacteristic, record: object, draft: Draft) -> None:
        """The observation whose last segment this is, or what the sensor says of itself."""
        if not isinstance(record, Segment):
            super().transcribe(characteristic, record, draft)
            return
        is_stored = characteristic.uuid == STORED.uuid
        warnings: list[str] = []
        whole = (self._stored if is_stored else self._live).add(record, warnings)
        draft.warn(*warnings)
        if whole is None:
            return
        try:
            self._observe(whole, is_stored, draft)
        except DecodeError as exc:
            draft.warn(f"an observation that cannot be read was dropped: {exc}")

    def _observe(self, octets: bytes, is_stored: bool, draft: Draft) -> None:
        if is_stored:
            draft.stored = True
            number, message = decode_stored(octets)
            draft.record(number)
        else:
            message = decode_observation(octets)
        transcribe_message(message, draft)


PROFILE: Final = GattProfile(
    name="generic_health_sensor",
    service=assigned_uuid(0x1840),
    specification="Generic Health Sensor Service",
    version="1.0",
    characteristics=(
        LIVE,
        STORED,
        FEATURES,
        CONTROL_POINT,
        SCHEDULE_CHANGED,
        SECURITY_LEVELS,
        UNIQUE_DEVICE_ID,
    ),
    session=GhsSession,
)
