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
        if not digits.isdecimal():
            return None
        pairs = [int(digits[at : at + 2]) for at in range(0, 16, 2)]
        century, year, month, day, hour, minute, second, hundredths = pairs
        try:
            return datetime(  # noqa: DTZ001  # the device's own timeline has no zone
                century * 100 + year, month, day, hour, minute, second, hundredths * 10_000
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
