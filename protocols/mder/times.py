"""Times on the wire (20601 Annex A): AbsoluteTime in BCD, RelativeTime and the high resolution one.

An AbsoluteTime that is all zeros, not BCD or no calendar date means "unknown": `at` is None and
the octets are kept. It never becomes a date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import construct as cs

from protocols.errors import DecodeError, EncodeError
from protocols.mder.records import Wire

TICK_US: Final = 125
"""One step of RelativeTime in microseconds (20601, RelativeTime)."""
NO_RELATIVE_TIME: Final = 0xFFFF_FFFF
"""What an agent without a relative clock puts in a RelativeTime field."""
ABSOLUTE_TIME_OCTETS: Final = 8


@dataclass(frozen=True, slots=True)
class AbsoluteTime:
    """A device's date and time: the eight octets, and the naive datetime they stand for."""

    octets: bytes

    def __post_init__(self) -> None:
        if len(self.octets) != ABSOLUTE_TIME_OCTETS:
            raise DecodeError(
                f"AbsoluteTime has 8 octets, not {len(self.octets)}", clause="20601 AbsoluteTime"
            )

    @classmethod
    def of(cls, at: datetime) -> AbsoluteTime:
        """From a naive datetime; hundredths of a second kept, finer digits cut."""
        if at.tzinfo is not None:
            raise EncodeError("AbsoluteTime carries no zone")
        text = f"{at.year:04d}{at:%m%d%H%M%S}{at.microsecond // 10_000:02d}"
        return cls(bytes.fromhex(text))

    @property
    def at(self) -> datetime | None:
        """The naive local time, or None when the device does not know it."""
        digits = self.octets.hex()
        year, month, day = digits[:4], digits[4:6], digits[6:8]
        hour, minute, second, hundredths = digits[8:10], digits[10:12], digits[12:14], digits[14:]
        # ISO 8601 may read hour 24 as the next day; BCD has no such hour.
        if not digits.isdecimal() or hour > "23":
            return None
        try:
            return datetime.fromisoformat(
                f"{year}-{month}-{day}T{hour}:{minute}:{second}.{hundredths}"
            )
        except ValueError:
            return None


UNKNOWN_ABSOLUTE_TIME: Final = AbsoluteTime(bytes(ABSOLUTE_TIME_OCTETS))


ABSOLUTE_TIME: Final[Wire] = cs.ExprAdapter(
    cs.Bytes(ABSOLUTE_TIME_OCTETS),
    lambda octets, _: AbsoluteTime(octets),
    lambda time, _: time.octets,
)
RELATIVE_TIME: Final[Wire] = cs.Int32ub
HIGH_RESOLUTION_TIME: Final[Wire] = cs.Int64ub
"""HighResRelativeTime counts microseconds in 64 bits."""
