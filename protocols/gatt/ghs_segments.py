"""Segments of a Generic Health Sensor's observations, put together without ever mixing two.

Every notification begins with one octet: bit 0 first segment, bit 1 last segment, bits 2 to 7 a
counter that rolls on from one observation to the next. A public client appends segments without
looking at the counter; then one lost notification makes a wrong observation out of two halves.
Here a gap, a first segment in the middle, a missing last one or too many octets drop what was
collected, with a warning, and nothing is taken until the next first segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.errors import EncodeError
from protocols.gatt.fields import FieldReader, FieldWriter

_FIRST: Final = 0x01
_LAST: Final = 0x02
_COUNTER_PLACES: Final = 2
COUNTERS: Final = 64
MAX_OCTETS: Final = 4 + 3 + 0xFFFF
"""The longest observation there can be: record number, class and length, and what that counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One notification: its place in an observation and its part of the octets."""

    is_first: bool
    is_last: bool
    counter: int
    octets: bytes


def read_segment(reader: FieldReader) -> Segment:
    """The segment of one value."""
    header = reader.u8()
    return Segment(
        is_first=bool(header & _FIRST),
        is_last=bool(header & _LAST),
        counter=header >> _COUNTER_PLACES,
        octets=reader.rest(),
    )


def write_segment(segment: Segment, writer: FieldWriter) -> None:
    """The mirror of `read_segment`; EncodeError for a counter of more than six bits."""
    if not 0 <= segment.counter < COUNTERS:
        raise EncodeError("a segment counter has six bits")
    first, last = int(segment.is_first), int(segment.is_last)
    writer.u8(first * _FIRST | last * _LAST | segment.counter << _COUNTER_PLACES)
    writer.put(segment.octets)


def split(octets: bytes, *, size: int, counter: int = 0) -> list[Segment]:
    """An observation as segments of at most `size` octets each; the sensor's side."""
    starts = range(0, len(octets), size)
    return [
        Segment(
            is_first=start == 0,
            is_last=start + size >= len(octets),
            counter=(counter + number) % COUNTERS,
            octets=octets[start : start + size],
        )
        for number, start in enumerate(starts)
    ]


class SegmentAssembly:
    """Collects the segments of one characteristic over one connection.

    `max_octets` bounds what is held.
    """

    def __init__(self, *, max_octets: int = MAX_OCTETS) -> None:
        self.max_octets = max_octets
        self._collected = bytearray()
        self._is_open = False
        self._counter: int | None = None

    @property
    def held(self) -> int:
        """How many octets wait for their last segment."""
        return len(self._collected)

    def add(self, segment: Segment, warnings: list[str]) -> bytes | None:
        """The whole octets when this is the last segment of an unbroken row, else None."""
        follows = self._counter is None or segment.counter == (self._counter + 1) % COUNTERS
        self._counter = segment.counter
        if segment.is_first:
            self._begin(follows, warnings)
        elif not self._is_open:
            warnings.append("a segment without its first one was dropped")
            return None
        elif not follows:
            self._drop("segments are missing: what was collected was dropped", warnings)
            return None
        if len(self._collected) + len(segment.octets) > self.max_octets:
            self._drop("an observation too long was dropped", warnings)
            return None
        self._collected += segment.octets
        if not segment.is_last:
            return None
        whole = bytes(self._collected)
        self._close()
        return whole

    def _begin(self, follows: bool, warnings: list[str]) -> None:
        if self._is_open:
            self._drop("an observation without its last segment was dropped", warnings)
        elif not follows:
            warnings.append("segments between two observations are missing")
        self._is_open = True

    def _drop(self, reason: str, warnings: list[str]) -> None:
        warnings.append(reason)
        self._close()

    def _close(self) -> None:
        self._collected.clear()
        self._is_open = False
