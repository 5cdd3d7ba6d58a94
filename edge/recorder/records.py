"""One record of a segment: what passed, between whom, when; found again behind damage.

A segment is a row of records. Each begins with a mark and a CRC-32 over all that follows it; a
reader that finds neither looks for the next mark. Times are microseconds.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, Final

MARK: Final = b"VWr\x01"
_HEAD: Final = struct.Struct("<4sII")
"""Mark, CRC-32, octets behind this head."""
_FACTS: Final = struct.Struct("<BIHQqq")
"""Kind, recording's number, channel, offset, monotonic, UTC."""
MOST_PAYLOAD: Final = 1 << 20
OVERHEAD: Final = _HEAD.size + _FACTS.size
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(microseconds=1)


class Kind(IntEnum):
    """What a record says. Numbers of the file: never used for anything else."""

    SEGMENT = 1
    """The first of every segment: which ring, which form."""
    OPENED = 2
    """A recording: which device, by which way. Written again at the head of each segment."""
    RECEIVED = 3
    """Octets from the device; `channel` is the attribute's handle, 0 on a line."""
    SENT = 4
    """Octets to the device."""
    DECODED = 5
    """What the gateway made of a range of octets then."""
    LEARNT = 6
    """Who the device is, and the configuration the gateway knew of it from before."""
    CLOSED = 7
    """The line ended."""
    LOST = 8
    """So many octets of the recording were let go, for the disk was too slow or full."""
    SEALED = 9
    """The last of a segment that was ended in good order: a digest of all before."""
    RELEASED = 10
    """An association ended: what follows is understood without what was before."""


_KINDS: Final = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Record:
    """`offset`: of the payload's first octet in its direction of the recording."""

    kind: Kind
    recording: int = 0
    channel: int = 0
    offset: int = 0
    monotonic_us: int = 0
    utc_us: int = 0
    payload: bytes = b""

    @property
    def utc(self) -> datetime:
        """The wall clock's time."""
        return _EPOCH + self.utc_us * _STEP

    @property
    def facts(self) -> dict[str, Any]:
        """The payload of a record that says something about others; empty when it is damaged."""
        try:
            said = json.loads(self.payload)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def pack(self) -> bytes:
        """Its octets in a segment."""
        body = (
            _FACTS.pack(
                self.kind,
                self.recording,
                self.channel,
                self.offset,
                self.monotonic_us,
                self.utc_us,
            )
            + self.payload
        )
        return _HEAD.pack(MARK, zlib.crc32(body), len(body)) + body


def to_us(seconds: float) -> int:
    """Monotonic seconds in microseconds."""
    return round(seconds * 1_000_000)


def utc_to_us(at: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (at - _EPOCH) // _STEP


@dataclass(frozen=True, slots=True)
class Damage:
    """So many octets of a segment are no record."""

    octets: int


def scan(octets: bytes) -> Iterator[Record | Damage]:
    """The records of a segment in order; what is damaged is named and passed over."""
    place, lost = 0, 0
    while place < len(octets):
        record, size = _read(octets, place)
        if size:
            if lost:
                yield Damage(lost)
                lost = 0
            if record is not None:
                yield record
        else:
            following = octets.find(MARK, place + 1)
            size = (len(octets) if following < 0 else following) - place
            lost += size
        place += size
    if lost:
        yield Damage(lost)


def _read(octets: bytes, place: int) -> tuple[Record | None, int]:
    """The record there and its size; None for a kind of a later program, size 0 for no record."""
    if len(octets) - place < OVERHEAD:
        return None, 0
    mark, check, length = _HEAD.unpack_from(octets, place)
    start = place + _HEAD.size
    if mark != MARK or not _FACTS.size <= length <= MOST_PAYLOAD + _FACTS.size:
        return None, 0
    body = octets[start : start + length]
    if len(body) != length or zlib.crc32(body) != check:
        return None, 0
    size = _HEAD.size + length
    kind, recording, channel, offset, monotonic_us, utc_us = _FACTS.unpack_from(body)
    if kind not in _KINDS:
        return None, size
    payload = body[_FACTS.size :]
    return Record(Kind(kind), recording, channel, offset, monotonic_us, utc_us, payload), size
