"""Current Time Service (CTS 1.1): the device's clock, its zone and where its time comes from.

Reading the time on connection is the coincident reading the stamps of all other services are
mapped by. The gateway may write it too, where the device allows that:

    octets = CURRENT_TIME.encode(CurrentTime.of(local))
    transcriber.clock_written(local, utc=utc)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from protocols.gatt import time_sources
from protocols.gatt.base import (
    AnyCharacteristic,
    Characteristic,
    GattProfile,
    ProfileSession,
    Property,
)
from protocols.gatt.fields import DateTime, FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid

_FRACTIONS: Final = 256
_SECOND_US: Final = 1_000_000

MANUAL_UPDATE: Final = 0x01
EXTERNAL_UPDATE: Final = 0x02
ZONE_CHANGED: Final = 0x04
DAYLIGHT_SAVING_CHANGED: Final = 0x08

_REASON_NAMES: Final = {
    0: "set by hand",
    1: "external reference",
    2: "time zone changed",
    3: "daylight saving changed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentTime:
    """Current Time: local time with 1/256 s.

    `day_of_week` 1 for Monday to 7, 0 for not known; `reason` why it was adjusted last, bits.
    """

    time: DateTime
    day_of_week: int = 0
    fractions: int = 0
    reason: int = 0

    @property
    def at(self) -> datetime | None:
        """The naive local time; None for one that is not known or does not exist."""
        whole = self.time.at
        if whole is None:
            return None
        return whole + timedelta(microseconds=self.fractions * _SECOND_US // _FRACTIONS)

    @classmethod
    def of(cls, local: datetime, *, reason: int = EXTERNAL_UPDATE) -> CurrentTime:
        """The record of a naive local time."""
        return cls(
            time=DateTime.of(local),
            day_of_week=local.isoweekday(),
            fractions=local.microsecond * _FRACTIONS // _SECOND_US,
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class LocalTimeInformation:
    """Local Time Information: zone and daylight saving in quarters of an hour."""

    zone: int
    daylight_saving: int

    @property
    def offset(self) -> timedelta | None:
        """Local time minus UTC; None where one of the two is not known."""
        return time_sources.zone_offset(self.zone, self.daylight_saving)


@dataclass(frozen=True, slots=True)
class ReferenceTimeInformation:
    """Reference Time Information.

    `source` as in `time_sources`; `accuracy` in 1/8 s, 254 for worse, 255 for not known; how
    long since the last update, 255 days and hours for longer.
    """

    source: int
    accuracy: int
    days: int
    hours: int


def _read_time(reader: FieldReader) -> CurrentTime:
    return CurrentTime(
        time=reader.date_time(),
        day_of_week=reader.u8(),
        fractions=reader.u8(),
        reason=reader.u8(),
    )


def _write_time(record: CurrentTime, writer: FieldWriter) -> None:
    writer.date_time(record.time)
    for part in (record.day_of_week, record.fractions, record.reason):
        writer.u8(part)


def _read_local(reader: FieldReader) -> LocalTimeInformation:
    return LocalTimeInformation(reader.s8(), reader.u8())


def _write_local(record: LocalTimeInformation, writer: FieldWriter) -> None:
    writer.s8(record.zone)
    writer.u8(record.daylight_saving)


def _read_reference(reader: FieldReader) -> ReferenceTimeInformation:
    return ReferenceTimeInformation(reader.u8(), reader.u8(), reader.u8(), reader.u8())


def _write_reference(record: ReferenceTimeInformation, writer: FieldWriter) -> None:
    for part in (record.source, record.accuracy, record.days, record.hours):
        writer.u8(part)


class CurrentTimeSession(ProfileSession):
    """Gives the connection's clock its coincident reading, and whether it is synchronised."""

    _synchronised: bool | None = None

    def transcribe(self, characteristic: AnyCharacteristic, record: object, draft: Draft) -> None:
        """A reading of the clock or of its source; zones are told by the reading itself."""
        if isinstance(record, ReferenceTimeInformation):
            self._synchronised = time_sources.is_synchronised(record.source)
            if self.transcriber.clock is not None:
                self.transcriber.clock = replace(
                    self.transcriber.clock, synchronised=self._synchronised
                )
        elif isinstance(record, CurrentTime):
            if record.at is None:
                draft.warn(f"a clock that does not know its date ({characteristic.clause})")
            else:
                draft.clock_read(record.at, synchronised=self._synchronised)


CURRENT_TIME: Final = Characteristic(
    uuid=assigned_uuid(0x2A2B),
    name="Current Time",
    properties=Property.READ | Property.WRITE | Property.NOTIFY,
    clause="CTS 1.1, Current Time",
    read=_read_time,
    write=_write_time,
    decode_as=("cts", "current_time"),
    bits={"reason": _REASON_NAMES},
)
LOCAL_TIME_INFORMATION: Final = Characteristic(
    uuid=assigned_uuid(0x2A0F),
    name="Local Time Information",
    properties=Property.READ | Property.WRITE,
    clause="CTS 1.1, Local Time Information",
    read=_read_local,
    write=_write_local,
    decode_as=("local_time",),
)
REFERENCE_TIME_INFORMATION: Final = Characteristic(
    uuid=assigned_uuid(0x2A14),
    name="Reference Time Information",
    properties=Property.READ,
    clause="CTS 1.1, Reference Time Information",
    read=_read_reference,
    write=_write_reference,
    decode_as=("reference_time",),
)

PROFILE: Final = GattProfile(
    name="current_time",
    service=assigned_uuid(0x1805),
    specification="Current Time Service",
    version="1.1",
    characteristics=(CURRENT_TIME, LOCAL_TIME_INFORMATION, REFERENCE_TIME_INFORMATION),
    session=CurrentTimeSession,
)
