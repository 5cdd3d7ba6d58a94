"""Three clocks, three types: what the device says, what the vehicle knows, how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Final

from protocols.errors import DecodeError, EncodeError

_CALENDARS: Final = frozenset({"absolute", "base-offset"})


class TimeQuality(Enum):
    """Where an observation's UTC time comes from (after the HL7 PHD guide's time table)."""

    DEVICE = "device"
    """The device's time: a synchronised clock's as it is, else mapped by a coincident reading."""
    RECEIVED = "received"
    """No usable device clock: the gateway's reception time of a live report."""
    UNKNOWN = "unknown"
    """A stored record whose time cannot be known; `at` is the reception time."""


@dataclass(frozen=True, slots=True, order=True)
class DeviceTime:
    """A time on the device's own timeline.

    `kind` "absolute": `value` is the naive local date and time the device stamped, ISO 8601
    with hundredths (20601 AbsoluteTime). `kind` "relative": `value` is the tick count as
    decimal digits (20601 RelativeTime, 125 us unless the device says otherwise). `kind`
    "base-offset": `value` is the local date and time with its offset from UTC, ISO 8601 with
    microseconds (20601 BaseOffsetTime: local time is UTC plus the offset).
    """

    kind: str
    value: str

    @classmethod
    def absolute(cls, at: datetime) -> DeviceTime:
        """From a naive datetime; hundredths of a second kept, finer digits cut (AbsoluteTime)."""
        if at.tzinfo is not None:
            raise EncodeError("a device's absolute time has no zone")
        seconds = at.isoformat(timespec="seconds")
        return cls("absolute", f"{seconds}.{at.microsecond // 10000:02d}")

    @classmethod
    def base_offset(cls, utc: datetime, offset: timedelta) -> DeviceTime:
        """From a naive UTC datetime and local time minus UTC.

        EncodeError for an offset of a day or more, which ISO 8601 cannot write, and for a local
        time outside the calendar.
        """
        if utc.tzinfo is not None:
            raise EncodeError("a base-offset time is given as naive UTC")
        try:
            local = (utc + offset).replace(tzinfo=timezone(offset))
        except (ValueError, OverflowError) as exc:
            raise EncodeError(f"no local time is {offset} ahead of UTC here") from exc
        return cls("base-offset", local.isoformat(timespec="microseconds"))

    @classmethod
    def relative(cls, ticks: int) -> DeviceTime:
        """From a tick count."""
        return cls("relative", str(ticks))

    @classmethod
    def parse(cls, kind: str, value: str) -> DeviceTime:
        """From the two texts; DecodeError for a value its kind cannot have.

        A kind nobody knows here is kept as it is: it has no local time.
        """
        stamp = cls(kind, value)
        if stamp.is_relative and not value.isdecimal():
            raise DecodeError("a device's relative time is a count of ticks")
        try:
            _ = stamp.local
        except ValueError as exc:
            raise DecodeError("a device's time is an ISO 8601 date and time") from exc
        return stamp

    @property
    def is_relative(self) -> bool:
        """A tick count: it tells times of one run of the device's counter apart, no more."""
        return self.kind == "relative"

    @property
    def local(self) -> datetime | None:
        """The naive local datetime of a calendar stamp, None for ticks."""
        if self.kind not in _CALENDARS:
            return None
        told = datetime.fromisoformat(self.value)
        return told if told.tzinfo is None else told.replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class ObservedTime:
    """When something was observed: UTC (aware), how it is known, and the device's own stamp."""

    at: datetime
    quality: TimeQuality
    device_time: DeviceTime | None = None

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise EncodeError("an observed time carries its zone")
